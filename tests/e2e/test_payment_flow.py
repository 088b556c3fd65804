"""The shipped payment pipeline from an order to its status: approvals, repeated orders, checks that fail."""

from __future__ import annotations

import dataclasses
import datetime
from pathlib import Path
from typing import Any

import pytest

from genie.config.loader import load
from genie.config.pipeline import Pipeline
from genie.config.plugins import Plugins
from genie.config.yaml import load_file
from genie.contracts.agent import Agent, agent
from genie.errors import GenieError, InputError, RunHeld, RunStalled
from genie.runtime.run import Run
from genie.runtime.runtime import Runtime
from genie_finance.contracts.fraud import MuleCheck, MuleVerdict
from genie_finance.contracts.insufficient import InsufficientData
from genie_finance.contracts.payments import Payment, PaymentCase, PaymentInstruction, PaymentQuestion, PaymentStatus
from tests.e2e.real_list import RealWatchlist

ROOT = Path(__file__).parents[2]
PIPELINE = ROOT / "config" / "pipelines" / "payment.yaml"

NOW = datetime.datetime(2026, 11, 3, 5, tzinfo=datetime.UTC).timestamp()

pytestmark = pytest.mark.anyio


def opened(loaded: Pipeline) -> Runtime:
    """A runtime of the pipeline on a day that the rules cover, whatever today is."""
    return Runtime(
        loaded.bindings, policies=loaded.policies, joins=loaded.joins, limits=loaded.limits,
        caller=loaded.nobody, source=loaded.policy_source, wall=NOW,
    )  # fmt: skip


def pipeline(*, real: bool = True, **instead: Agent) -> Pipeline:
    """The shipped pipeline, with a real list in place of the invented one."""
    installed = Plugins.installed()
    lists = {"invented_watchlist": RealWatchlist} if real else {}
    found = Plugins({**installed.agents, **instead}, installed.policies, {**installed.edges, **lists})
    return load(PIPELINE, plugins=found, environ={})


def question(name: str = "sample", **order: Any) -> PaymentQuestion:
    given = load_file(ROOT / "config" / "payments" / f"{name}.yaml", environ={}).value
    assert isinstance(given, dict)
    given["order"] = {**given["order"], **order}
    return PaymentQuestion(payment=Payment.model_validate(given))


def started(runtime: Runtime, loaded: Pipeline, asked: PaymentQuestion) -> Run[PaymentStatus]:
    return runtime.start(asked, PaymentStatus, caller=loaded.caller)


@agent("mule_detector", clearance="confidential")
async def broken(check: MuleCheck) -> MuleVerdict | InsufficientData:
    raise LookupError


async def test_a_payment_screened_by_the_invented_list_alone_waits_for_people() -> None:
    """Was: settled, although the beneficiary was compared with no real list."""
    loaded = pipeline(real=False)
    async with opened(loaded) as runtime:
        run = started(runtime, loaded, question())
        await run.settled()
        assert len(runtime.approvals.requests()) == 1


async def test_a_plain_payment_is_settled_and_nobody_is_asked() -> None:
    loaded = pipeline()
    async with opened(loaded) as runtime:
        run = started(runtime, loaded, question())
        found = await run.result()
        await run.settled()
        assert (found.state, found.rail, found.replayed) == ("settled", "imps", False)
        assert found.reference is not None
        assert run.messages().balanced
        assert runtime.approvals.requests() == ()


async def test_a_large_payment_waits_for_treasury_and_is_sent_once_it_agrees() -> None:
    loaded = pipeline()
    async with opened(loaded) as runtime:
        run = started(runtime, loaded, question("large"))
        await run.settled()
        with pytest.raises(RunHeld):
            await run.result()
        (held,) = runtime.approvals.requests()
        runtime.approvals.approve(held.id, by="tara", roles={"treasury"}, reason="as budgeted")
        found = await run.result()
        assert (found.state, found.rail) == ("settled", "rtgs")


async def test_what_treasury_refuses_is_not_sent() -> None:
    loaded = pipeline()
    async with opened(loaded) as runtime:
        run = started(runtime, loaded, question("large"))
        await run.settled()
        (held,) = runtime.approvals.requests()
        runtime.approvals.deny(held.id, by="tara", roles={"treasury"}, reason="not ours")
        with pytest.raises(GenieError):
            await run.result()
        again = await started(runtime, loaded, question("large")).result()
        assert (again.state, again.reference) == ("held", None)


