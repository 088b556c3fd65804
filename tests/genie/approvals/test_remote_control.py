"""What people decide at other terminals reaches a running bus, once, and what they see is masked."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import anyio
import pytest

from genie.contracts.agent import agent
from genie.contracts.card import Caller
from genie.contracts.classification import Classification
from genie.contracts.message import Payload
from genie.contracts.ports.control import Act, Control, ControlNews, ControlReport, RemoteVote
from genie.contracts.ports.journal import LogRecord
from genie.errors import InputError, RunStalled
from genie.journal.memory import MemoryLog
from genie.policy.policy import Hold, PolicySet
from genie.testing.control import MemoryControl
from tests.genie.policies_for_tests import CARDS, Answer, Question, answerer, holding, running, turns, verdict_for

pytestmark = pytest.mark.anyio
ANN = Caller(user="ann")
BOTH = PolicySet((verdict_for("answerer", Question, Hold("ask", quorum=2)), CARDS))


def vote(request: Any, by: str, number: int, **changes: Any) -> RemoteVote:
    policies = frozenset(need["policy"] for need in request["needs"])
    given = RemoteVote(number, request["id"], by, frozenset(), True, "because", request["payload_sha256"], policies,
                       request["recipient"])  # fmt: skip
    return given._replace(**changes)


async def asked(runtime, control: MemoryControl, text: str = "q"):
    run = runtime.start(Question(text=text), Answer, caller=ANN)
    await anyio.sleep(1)
    return run, next(one for one in control.requests.values() if one["state"] == "pending")


async def test_votes_of_other_terminals_decide() -> None:
    control = MemoryControl()
    assert isinstance(control, Control)
    async with running(answerer, policies=BOTH, control=control) as runtime:
        run, request = await asked(runtime, control)
        assert request["payload"] == {"text": "q", "number": 0}
        for number, name in enumerate(("ben", "BEN", "ann", "carla", "dan"), 1):
            control.vote(vote(request, name, number))
        await anyio.sleep(2)
        assert (await run.result()).text == "q"
        assert [control.answers[number][0] for number in range(1, 6)] == [True, False, False, True, False]
        assert control.answers[1][1] == "rule@1+44136fa3: 1 more"
        assert "each person counts once" in control.answers[2][1]
        assert "senders cannot decide on their own messages" in control.answers[3][1]
        assert control.answers[4][1] == "approved"
        over = control.requests[request["id"]]
        assert (over["state"], over["payload"]) == ("approved", None)


class StallingLog(MemoryLog):
    """A log that a test stalls."""

    def __init__(self) -> None:
        super().__init__()
        self.stalled = False

    async def append(self, records: Sequence[LogRecord]) -> None:
        while self.stalled:
            await anyio.sleep(0.1)
        await super().append(records)


async def test_a_vote_is_confirmed_once_the_log_has_it() -> None:
    control, log = MemoryControl(), StallingLog()
    async with running(answerer, policies=BOTH, control=control, log=log) as runtime:
        run, request = await asked(runtime, control)
        log.stalled = True
        for number, name in enumerate(("ben", "carla"), 1):
            control.vote(vote(request, name, number))
        await anyio.sleep(5)
        assert control.answers == {}
        log.stalled = False
        await anyio.sleep(2)
        assert control.answers[2] == (True, "approved")
        assert (await run.result()).text == "q"


async def test_a_vote_for_another_payload_version_or_recipient_is_void_and_says_so() -> None:
    control = MemoryControl()
    async with running(answerer, policies=BOTH, control=control) as runtime:
        _, request = await asked(runtime, control)
        control.vote(vote(request, "ben", 1, payload_sha256="0" * 64))
        control.vote(vote(request, "ben", 2, policies=frozenset({"rule@0"})))
        control.vote(vote(request, "ben", 3, recipient="printer"))
        control.vote(vote(request, "ben", 4)._replace(request="hold-none"))
        await anyio.sleep(2)
        said = [control.answers[number] for number in range(1, 5)]
        assert [one[0] for one in said] == [False] * 4
        for (_, text), what in zip(said, ("payload", "policy version", "recipient", "is not waiting"), strict=True):
            assert what in text
        assert len(runtime.approvals.holds()) == 1


async def test_what_people_see_is_masked_and_what_is_masked_cannot_be_edited() -> None:
    control = MemoryControl()
    async with running(answerer, policies=BOTH, control=control) as runtime:
        run, request = await asked(runtime, control, "card 4111111111111111")
        assert request["payload"] == {"text": "card [card]", "number": 0}
        assert request["masked"] == ["text"]
        assert "4111111111111111" not in json.dumps(control.requests)
        for number, edit in enumerate(('{"text": "mine", "number": 0}', "{}", "[]", "{", '{"number": "x"}'), 1):
            control.vote(vote(request, "ben", number, edit=edit))
        control.vote(vote(request, "ben", 6, edit='{"text": "card [card]", "number": "x"}'))
        control.vote(vote(request, "ben", 7, edit='{"text": "card [card]", "number": 5}'))
        await anyio.sleep(2)
        said = [control.answers[number] for number in range(1, 8)]
        assert [one[0] for one in said] == [False] * 6 + [True]
        assert "cannot be edited" in said[0][1]
        assert "not a valid t.question: number should be a whole number" in said[5][1]
        edited = control.requests[request["id"]]
        assert edited["payload"] == {"text": "card [card]", "number": 5}
        assert edited["payload_sha256"] != request["payload_sha256"]
        control.vote(vote(request, "carla", 8))  # she has seen what was there before
        control.vote(vote(edited, "dan", 9))
        control.vote(vote(edited, "eve", 10))  # ben has edited it, so his voice counts for none of it
        await anyio.sleep(2)
        assert "another payload" in control.answers[8][1]
        answer = await run.result()
        assert answer.number == 5
        assert answer.text == "card [card]"  # of the caller, who may not see it either


async def test_an_edit_that_names_a_field_twice_is_refused() -> None:
    control = MemoryControl()
    async with running(answerer, policies=BOTH, control=control) as runtime:
        _, request = await asked(runtime, control)
        twice = {**request["payload"], "number": 5}
        control.vote(vote(request, "ben", 1, edit=json.dumps(twice)[:-1] + ', "number": 1000000}'))
        await anyio.sleep(2)
        accepted, why = control.answers[1]
        assert not accepted
        assert "is not JSON" in why
        assert control.requests[request["id"]]["payload_sha256"] == request["payload_sha256"]


class Confidential(Payload, topic="steward.confidential", classification="confidential"):
    text: str


@agent("clerk", clearance="restricted")
async def clerk(payload: Confidential) -> Answer:
    return Answer(text="done")


async def test_nobody_approves_unseen() -> None:
    control = MemoryControl(clearance=Classification.INTERNAL)
    async with running(clerk, policies=holding("clerk", Confidential), control=control) as runtime:
        runtime.start(Confidential(text="secret"), Answer, caller=ANN)
        await anyio.sleep(1)
        [request] = control.requests.values()
        assert request["payload"] is None
        assert "confidential" in str(request["withheld"])
        control.vote(vote(request, "ben", 1))
        control.vote(vote(request, "ben", 2, approve=False))
        await anyio.sleep(2)
        assert control.answers[1][0] is False
        assert "withheld from approvers" in control.answers[1][1]
        assert control.answers[2] == (True, "denied")


async def test_a_kill_is_in_force_before_anything_is_delivered_and_outlives_the_process() -> None:
    control = MemoryControl()
    control.act(Act("killed", "agent", "answerer", "eve", "leak"))
    for _ in range(2):
        async with running(answerer, control=control) as runtime:
            with pytest.raises(RunStalled, match="killed"):
                await runtime.ask(Question(), Answer)
    async with running(answerer, control=control) as runtime:
        control.act(Act("revived", "agent", "answerer", "eve", "mended"))
        await anyio.sleep(1)
        await runtime.ask(Question(), Answer)
        control.act(Act("killed", "all", "", "eve", "leak"))
        control.act(Act("killed", "tenant", "t", "eve", "leak"))
        await anyio.sleep(1)
        with pytest.raises(RunStalled, match="everything is killed"):
            await runtime.ask(Question(), Answer)
        control.act(Act("revived", "all", "", "eve", "mended"))
        control.act(Act("paused", "agent", "answerer", "eve", "slow"))
        await anyio.sleep(1)
        assert control.agents == {"answerer": "paused"} or runtime.statistics().agents["answerer"].suspended == "paused"
        control.act(Act("resumed", "agent", "answerer", "eve", "mended"))
        await anyio.sleep(1)
        await runtime.ask(Question(), Answer)
        with pytest.raises(RunStalled, match="tenant 't' is killed"):
            await runtime.ask(Question(), Answer, caller=Caller(tenant="t"))


async def test_what_the_process_switches_itself_outlives_it_too() -> None:
    control = MemoryControl()
    async with running(answerer, control=control) as runtime:
        runtime.operations.kill("answerer", for_s=3_600, by="eve")
        runtime.operations.kill(tenant="t")
        runtime.operations.kill(everything=True)
        runtime.operations.revive(everything=True)
    async with running(answerer, control=control, wall=100.0) as runtime:
        with pytest.raises(RunStalled, match="killed"):
            await runtime.ask(Question(), Answer)
        await anyio.sleep(3_600)
        await runtime.ask(Question(), Answer)  # the term is a date, not a stopwatch
        with pytest.raises(RunStalled, match="tenant 't'"):
            await runtime.ask(Question(), Answer, caller=Caller(tenant="t"))


async def test_a_kill_of_an_agent_that_comes_later_waits_for_it() -> None:
    control = MemoryControl()
    control.act(Act("killed", "agent", "answerer", "eve", "leak"))
    async with running(clerk, control=control) as runtime:
        await runtime.add(answerer)
        with pytest.raises(RunStalled, match="killed"):
            await runtime.ask(Question(), Answer)


class Flaky(MemoryControl):
    """A control that cannot be reached for a while."""

    def __init__(self) -> None:
        super().__init__()
        self.broken: Exception | None = None

    async def exchange(self, report: ControlReport) -> ControlNews:
        if self.broken is not None:
            raise self.broken
        return await super().exchange(report)


async def test_while_the_control_cannot_be_reached_what_is_held_stays_held_and_nothing_is_lost(caplog) -> None:
    control = Flaky()
    async with running(answerer, policies=holding("answerer", Question), control=control) as runtime:
        control.broken = InputError("control.db", "is busy")
        runtime.start(Question(text="secret-text"), Answer, caller=ANN)
        await anyio.sleep(10)
        assert control.requests == {}
        assert len(runtime.approvals.holds()) == 1
        assert [one.levelname for one in caplog.records if one.name == "genie.control"] == ["ERROR"]
        control.broken = None
        await anyio.sleep(1)
        [request] = control.requests.values()
        control.vote(vote(request, "ben", 1))
        await anyio.sleep(1)
        control.broken = OSError("disk")  # the vote was counted, and its answer waits
        await anyio.sleep(1)
        control.broken = None
        await anyio.sleep(1)
        assert control.answers[1] == (True, "approved")
        assert "secret-text" not in caplog.text


async def test_a_control_that_cannot_be_opened_stops_the_start() -> None:
    control = Flaky()
    control.broken = InputError("control.db", "is no control file")
    with pytest.raises(InputError, match="is no control file"):
        async with running(answerer, control=control):
            raise AssertionError("it may not open")


News: Any = ControlNews  # without the types of its fields
Turned: Any = Act
Voted: Any = RemoteVote
NONSENSE: dict[str, Any] = {
    "nothing": None,
    "votes": News(votes=None),
    "a vote": News(votes=("vote",)),
    "its number": News(votes=(Voted([], "r", "b", frozenset(), True, "", "", frozenset(), ""),)),
    "an act": News(acts=("killed",)),
    "a word": News(acts=(Turned("shot", "all", "", "b", ""),)),
    "a kind": News(acts=(Turned("killed", "Agent", "answerer", "b", ""),)),
    "an end": News(acts=(Turned("killed", "all", "", "b", "", float("nan")),)),
    "a refusal": News(refused=(7,)),
}


@pytest.mark.parametrize("nonsense", NONSENSE.values(), ids=NONSENSE)
async def test_a_control_that_returns_nonsense_is_named_and_changes_nothing(nonsense: Any) -> None:
    class Nonsense(MemoryControl):
        opens = True

        async def open(self, process: str, report: ControlReport) -> ControlNews:
            returned: ControlNews = await super().open(process, report) if self.opens else nonsense
            return returned

        async def exchange(self, report: ControlReport) -> ControlNews:
            returned: ControlNews = nonsense
            return returned

    control = Nonsense()
    async with running(answerer, control=control) as runtime:
        await anyio.sleep(2)
        assert (await runtime.ask(Question(text="q"), Answer)).text == "q"
        assert runtime.statistics().agents["answerer"].suspended is None
    control.opens = False
    for opened, interval_s in ((False, 1.0), (True, 0.0)):
        control.opens, control.interval_s = opened, interval_s
        with pytest.raises(InputError) as refused:
            async with running(answerer, control=control):
                raise AssertionError("it may not open")
        assert refused.value.subject == "control"


async def test_the_last_report_says_how_everything_ended() -> None:
    control = MemoryControl(interval_s=1_000)
    async with running(answerer, policies=holding("answerer", Question), control=control) as runtime:
        runtime.start(Question(), Answer, caller=ANN)
        await turns()
        assert control.requests == {}
    assert [one["state"] for one in control.requests.values()] == ["cancelled"]
