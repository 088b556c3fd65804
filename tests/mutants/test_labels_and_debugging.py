"""Whose label falls, what debugging shows, and how many handlers may refuse to stop."""

from __future__ import annotations

import anyio
import pytest

from genie import Caller, Classification, Payload, PolicySet, agent
from genie.errors import RunStalled
from tests.genie.policies_for_tests import (
    CLEARANCE,
    PERMITS,
    Answer,
    Question,
    assert_at_rest,
    running,
    turns,
)

pytestmark = pytest.mark.anyio


class Secret(Payload, topic="mutants.secret", classification="restricted"):
    text: str = "sesame"


class Total(Payload, topic="mutants.total", classification="public"):
    by: str = ""


@agent("summing", clearance="restricted", declassifies={Total: "internal"})
async def summing(secret: Secret) -> Total:
    return Total(by="summing")


@agent("copying", clearance="restricted")
async def copying(secret: Secret) -> Total:
    return Total(by="copying")


async def test_a_label_falls_for_the_agent_that_declassifies_and_for_no_other() -> None:
    seen: list[str] = []

    @agent("reader", clearance="internal")
    async def reader(total: Total) -> None:
        seen.append(total.by)

    async with running(summing, copying, reader, policies=PolicySet((CLEARANCE, PERMITS))) as runtime:
        await runtime.publish(Secret())
        await turns()
        assert seen == ["summing"]
        totals = runtime.statistics().totals
        assert (totals.handled, totals.denied) == (3, 1)
        assert_at_rest(runtime)


@pytest.mark.parametrize(("clearance", "shown"), [(Classification.INTERNAL, False), (Classification.RESTRICTED, True)])
async def test_debugging_shows_no_payload_above_the_clearance_of_the_caller_whatever_the_policies(
    clearance: Classification, shown: bool, caplog: pytest.LogCaptureFixture
) -> None:
    @agent("failing", clearance="restricted")
    async def failing(secret: Secret) -> Answer:
        raise ValueError

    async with running(failing, debug=True) as runtime:
        with pytest.raises(RunStalled):
            await runtime.ask(Secret(), Answer, caller=Caller(clearance=clearance))
    assert "genie.debug" in {record.name for record in caplog.records}
    assert ("sesame" in caplog.text) == shown


@pytest.mark.parametrize(("refusing", "suspended"), [(16, False), (17, True)])
async def test_an_agent_of_which_too_many_handlers_refuse_to_stop_is_quarantined(
    refusing: int, suspended: bool
) -> None:
    @agent("stubborn", concurrency=20)
    async def stubborn(question: Question) -> Answer:
        with anyio.CancelScope(shield=True):
            await anyio.sleep(30)
        return Answer()

    async with running(stubborn) as runtime:
        runs = [runtime.start(Question(), Answer) for _ in range(refusing)]
        await turns()
        for run in runs:
            run.cancel()
        await anyio.sleep(5)
        counted = runtime.statistics().agents["stubborn"]
        assert counted.abandoned == refusing
        assert ("quarantined" in (counted.suspended or "")) == suspended
        await anyio.sleep(60)
        assert runtime.statistics().agents["stubborn"].abandoned == 0
        assert_at_rest(runtime)