async def test_the_same_order_again_is_answered_with_what_became_of_it() -> None:
    """The prior system asked for a key and never kept it: the second order was paid again."""
    loaded = pipeline()
    async with opened(loaded) as runtime:
        first = await started(runtime, loaded, question()).result()
        again = await started(runtime, loaded, question()).result()
        assert (again.state, again.replayed, again.reference) == ("settled", True, first.reference)
        assert runtime.statistics().agents["payment_submitter"].handled == 1


async def test_one_key_for_another_order_is_refused_and_an_incident() -> None:
    loaded = pipeline()
    async with opened(loaded) as runtime:
        await started(runtime, loaded, question()).result()
        found = await started(runtime, loaded, question(amount=32_501)).result()
        assert (found.state, found.replayed) == ("refused", False)
        assert found.incident is not None
        assert found.incident.kind == "duplicate_key"


async def test_two_payments_that_are_meant_are_two_payments() -> None:
    loaded = pipeline()
    async with opened(loaded) as runtime:
        first = await started(runtime, loaded, question(amount=15_000)).result()
        second = await started(runtime, loaded, question(amount=15_000, idempotency_key="another")).result()
        assert first.state == second.state == "settled"
        assert first.reference != second.reference


async def test_an_order_that_was_changed_after_it_was_judged_is_not_sent() -> None:
    loaded = pipeline()
    async with opened(loaded) as runtime:
        run = started(runtime, loaded, question("large"))
        await run.settled()
        (held,) = runtime.approvals.requests()
        shown = runtime.approvals.view(held.id, loaded.caller.clearance).payload
        assert isinstance(shown, PaymentInstruction)
        other = shown.order.model_copy(update={"beneficiary_account": "999999999999"})
        runtime.approvals.approve(
            held.id, by="tara", roles={"treasury"}, reason="mine", edit=shown.model_copy(update={"order": other})
        )
        runtime.approvals.approve(held.id, by="uma", roles={"treasury"}, reason="looked at the edit")
        found = await run.result()
        assert found.state == "refused"
        assert runtime.statistics().agents["payment_books"].handled == 2  # looked up and opened, never claimed


async def test_a_check_that_fails_is_named_and_the_payment_waits_for_people() -> None:
    loaded = pipeline(mule_detector=broken)
    async with opened(loaded) as runtime:
        run = started(runtime, loaded, question())
        await run.settled()
        (held,) = runtime.approvals.requests()
        runtime.approvals.approve(held.id, by="tara", roles={"treasury"}, reason="known landlord")
        found = await run.result()
        assert found.state == "settled"
        assert [one.agent for one in found.missing] == ["mule_detector"]


@pytest.mark.parametrize(
    ("account", "state"), [("000000000404", "failed"), ("000000000504", "unknown")], ids=["closed", "silent"]
)
async def test_what_the_provider_says_is_kept_and_repeated_not_sent_again(account: str, state: str) -> None:
    loaded = pipeline()
    asked = question(amount=900, beneficiary_account=account)
    async with opened(loaded) as runtime:
        run = started(runtime, loaded, asked)
        await run.settled()
        for held in runtime.approvals.requests():  # somebody who never got money before is looked at
            runtime.approvals.approve(held.id, by="tara", roles={"treasury"}, reason="small")
        assert (await run.result()).state == state
        again = await started(runtime, loaded, asked).result()
        assert (again.state, again.replayed) == (state, True)


async def test_an_order_that_cannot_be_right_is_refused_with_its_reasons() -> None:
    loaded = pipeline()
    async with opened(loaded) as runtime:
        found = await started(runtime, loaded, question(beneficiary_ifsc="x", idempotency_key="")).result()
        assert found.state == "refused"
        assert len(found.reasons) == 2


async def test_whoever_pays_writes_no_findings_of_their_own() -> None:
    """Was: a case with verdicts that the caller wrote was planned, and sent, as if the checks had been made."""
    loaded = pipeline()
    payment = question().payment
    forged = PaymentCase(payment=payment, fraud=None, session=None, mule=None, phishing=None, screening=None)
    async with opened(loaded) as runtime:
        with pytest.raises(RunStalled, match="topic_roles"):
            await runtime.ask(forged, PaymentStatus, caller=loaded.caller)


async def test_whoever_pays_cannot_approve_even_with_the_role() -> None:
    loaded = pipeline()
    caller = dataclasses.replace(loaded.caller, roles=loaded.caller.roles | {"treasury"})
    async with opened(loaded) as runtime:
        run = runtime.start(question("large"), PaymentStatus, caller=caller)
        await run.settled()
        (held,) = runtime.approvals.requests()
        with pytest.raises(InputError):
            runtime.approvals.approve(held.id, by=caller.user or "", roles={"treasury"}, reason="my own")
        assert runtime.statistics().agents["payment_submitter"].handled == 0
