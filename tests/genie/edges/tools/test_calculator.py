"""The calculator is exact, and every bomb is refused before it goes off."""

from __future__ import annotations

from decimal import Decimal

import pytest

from genie.edges.tools.calculator import evaluate
from genie.edges.tools.refusals import BadExpressionError, TooLargeError, ToolRefusalError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.1 + 0.2", "0.3"),
        ("round((1200 - 80.5) * 1.18, 2)", "1321.01"),
        ("2 ** 3 ** 2", "512"),
        ("-2 ** 2", "-4"),
        ("2 ** -2", "0.25"),
        ("7 // 2 + 7 % 2", "4"),
        ("max(1, 2, 3) - min(4, 5) + sum(1, 2) + abs(-1)", "3"),
        ("sqrt(16)", "4"),
        ("floor(2.7) + ceil(2.1) - +-1", "6"),
        ("round(2.5)", "3"),
    ],
)
def test_values(text: str, value: str) -> None:
    assert evaluate(text).value == Decimal(value)


def test_a_rounded_result_says_so() -> None:
    assert evaluate("10 / 4").exact
    assert not evaluate("10 / 3").exact


@pytest.mark.parametrize(
    "bomb",
    [
        "9 ** 9 ** 9 ** 9",
        "10 ** 10000000",
        "2 ** 0.5",
        "(" * 100 + "1" + ")" * 100,
        "1" * 1_000,
        "+".join(["1"] * 400),
        "9" * 2_000,
        "2**2**" * 50 + "2",
        "((((((((((1000 ** 1000) ** 1000))))))))))",
    ],
)
def test_bombs_are_refused(bomb: str) -> None:
    with pytest.raises(ToolRefusalError):
        evaluate(bomb)


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('id')", "1 if 1 else 2", "[1]", "a", "1 +", "(1", "1)", "round()", "sqrt(-1)", "1 / 0",
        "0 / 0", "1 % 0", "lambda: 1", "1;2", "1 = 1", "NaN", "Infinity", "1e400", "round(1, 99)", "",
    ],
)  # fmt: skip
def test_what_is_no_arithmetic_is_refused(text: str) -> None:
    with pytest.raises((BadExpressionError, TooLargeError)):
        evaluate(text)
