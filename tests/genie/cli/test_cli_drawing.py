"""Safe text and safe JSON, and the status of a run."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genie.cli.terminal.drawing import plain
from genie.cli.terminal.json_text import as_wire, to_line
from genie.contracts.message import Payload, Value
from genie.runtime.report import Outcome, Status, in_own_currency, status_of


@given(st.text())
def test_plain_text_cannot_steer_a_terminal(text: str) -> None:
    shown = plain(text)
    assert len(shown) == len(text)
    assert not any(unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"} for char in shown)


@given(st.text(st.characters(categories=["L", "N", "P", "S", "Zs"])))
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert plain(text) == text


class Purse(Value):
    amount: str
    currency: str


class Everything(Payload, topic="cli.everything"):
    text: str
    content: bytes
    number: float
    purse: Purse
    several: tuple[Purse, ...] = ()
    tags: frozenset[str] = frozenset()


@given(st.builds(Everything))
def test_any_payload_becomes_one_ascii_line_of_json(payload: Everything) -> None:
    line = to_line(as_wire(payload))
    assert line.isascii()
    assert "\n" not in line
    read = json.loads(line)
    assert read["text"] == payload.text
    assert read["content"]["bytes"] == len(payload.content)
    assert read["tags"] == sorted(payload.tags)


def test_amounts_are_plain_where_the_object_names_the_currency() -> None:
    amount = {"amount": "1.00", "currency": "EUR"}
    other = {"amount": "2.00", "currency": "USD"}
    assert in_own_currency({"currency": "EUR", "debits": amount}) == {"currency": "EUR", "debits": "1.00"}
    assert in_own_currency({"currency": "EUR", "debits": other}) == {"currency": "EUR", "debits": other}
    assert in_own_currency({"totals": [{"currency": "EUR", "debits": amount}], "latest": amount}) == {
        "totals": [{"currency": "EUR", "debits": "1.00"}], "latest": amount,
    }  # fmt: skip


class Reply(Payload, topic="cli.reply"):
    text: str


@pytest.mark.parametrize(
    ("answered", "failures", "held", "denied", "status", "code"),
    [
        (True, (), False, False, "complete", 0),
        (True, (("a", "late"),), False, False, "partial", 3),
        (True, (("a", "late"),), True, False, "held", 5),
        (False, (), True, True, "held", 5),
        (False, (), False, True, "denied", 4),
        (False, (("a", "late"),), False, False, "failed", 4),
    ],
)
def test_statuses_and_their_exit_codes(
    answered: bool, failures: tuple[tuple[str, str], ...], held: bool, denied: bool, status: str, code: int
) -> None:
    found = status_of(Reply(text="") if answered else None, failures, held=held, denied=denied)
    assert (found.value, found.exit_code) == (status, code)


class Lacking(Payload, topic="toys.lacking"):
    missing: tuple[str, ...] = ()
    quarantined: tuple[str, ...] = ()
    insufficient: tuple[str, ...] = ()


@pytest.mark.parametrize("gap", ["missing", "quarantined", "insufficient"])
def test_an_answer_that_says_what_it_lacks_is_partial(gap: str) -> None:
    assert status_of(Lacking(), (), held=False, denied=False) is Status.COMPLETE
    assert status_of(Lacking(**{gap: ("income",)}), (), held=False, denied=False) is Status.PARTIAL


def test_an_agent_is_missing_once() -> None:
    outcome = Outcome(
        run_id="1", pipeline="p", status=Status.PARTIAL, elapsed_ms=1.0, answer=None, reasons=(),
        failures=(("a", "late"), ("a", "denied"), ("b", "late")), messages={}, agents={},
    )  # fmt: skip
    assert outcome.missing() == (("a", "late"), ("b", "late"))
