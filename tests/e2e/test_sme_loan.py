"""The shipped business-loan pipeline: nobody's loan is sanctioned until people have approved it."""

from __future__ import annotations

import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from genie.config.loader import load
from genie.config.plugins import Plugins
from genie.contracts.message import Payload
from genie.errors import InputError
from genie.runtime.report import Outcome, Status
from genie.runtime.run import Run
from genie.runtime.runtime import Runtime
from genie.runtime.session import conduct
from genie_finance.contracts.sme import SmeLoanQuestion, SmeLoanReport
from genie_finance.contracts.statements import StatementFile

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "config" / "sme"
PIPELINE = load(ROOT / "config" / "pipelines" / "sme_loan.yaml", plugins=Plugins.installed())
OFFICER = {"credit_officer"}

pytestmark = pytest.mark.anyio


def question(content: bytes | None = None, **changed: Any) -> SmeLoanQuestion:
    """The sample, with other figures in the application and, if given, another statement."""
    found = PIPELINE.input.question()
    assert isinstance(found, SmeLoanQuestion)
    values = found.model_dump()
    values["case"]["application"] |= changed
    if content is not None:
        values["files"] = [{"filename": "one.csv", "content": content}]
    return SmeLoanQuestion.model_validate(values)


class People:
    """Whoever decides, once what is left waits for them."""

    def __init__(self, *votes: tuple[str, str, set[str]]) -> None:
        self._votes = votes
        self.asked: list[str] = []
        self.refused: list[str] = []

    async def __call__(self, runtime: Runtime, run: Run[Payload]) -> bool:
        waiting = runtime.approvals.requests()
        if not waiting or self.asked:
            return False
        (request,) = waiting
        self.asked.append(request.reason)
        for how, by, roles in self._votes:
            try:
                if how == "approve":
                    runtime.approvals.approve(request.id, by=by, roles=roles, reason="looked at it")
                else:
                    runtime.approvals.deny(request.id, by=by, roles=roles, reason="not now")
            except InputError as error:
                self.refused.append(error.problem)
        return bool(self._votes)


async def decided(people: People | None, asked: SmeLoanQuestion | None = None) -> Outcome:
    return await conduct(PIPELINE, asked or question(), caller=PIPELINE.caller, decide=people)


def reported(outcome: Outcome) -> SmeLoanReport:
    assert isinstance(outcome.answer, SmeLoanReport)
    return outcome.answer


async def test_an_offer_waits_for_people() -> None:
    outcome = await decided(None)
    assert outcome.status is Status.HELD
    assert outcome.answer is None
    assert "sme_loan_sanctioner" not in outcome.agents
    assert outcome.messages["dead_lettered"] == outcome.messages["denied"] == 0


async def test_approved_it_is_sanctioned() -> None:
    people = People(("approve", "meera", OFFICER))
    outcome = await decided(people)
    found = reported(outcome)
    assert outcome.status is Status.COMPLETE
    assert found.decision == "sanctioned"
    assert found.sanction is not None
    assert found.offer is not None
    assert found.score is not None
    assert found.sanction.amount == found.offer.amount
    assert found.sanction.reference in found.headline
    assert found.score.months == 12
    assert found.score.bounces == 1
    assert found.insufficient == found.missing == ()
    assert people.asked == ["four_eyes: lending.sme_sanction_request needs another person with the role credit_officer"]


async def test_transfers_between_the_accounts_are_no_income() -> None:
    found = reported(await decided(People(("deny", "meera", OFFICER))))
    assert found.score is not None
    receipts = sum(
        Decimal(cells[column])
        for name, column in (("current.csv", 4), ("collection.csv", 4))
        for cells in (line.split(",") for line in (SAMPLES / name).read_text().splitlines()[1:])
        if cells[column] and "OWN" not in cells[1] and "RETURN" not in cells[1]
    )
    assert abs(found.score.monthly_inflow.amount - receipts / 12) < 1


