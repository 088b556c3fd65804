"""The suite of the ``Control`` port: the exchange between a running process and people at other terminals."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from genie.contracts.ports.control import Act, ControlNews, ControlReport
from genie.testing.conformance.suite import Make, expect, run_checks

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from genie.contracts.ports.control import Control, RemoteVote

AT = 1_700_000_000.0
PROCESS, HOLD = "p-1", "h-1"


class ControlUnderTest(NamedTuple):
    """A fresh control that is not open yet, and the actions of people at other terminals."""

    control: Control
    reopen: Callable[[], Control]
    """Returns a control over the same store for the next process."""
    vote: Callable[[str, str], Awaitable[None]]
    """Casts a yes on a hold: its id, and who votes."""
    act: Callable[[Act], Awaitable[None]]
    """Switches something off or on."""
    requests: Callable[[], Awaitable[Mapping[str, Mapping[str, object]]]]
    """Returns the approvals that people see, by id."""
    answer: Callable[[int], Awaitable[tuple[bool, str] | None]]
    """Returns the result of a vote for people, by its number; None while there is none."""


async def check_control(make: Make[ControlUnderTest]) -> None:
    """Run every check of the port.

    Raises:
        NonconformanceError: A check failed.
    """
    await run_checks("control", make, CHECKS)


def report(at: float = AT, **changes: object) -> ControlReport:
    """Return an empty report, except for the changes."""
    return ControlReport(at, {}, {}, (), {})._replace(**changes)  # type: ignore[arg-type]  # the fields of a report


def request(state: str = "pending") -> dict[str, object]:
    """Return an approval as a process reports it."""
    pending = state == "pending"
    return {
        "id": HOLD, "state": state, "run_id": "r-1", "message_id": "m-1", "topic": "desk.question",
        "sender": "caller", "recipient": "clerk", "requester": "ann", "reason": "large", "label": "internal",
        "payload_sha256": "a" * 64, "policy_set": "b" * 64, "opened": AT, "expires": AT + 600,
        "needs": [{"policy": "large@1", "approvers": [], "quorum": 1}], "lacking": ["large@1"] if pending else [],
        "votes": [], "edits": [], "payload": {"text": "secret"} if pending else None, "masked": [], "withheld": None,
    }  # fmt: skip


def _killed(name: str, word: str = "killed", until: float | None = None) -> Act:
    return Act(word, "agent", name, "ben", "too slow", until)  # type: ignore[arg-type]  # one of the four words


async def _opened(made: ControlUnderTest) -> ControlNews:
    news = await made.control.open(PROCESS, report(agents={"clerk": ""}))
    await made.control.exchange(report(AT + 1, requests={HOLD: request()}))
    return news


async def opens_without_news(made: ControlUnderTest) -> None:
    """A fresh control has no votes and no switches."""
    expect(await _opened(made) == ControlNews(), "no vote and no switch from a fresh control")
    expect(await made.control.exchange(report(AT + 2)) == ControlNews(), "no vote and no switch before people act")


async def shows_what_is_pending(made: ControlUnderTest) -> None:
    """People see a pending approval with its payload, and no payload once it is over."""
    await _opened(made)
    seen = (await made.requests()).get(HOLD, {})
    expect(seen.get("state") == "pending" and seen.get("payload") == {"text": "secret"}, "a pending approval to show")
    await made.control.exchange(report(AT + 2, requests={HOLD: request("approved")}))
    seen = (await made.requests()).get(HOLD, {})
    expect(seen.get("state") == "approved", "an ended approval to be shown as ended")
    expect(seen.get("payload") is None, "no payload of an ended approval")


async def brings_votes_in_order(made: ControlUnderTest) -> None:
    """Votes come in the order in which they were cast, with the hold that they are about."""
    await _opened(made)
    for name in ("ben", "carla", "dan"):
        await made.vote(HOLD, name)
    votes = (await made.control.exchange(report(AT + 2))).votes
    expect([vote.by for vote in votes] == ["ben", "carla", "dan"], "every vote, in the order of casting")
    expect(all(vote.request == HOLD and vote.approve for vote in votes), "votes on the hold that was voted on")
    expect(len({vote.number for vote in votes}) == 3, "a number of its own for every vote")
    expect({vote.payload_sha256 for vote in votes} == {"a" * 64}, "votes with the hash of the payload that was seen")


async def brings_no_answered_vote_again(made: ControlUnderTest) -> None:
    """A vote that the process answered does not come again, and people see the answer."""
    await _opened(made)
    await made.vote(HOLD, "ben")
    votes: tuple[RemoteVote, ...] = (await made.control.exchange(report(AT + 2))).votes
    expect(len(votes) == 1, "the vote that was cast")
    answers = {vote.number: (False, "another role is needed") for vote in votes}
    news = await made.control.exchange(report(AT + 3, answers=answers))
    expect(news.votes == (), "no vote again that has its answer")
    answer = await made.answer(votes[0].number)
    expect(answer == (False, "another role is needed"), "the answer to a vote, as the process gave it")


async def brings_acts_once_in_order(made: ControlUnderTest) -> None:
    """Switches of people arrive once, in order and unchanged."""
    await _opened(made)
    acts = (_killed("clerk"), _killed("desk", "paused", AT + 900), _killed("clerk", "revived"))
    for act in acts:
        await made.act(act)
    expect((await made.control.exchange(report(AT + 2))).acts == acts, "every switch, in order, as it was given")
    expect((await made.control.exchange(report(AT + 3))).acts == (), "no switch a second time")


async def keeps_switches_for_the_next_process(made: ControlUnderTest) -> None:
    """The next process gets the switches in force: not those lifted, and not those that have expired."""
    await _opened(made)
    for act in (_killed("clerk"), _killed("desk"), _killed("desk", "revived"), _killed("brief", "paused", AT + 10)):
        await made.act(act)
    await made.control.exchange(report(AT + 2))
    await made.control.close(report(AT + 3))
    news = await made.reopen().open("p-2", report(AT + 60))
    expect(news.acts == (_killed("clerk"),), "the next process to hear every switch in force, and no other")


async def keeps_the_switches_of_the_process(made: ControlUnderTest) -> None:
    """A switch turned in the process itself is in force for the next process, and is not reported back to this one."""
    await _opened(made)
    news = await made.control.exchange(report(AT + 2, acts=(_killed("clerk"),)))
    expect(news.acts == (), "a process not to hear its own switch")
    await made.control.close(report(AT + 3))
    news = await made.reopen().open("p-2", report(AT + 60))
    expect(news.acts == (_killed("clerk"),), "the next process to hear what the last one switched off")


async def accepts_a_repeated_report(made: ControlUnderTest) -> None:
    """A report that is repeated after an error has no further effect."""
    await _opened(made)
    said = report(AT + 2, requests={HOLD: request()}, acts=(_killed("clerk"),))
    await made.control.exchange(said)
    news = await made.control.exchange(said._replace(at=AT + 3))
    expect(news == ControlNews(), "no news from a report that is repeated")
    expect(len(await made.requests()) == 1, "one approval, though it was reported twice")


async def close_keeps_the_last_report(made: ControlUnderTest) -> None:
    """People see the content of the last report."""
    await _opened(made)
    await made.control.close(report(AT + 2, requests={HOLD: request("denied")}))
    seen = (await made.requests()).get(HOLD, {})
    expect(seen.get("state") == "denied", "the last report to be kept by `close`")


CHECKS = (
    opens_without_news,
    shows_what_is_pending,
    brings_votes_in_order,
    brings_no_answered_vote_again,
    brings_acts_once_in_order,
    keeps_switches_for_the_next_process,
    keeps_the_switches_of_the_process,
    accepts_a_repeated_report,
    close_keeps_the_last_report,
)
