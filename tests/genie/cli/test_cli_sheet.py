"""A payload for people: what an answer rests on reads as sentences, and nothing of it is a table a screen wide."""

from __future__ import annotations

import datetime

from agents.contracts.grounds import Evidence, Grounds, Reason, RuleEdition, unverified
from genie.cli.layout import laid_out
from genie.cli.sheet import render_payload
from genie.message import Payload


class Judged(Payload, topic="sheet.judged"):
    verdict: str
    grounds: Grounds


def test_grounds_are_reasons_inputs_editions_and_limits() -> None:
    day = datetime.date(2026, 4, 1)
    edition = RuleEdition(
        id="toll@2026-04-01", table="toll", effective_from=day, effective_to=day, source="a long source",
        section="1(2)", verified=False, note="rates were not read",
    )  # fmt: skip
    grounds = Grounds(
        reasons=(Reason(code="toll.due", text="It is due."),),
        inputs=(Evidence(name="axles", value="2"), Evidence(name="day", value="today")),
        editions=(edition,),
        uncertainty="None.",
        caveats=unverified((edition,)),
    )
    text = list(laid_out(render_payload(Judged(verdict="due", grounds=grounds))))
    assert text == [
        "verdict: due",
        "why:",
        "  - It is due.",
        "rests on:",
        "  - axles 2; day today",
        "  - toll@2026-04-01: 1(2)",
        "limits:",
        "  - None.",
        "  - toll@2026-04-01 is not verified: rates were not read",
    ]