async def test_denied_it_is_not_approved() -> None:
    found = reported(await decided(People(("deny", "meera", OFFICER))))
    assert (found.decision, found.sanction) == ("not_approved", None)
    assert [one.part for one in found.missing] == ["lending.sme_sanction"]
    assert found.offer is not None


async def test_who_asks_decides_nothing_and_a_role_is_needed() -> None:
    people = People(("approve", PIPELINE.caller.user or "", OFFICER), ("approve", "ravi", {"loan_officer"}))
    outcome = await decided(people)
    assert outcome.status is Status.HELD
    assert len(people.refused) == 2


async def test_a_large_loan_needs_the_committee_as_well() -> None:
    large = question(requested_amount="5800000", collateral="4000000", requested_tenor_months=60)
    alone = People(("approve", "meera", OFFICER))
    assert (await decided(alone, large)).status is Status.HELD
    committee = {"credit_committee"}
    people = People(("approve", "meera", OFFICER), ("approve", "asha", committee), ("approve", "vikram", committee))
    found = reported(await decided(people, large))
    assert found.decision == "sanctioned"
    assert found.offer is not None
    assert found.offer.amount.amount > 5_000_000


async def test_a_working_capital_limit_is_bounded_by_turnover() -> None:
    asked = question(facility="working_capital", requested_amount="9000000", requested_tenor_months=12)
    committee = {"credit_committee"}
    votes = (("approve", "asha", committee), ("approve", "vikram", committee), ("approve", "meera", OFFICER))
    found = reported(await decided(People(*votes), asked))
    assert found.offer is not None
    assert found.sanction is not None
    assert found.working_capital is not None
    assert found.offer.limits[0].name == "turnover_method"
    assert found.offer.amount.amount == found.working_capital.turnover_limit.amount // 1000 * 1000
    assert any("drawing power" in condition for condition in found.sanction.conditions)


async def test_a_decline_asks_nobody() -> None:
    people = People(("approve", "meera", OFFICER))
    found = reported(await decided(people, question(gst_filing_regular=False)))
    assert (found.decision, found.sanction, people.asked) == ("declined", None, [])
    assert "gst_filing" in found.headline


async def test_statements_of_a_month_decide_nothing() -> None:
    lines = (SAMPLES / "current.csv").read_bytes().splitlines(keepends=True)[:13]
    found = reported(await decided(None, question(b"".join(lines))))
    assert (found.decision, found.offer, found.sanction) == ("undecided", None, None)
    assert [one.agent for one in found.insufficient] == ["cashflow_underwriter"]


async def test_a_file_that_cannot_be_read_is_no_good_news() -> None:
    asked = question()
    broken = StatementFile(filename="third.csv", content=b"nothing of a statement")
    found = reported(await decided(None, asked.model_copy(update={"files": (*asked.files, broken)})))
    assert (found.decision, found.offer) == ("undecided", None)
    assert [lack.what for lack in found.insufficient[0].missing] == ["statements.third.csv"]


async def test_the_same_case_is_priced_the_same_whatever_the_order_of_its_statements() -> None:
    asked = question()
    turned = asked.model_copy(update={"files": tuple(reversed(asked.files))})
    first, second = [reported(await decided(People(("approve", "meera", OFFICER)), one)) for one in (asked, turned)]
    assert first.offer is not None
    assert second.offer is not None
    assert first.score == second.score
    assert first.offer == second.offer
    assert first.sanction == second.sanction


def test_the_samples_are_what_their_script_writes(tmp_path: Path) -> None:
    copy = tmp_path / "make_sample.py"
    copy.write_bytes((SAMPLES / "make_sample.py").read_bytes())
    subprocess.run([sys.executable, str(copy)], check=True, timeout=60)
    for name in ("current.csv", "collection.csv"):
        assert (tmp_path / name).read_bytes() == (SAMPLES / name).read_bytes()


def test_the_report_is_plain_json() -> None:
    assert json.loads(json.dumps(SmeLoanReport.model_json_schema(mode="serialization")))
