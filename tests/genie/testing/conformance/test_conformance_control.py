"""The suite of controls: ours pass, and each check catches a control that breaks it."""

from __future__ import annotations

import contextlib
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from genie.contracts.ports.control import Act, ControlNews, ControlReport, RemoteVote
from genie.edges.control.database import Ledger
from genie.edges.control.sqlite import ControlFile, ControlSettings
from genie.testing.conformance import ControlUnderTest, check_control
from genie.testing.conformance.control import AT, CHECKS
from genie.testing.control import MemoryControl

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

pytestmark = pytest.mark.anyio


def controls(kind: type[MemoryControl]) -> Any:
    """Return what makes a control in memory; the next process meets the same one."""

    @asynccontextmanager
    async def make() -> AsyncIterator[ControlUnderTest]:
        control = kind()
        numbers = iter(range(1, 100))

        async def vote(hold: str, by: str) -> None:
            seen: Any = control.requests[hold]
            policies = frozenset(need["policy"] for need in seen["needs"])
            control.vote(
                RemoteVote(
                    next(numbers), hold, by, frozenset(), True, "fine", seen["payload_sha256"], policies,
                    seen["recipient"],
                )
            )  # fmt: skip

        async def act(act: Act) -> None:
            control.act(act)

        async def requests() -> Mapping[str, Mapping[str, object]]:
            return control.requests

        async def answer(number: int) -> tuple[bool, str] | None:
            return control.answers.get(number)

        yield ControlUnderTest(control, lambda: control, vote, act, requests, answer)

    return make


async def test_the_control_in_memory_passes() -> None:
    await check_control(controls(MemoryControl))


async def test_the_control_file_passes(tmp_path: Path) -> None:
    paths = (tmp_path / f"{number}.db" for number in range(100))

    @asynccontextmanager
    async def make() -> AsyncIterator[ControlUnderTest]:
        path = next(paths)

        @contextlib.contextmanager
        def people() -> Any:
            ledger = Ledger(path, create=False)
            try:
                yield ledger
            finally:
                ledger.close()

        def opened() -> ControlFile:
            return ControlFile(ControlSettings(path=path))

        async def vote(hold: str, by: str) -> None:
            with people() as ledger:
                [asked] = [one for one in ledger.requests(AT) if one.id == hold]
                ledger.vote(asked, by=by, roles=(), approve=True, reason="fine", edit=None, at=AT)

        async def act(act: Act) -> None:
            with people() as ledger:
                ledger.act(act, AT)

        async def requests() -> Mapping[str, Mapping[str, object]]:
            with people() as ledger:
                return {one.id: one.model_dump() for one in ledger.requests(AT)}

        async def answer(number: int) -> tuple[bool, str] | None:
            with people() as ledger:
                found: tuple[bool, str] | None = ledger.answer(number)
                return found

        control = opened()
        yield ControlUnderTest(control, opened, vote, act, requests, answer)

    await check_control(make)


class Haunted(MemoryControl):
    async def open(self, process: str, report: ControlReport) -> ControlNews:
        await super().open(process, report)
        return ControlNews(acts=(Act("killed", "all", "", "nobody", ""),))


class Hoarding(MemoryControl):
    async def exchange(self, report: ControlReport) -> ControlNews:
        before = dict(self.requests)
        news = await super().exchange(report)
        self.requests |= {
            one: {**body, "payload": before[one]["payload"]} for one, body in self.requests.items() if one in before
        }
        return news


class Shuffling(MemoryControl):
    async def exchange(self, report: ControlReport) -> ControlNews:
        news = await super().exchange(report)
        return news._replace(votes=news.votes[::-1])


class Mute(MemoryControl):
    async def exchange(self, report: ControlReport) -> ControlNews:
        return await super().exchange(report._replace(answers={}))


class Repeating(MemoryControl):
    async def exchange(self, report: ControlReport) -> ControlNews:
        news = await super().exchange(report)
        self._acts.extend(news.acts)
        return news


class Everlasting(MemoryControl):
    def _switch(self, act: Act) -> None:
        if act.word in {"killed", "paused"}:
            super()._switch(act)


class Deaf(MemoryControl):
    async def exchange(self, report: ControlReport) -> ControlNews:
        return await super().exchange(report._replace(acts=()))


class Echoing(MemoryControl):
    """Tells a process its own switch when it is reported a second time."""

    async def exchange(self, report: ControlReport) -> ControlNews:
        known = set(self._switches.values())
        news = await super().exchange(report)
        return news._replace(acts=(*news.acts, *(act for act in report.acts if act in known)))


class Leaving(MemoryControl):
    async def close(self, report: ControlReport) -> None:
        """Nothing."""


BROKEN = {
    "opens_without_news": Haunted,
    "shows_what_is_pending": Hoarding,
    "brings_votes_in_order": Shuffling,
    "brings_no_answered_vote_again": Mute,
    "brings_acts_once_in_order": Repeating,
    "keeps_switches_for_the_next_process": Everlasting,
    "keeps_the_switches_of_the_process": Deaf,
    "accepts_a_repeated_report": Echoing,
    "close_keeps_the_last_report": Leaving,
}


@pytest.mark.parametrize(("check", "broken"), BROKEN.items(), ids=BROKEN)
async def test_a_broken_control_is_caught(check: str, broken: type[MemoryControl], caught: Any) -> None:
    assert await caught(check_control(controls(broken))) == check


def test_every_check_has_a_double_that_it_catches() -> None:
    assert [check.__name__ for check in CHECKS] == list(BROKEN)
