"""What a run came to, whatever an answer's own fields are called."""

from __future__ import annotations

from typing import Any

import pytest

from genie.contracts.message import Payload, Value
from genie.runtime.report import Outcome, Status


class Gap(Value):
    part: str
    reason: str


class Named(Value):
    agent: str
    reason: str


class Parts(Payload, topic="outcome.parts"):
    missing: tuple[Gap | Named | str, ...]


class Count(Payload, topic="outcome.count"):
    missing: int = 3


@pytest.mark.parametrize(
    ("answer", "missing"),
    [
        (Parts(missing=(Named(agent="a", reason="late"), Named(agent="a", reason="again"))), [("a", "late")]),
        (Parts(missing=(Gap(part="tax.plan", reason="late"),)), [("tax.plan", "late")]),
        (Parts(missing=("salary slip",)), [("salary slip", "missing")]),
        (Count(), []),
        (None, []),
    ],
)
def test_what_an_answer_calls_missing_is_named(answer: Any, missing: list[tuple[str, str]]) -> None:
    outcome = Outcome(
        run_id="r-1", pipeline="p", status=Status.PARTIAL, elapsed_ms=1.0, answer=answer, reasons=(), failures=(),
        messages={}, agents={},
    )  # fmt: skip
    assert list(outcome.missing()) == missing
    assert outcome.as_json()["missing"] == [{"agent": name, "reason": reason} for name, reason in missing]
