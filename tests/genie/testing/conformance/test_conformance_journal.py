"""The suites of journals: ours pass, and each check catches a journal that breaks it."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from typing import TYPE_CHECKING, Any

import anyio.lowlevel
import pytest

from genie.contracts.ports.journal import EventLog, LogRecord
from genie.errors import LogError
from genie.journal.memory import MemoryJournal, MemoryLog
from genie.testing import RecordingLog
from genie.testing.conformance import JournalUnderTest, LogUnderTest, check_event_log, check_journal
from genie.testing.conformance.event_log import CHECKS as LOG_CHECKS
from genie.testing.conformance.journal import CHECKS as JOURNAL_CHECKS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from genie.contracts.ports.journal import JournalRecord

pytestmark = pytest.mark.anyio


def journals(kind: type[MemoryJournal]) -> Any:
    @asynccontextmanager
    async def make() -> AsyncIterator[JournalUnderTest]:
        journal = kind(capacity=50)
        yield JournalUnderTest(journal, lambda: list(journal), 50)

    return make


async def test_the_journal_in_memory_passes() -> None:
    await check_journal(journals(MemoryJournal))


class Reversing(MemoryJournal):
    def __iter__(self) -> Any:
        return iter(list(super().__iter__())[::-1])


class Cutting(MemoryJournal):
    def record(self, entry: JournalRecord) -> None:
        super().record(entry._replace(reason=entry.reason and entry.reason[:1_000]))


class Stripping(MemoryJournal):
    def record(self, entry: JournalRecord) -> None:
        super().record(entry._replace(message=None))


class Forgetting(MemoryJournal):
    def record(self, entry: JournalRecord) -> None:
        if entry.kind != "handled":
            super().record(entry)


class Unbounded(MemoryJournal):
    def __init__(self, capacity: int) -> None:
        super().__init__(10 * capacity)


class Encoding(MemoryJournal):
    def record(self, entry: JournalRecord) -> None:
        json.dumps(dict(entry.detail))
        super().record(entry)


JOURNALS = {
    "follows_a_runtime": Forgetting,
    "keeps_records_in_order": Reversing,
    "keeps_records_unchanged": Cutting,
    "keeps_originals": Stripping,
    "is_bounded": Unbounded,
    "accepts_any_detail": Encoding,
}


@pytest.mark.parametrize(("check", "broken"), JOURNALS.items(), ids=JOURNALS)
async def test_a_broken_journal_is_caught(check: str, broken: type[MemoryJournal], caught: Any) -> None:
    assert await caught(check_journal(journals(broken))) == check


def test_every_check_has_a_double_that_it_catches() -> None:
    assert [check.__name__ for check in JOURNAL_CHECKS] == list(JOURNALS)
    assert [check.__name__ for check in LOG_CHECKS] == list(LOGS)


# --- the journal that is written in batches ---


def logs(kind: type[RecordingLog]) -> Any:
    @asynccontextmanager
    async def make() -> AsyncIterator[LogUnderTest]:
        log = kind()

        async def read() -> Sequence[LogRecord]:
            return list(log.records)

        def fail() -> None:
            log.failure = "the disk is full"

        yield LogUnderTest(log, read, fail, log.stalled, most=40, another=getattr(log, "another", None))

    return make


async def test_the_recording_log_passes() -> None:
    assert isinstance(RecordingLog(), EventLog)
    await check_event_log(logs(RecordingLog))


async def test_the_log_in_memory_passes() -> None:
    @asynccontextmanager
    async def make() -> AsyncIterator[LogUnderTest]:
        log = MemoryLog()
        await log.open()

        def fail() -> None:
            log.capacity = len(log)

        async def read() -> Sequence[LogRecord]:
            return tuple(log)

        yield LogUnderTest(log, read, fail, None, most=40)

    await check_event_log(make)


async def test_the_log_in_memory_is_bounded_and_forgets_what_is_over() -> None:
    log = MemoryLog(capacity=6)
    await log.open()
    for run in range(1, 9):
        await log.append([{"kind": "run", "run": run}, {"kind": "closed", "run": run}])
    assert len(log) <= 6
    assert {one["number"] for one in await log.open() if one["kind"] == "numbers"} == {8}
    with pytest.raises(LogError) as refused:
        await log.append([{"kind": "run", "run": run} for run in range(9, 16)])
    assert refused.value.state == "full"
    with pytest.raises(LogError):
        await log.append([{"kind": "closed", "run": 9}])
    assert len(await log.open()) <= 6


class Prepending(RecordingLog):
    async def append(self, records: Sequence[LogRecord]) -> None:
        await super().append(records)
        self.records[:] = self.records[-len(records) :] + self.records[: -len(records)]


class StrippingLog(RecordingLog):
    async def append(self, records: Sequence[LogRecord]) -> None:
        await super().append([{**record, "plan": []} for record in records])


class Lagging(RecordingLog):
    """Writes a batch when the next call comes."""

    kept: Sequence[LogRecord] = ()

    async def append(self, records: Sequence[LogRecord]) -> None:
        await super().append(self.kept)
        self.kept = tuple(records)


class LaggingUntilFull(Lagging):
    async def append(self, records: Sequence[LogRecord]) -> None:
        await super().append(records)
        if len(self.records) + len(self.kept) > 10:
            await super().append(())


class Aliasing(RecordingLog):
    batch: Sequence[LogRecord] = ()

    async def append(self, records: Sequence[LogRecord]) -> None:
        await anyio.lowlevel.checkpoint()
        if isinstance(records, list):
            self.records = records
        else:
            await super().append(records)


class Nonempty(RecordingLog):
    async def append(self, records: Sequence[LogRecord]) -> None:
        await super().append(records[: records.index(records[-1]) + 1])


class Buffering(RecordingLog):
    def stalled(self) -> AbstractContextManager[None]:
        return nullcontext()


class Silent(RecordingLog):
    async def append(self, records: Sequence[LogRecord]) -> None:
        if self.failure is None:
            await super().append(records)


class Reopening(RecordingLog):
    async def close(self) -> None:
        """Nothing."""


class Amnesic(RecordingLog):
    async def open(self) -> Sequence[LogRecord]:
        """Nothing."""
        return ()


class Tearing(RecordingLog):
    async def append(self, records: Sequence[LogRecord]) -> None:
        half = len(records) // 2
        await super().append(records[:half])
        await super().append(records[half:])


class Shared(RecordingLog):
    def another(self) -> EventLog:
        return self


LOGS = {
    "keeps_batches_in_order": Prepending,
    "keeps_records_unchanged": StrippingLog,
    "keeps_before_it_returns": LaggingUntilFull,
    "copies_the_batch": Aliasing,
    "accepts_an_empty_batch": Nonempty,
    "waits_for_a_stalled_store": Buffering,
    "states_a_failure": Silent,
    "close_keeps_everything": Reopening,
    "opens_with_what_it_has": Amnesic,
    "keeps_batches_that_wait_together": Tearing,
    "has_one_owner": Shared,
}


@pytest.mark.parametrize(("check", "broken"), LOGS.items(), ids=LOGS)
async def test_a_broken_log_is_caught(check: str, broken: type[RecordingLog], caught: Any) -> None:
    assert await caught(check_event_log(logs(broken))) == check
