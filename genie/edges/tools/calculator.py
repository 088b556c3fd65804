"""The calculator: exact decimal arithmetic with its own parser, and limits on everything."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal, DecimalException, Inexact
from typing import Annotated

from pydantic import Field

from genie.contracts.agent import agent
from genie.contracts.message import Payload
from genie.edges.tools.refusals import BadExpressionError, TooLargeError
from genie.edges.tools.tool import Effect, ToolOptions

DIGITS = 34
MOST_CHARACTERS = 1_000
MOST_TOKENS = 400
MOST_DEPTH = 32
MOST_EXPONENT = 1_000
_TOKEN = re.compile(r"\s*(?:(\d{1,40}(?:\.\d{1,40})?)|([a-z]{1,12})|(\*\*|//|[-+*/%(),]))")
NAME = "calculator"


class Calculate(Payload, topic="calculator.calculate", key=None):
    """Compute an expression such as ``round((1200 - 80.5) * 1.18, 2)``.

    Operators: + - * / // % **. Functions: abs, ceil, floor, max, min, round, sqrt, sum.
    """

    expression: Annotated[str, Field(min_length=1, max_length=MOST_CHARACTERS)]


class Calculated(Payload, topic="calculator.calculated", key=None):
    """The result."""

    value: Decimal
    exact: bool
    """False if the result was rounded to 34 digits."""


def evaluate(expression: str) -> Calculated:
    """Return the value of an expression.

    Raises:
        BadExpressionError: It is malformed, or has no value.
        TooLargeError: It is too long, too deep, or its numbers are too large.
    """
    context = Context(prec=DIGITS, rounding=ROUND_HALF_UP, Emax=6_144, Emin=-6_143)
    try:
        value = _Parser(_tokens(expression), context).whole()
    except DecimalException:
        raise BadExpressionError(NAME, "cannot compute a value, for example because of a division by zero") from None
    if not value.is_finite():
        raise BadExpressionError(NAME, "has no finite value")
    return Calculated(value=value, exact=not context.flags[Inexact])


def _tokens(text: str) -> list[str]:
    if len(text) > MOST_CHARACTERS:
        raise TooLargeError(NAME, f"takes at most {MOST_CHARACTERS} characters")
    found: list[str] = []
    at, text = 0, text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise BadExpressionError(NAME, "accepts only numbers, + - * / // % ** ( ) and its functions")
        found.append(match[0].strip())
        at = match.end()
        if len(found) > MOST_TOKENS:
            raise TooLargeError(NAME, f"takes at most {MOST_TOKENS} numbers and operators")
    return found


class _Parser:
    def __init__(self, tokens: list[str], context: Context) -> None:
        self._tokens, self._at, self._depth, self._context = tokens, 0, 0, context

    def whole(self) -> Decimal:
        value = self._sum()
        if self._at != len(self._tokens):
            raise BadExpressionError(NAME, "has text after its end")
        return value

    def _next(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self, *wanted: str) -> str:
        token = self._next()
        if token not in wanted or not token:
            return ""
        self._at += 1
        return token

    def _sum(self) -> Decimal:
        self._depth += 1
        if self._depth > MOST_DEPTH:
            raise TooLargeError(NAME, f"takes at most {MOST_DEPTH} nested brackets")
        value = self._product()
        while sign := self._take("+", "-"):
            other = self._product()
            value = self._context.add(value, other) if sign == "+" else self._context.subtract(value, other)
        self._depth -= 1
        return value

    def _product(self) -> Decimal:
        value = self._signed()
        while sign := self._take("*", "/", "//", "%"):
            other = self._signed()
            act = {
                "*": self._context.multiply, "/": self._context.divide, "//": self._context.divide_int,
                "%": self._context.remainder,
            }[sign]  # fmt: skip
            value = act(value, other)
        return value

    def _signed(self) -> Decimal:
        minus = False
        while sign := self._take("+", "-"):
            minus ^= sign == "-"
        value = self._power()
        return self._context.minus(value) if minus else value

    def _power(self) -> Decimal:
        value = self._atom()
        if not self._take("**"):
            return value
        minus = bool(self._take("-"))
        exponent = self._power_of_atom()
        exponent = -exponent if minus else exponent
        if exponent != exponent.to_integral_value() or abs(exponent) > MOST_EXPONENT:
            raise TooLargeError(NAME, f"only raises to whole powers up to {MOST_EXPONENT}")
        return self._context.power(value, exponent)

    def _power_of_atom(self) -> Decimal:
        self._depth += 1
        if self._depth > MOST_DEPTH:
            raise TooLargeError(NAME, f"takes at most {MOST_DEPTH} nested powers")
        value = self._power()
        self._depth -= 1
        return value

    def _atom(self) -> Decimal:
        if self._take("("):
            value = self._sum()
            self._close()
            return value
        token = self._next()
        self._at += 1
        if token[:1].isdigit():
            return self._context.create_decimal(token)
        if token in _FUNCTIONS and self._take("("):
            arguments = [self._sum()]
            while self._take(","):
                arguments.append(self._sum())
            self._close()
            least, most, function = _FUNCTIONS[token]
            if not least <= len(arguments) <= most:
                raise BadExpressionError(NAME, "was given a function with a wrong number of arguments")
            return function(self._context, arguments)
        raise BadExpressionError(NAME, "was given an operator without a number, or an unknown name")

    def _close(self) -> None:
        if not self._take(")"):
            raise BadExpressionError(NAME, "has an open bracket")


def _round(context: Context, values: list[Decimal]) -> Decimal:
    places = values[1] if len(values) > 1 else Decimal(0)
    if places != places.to_integral_value() or abs(places) > DIGITS:
        raise BadExpressionError(NAME, f"rounds to at most {DIGITS} places")
    return values[0].quantize(Decimal(1).scaleb(-int(places)), rounding=ROUND_HALF_UP, context=context)


def _sum(context: Context, values: list[Decimal]) -> Decimal:
    total = Decimal(0)
    for value in values:
        total = context.add(total, value)
    return total


_Function = Callable[[Context, list[Decimal]], Decimal]
_FUNCTIONS: dict[str, tuple[int, int, _Function]] = {
    "abs": (1, 1, lambda context, values: context.abs(values[0])),
    "ceil": (1, 1, lambda _, values: values[0].to_integral_value(ROUND_CEILING)),
    "floor": (1, 1, lambda _, values: values[0].to_integral_value(ROUND_FLOOR)),
    "max": (1, MOST_TOKENS, lambda _, values: max(values)),
    "min": (1, MOST_TOKENS, lambda _, values: min(values)),
    "round": (1, 2, _round),
    "sqrt": (1, 1, lambda context, values: context.sqrt(values[0])),
    "sum": (1, MOST_TOKENS, _sum),
}


@agent(
    "calculator", capabilities=("tool.calculate",), risk="low", tier="beta", clearance="restricted", concurrency=8,
    description="Compute an expression exactly: + - * / // % **, abs, ceil, floor, max, min, round, sqrt, sum.",
)  # fmt: skip
async def calculator(question: Calculate) -> Calculated:
    """Compute an expression exactly: + - * / // % **, abs, ceil, floor, max, min, round, sqrt, sum."""
    return evaluate(question.expression)


calculator.tool_options = ToolOptions(effect=Effect.READ, trusted=True)  # type: ignore[attr-defined]  # read by tools_of
