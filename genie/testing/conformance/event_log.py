"""The suite of the ``EventLog`` port: batches of records that a task writes beside the bus."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import anyio

from genie.testing.conformance.suite import Make, expect, run_checks

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from contextlib import AbstractContextManager

    from genie.contracts.ports.journal import EventLog, LogRecord

BATCH = 10
"""Records of one batch of the suite."""


class LogUnderTest(NamedTuple):
    """A fresh log, how the suite reads it, and how its store is disturbed."""

    log: EventLog
    read: Callable[[], Awaitable[Sequence[LogRecord]]]
    """Returns the records in the store, oldest first; also after ``close``."""
    fail: Callable[[], None]
    """Makes the store refuse every write from now on."""
    stall: Callable[[], AbstractContextManager[object]] | None
    """Makes writes wait for the length of the block; None for a log that never waits for anything."""
    most: int
    """Number of records that the log may hold in memory; the suite appends up to that many and one batch more."""
    another: Callable[[], EventLog] | None = None
    """Returns a second log over the same store, as another process would have; None where there can be none."""


async def check_event_log(make: Make[LogUnderTest]) -> None:
    """Run every check of the port.

    Raises:
        NonconformanceError: A check failed.
    """
    await run_checks("event_log", make, CHECKS)


async def keeps_batches_in_order(made: LogUnderTest) -> None:
    """Every record of every batch comes back once, in order."""
    records = _sample(4 * BATCH)
    for batch in _batches(records):
        await made.log.append(batch)
    kept = await made.read()
    expect(
        [one["number"] for one in kept] == [one["number"] for one in records], "every record of every batch, in order"
    )


async def keeps_records_unchanged(made: LogUnderTest) -> None:
    """Records come back equal, whatever JSON values they hold."""
    records = _sample(2 * BATCH)
    await made.log.append(records)
    expect(tuple(await made.read()) == records, "records that come back equal")


async def opens_with_what_it_has(made: LogUnderTest) -> None:
    """``open`` returns every record, oldest first."""
    records = _sample(BATCH)
    expect(tuple(await made.log.open()) == (), "an empty log to open without records")
    await made.log.append(records)
    expect(tuple(await made.log.open()) == records, "`open` to return every record in order")


async def keeps_before_it_returns(made: LogUnderTest) -> None:
    """A batch is in the store when ``append`` returns, without a later call."""
    records = _sample(BATCH)
    await made.log.append(records)
    expect(len(await made.read()) == len(records), "a batch in the store as soon as `append` returns")


async def copies_the_batch(made: LogUnderTest) -> None:
    """The caller reuses its list; the log keeps the list's earlier content."""
    records = _sample(BATCH)
    batch = list(records)
    await made.log.append(batch)
    batch.clear()
    expect(len(await made.read()) == len(records), "a kept batch that does not change with the caller's list")


async def accepts_an_empty_batch(made: LogUnderTest) -> None:
    """A batch without records keeps nothing and raises nothing."""
    await made.log.append(())
    records = _sample(BATCH)
    await made.log.append(records)
    expect(len(await made.read()) == len(records), "an empty batch to add nothing")


async def waits_for_a_stalled_store(made: LogUnderTest) -> None:
    """While the store stalls, ``append`` waits after at most ``most`` records."""
    if made.stall is None:
        return
    stall = made.stall
    batches = _batches(_sample(made.most + BATCH))
    taken = 0

    async def write() -> None:
        nonlocal taken
        for batch in batches:
            await made.log.append(batch)
            taken += len(batch)

    async with anyio.create_task_group() as tasks:
        with stall():
            tasks.start_soon(write)
            await anyio.wait_all_tasks_blocked()
            held = taken
        tasks.cancel_scope.cancel()
    expect(held <= made.most, f"`append` to wait while the store stalls; it took more than {made.most} records")


async def states_a_failure(made: LogUnderTest) -> None:
    """When the store refuses, ``append`` raises, and earlier batches stay."""
    first, second = _batches(_sample(2 * BATCH))
    await made.log.append(first)
    made.fail()
    expect(await _refused(made.log, second), "`append` to raise when the store refuses the batch")
    kept = [one["number"] for one in await made.read()]
    expect(kept == [one["number"] for one in first], "earlier batches to stay when a later one fails")


async def close_keeps_everything(made: LogUnderTest) -> None:
    """Everything is in the store after ``close``, and a later batch is refused."""
    first, second = _batches(_sample(2 * BATCH))
    await made.log.append(first)
    await made.log.close()
    expect(len(await made.read()) == len(first), "every batch in the store after `close`")
    expect(await _refused(made.log, second), "`append` to raise after `close`")


async def keeps_batches_that_wait_together(made: LogUnderTest) -> None:
    """Batches of several tasks are all kept, and none is torn apart by another."""
    batches = _batches(_sample(8 * BATCH))
    async with anyio.create_task_group() as tasks:
        for batch in batches:
            tasks.start_soon(made.log.append, batch)
    kept = [one["number"] for one in await made.read()]
    found = sorted(kept[at : at + BATCH] for at in range(0, len(kept), BATCH))
    expect(
        found == [[one["number"] for one in batch] for batch in batches], "each batch of several tasks, in one piece"
    )


async def has_one_owner(made: LogUnderTest) -> None:
    """A second log over the same store is refused while the first has it, and opens with its records afterwards."""
    if made.another is None:
        return
    records = _sample(BATCH)
    await made.log.append(records)
    expect(await _not_opened(made.another()), "a second log over the same store to be refused")
    await made.log.append(())
    await made.log.close()
    second = made.another()
    kept = tuple(await second.open())
    await second.close()
    expect(kept == records, "a log that was closed to open with what it kept")


async def _not_opened(log: EventLog) -> bool:
    try:
        await log.open()
    except Exception:  # noqa: BLE001 - a log raises what its store raises
        return True
    await log.close()
    return False


async def _refused(log: EventLog, batch: Sequence[LogRecord]) -> bool:
    try:
        await log.append(batch)
    except Exception:  # noqa: BLE001 - a log raises what its store raises
        return True
    return False


def _sample(count: int) -> tuple[LogRecord, ...]:
    """Return that many records of one open run, with numbers from 1 and every kind of JSON value."""
    return tuple(
        {"kind": "run" if number == 1 else "message", "run": 1, "number": number, "text": f"Zoë \u2028 {number}",
         "to": None, "plan": ["a", "b"], "headers": {"tenant": None, "consent": []}, "due": number / 3}
        for number in range(1, count + 1)
    )  # fmt: skip


def _batches(records: Sequence[LogRecord]) -> list[Sequence[LogRecord]]:
    return [records[at : at + BATCH] for at in range(0, len(records), BATCH)]


CHECKS = (
    keeps_batches_in_order,
    keeps_records_unchanged,
    keeps_before_it_returns,
    copies_the_batch,
    accepts_an_empty_batch,
    waits_for_a_stalled_store,
    states_a_failure,
    close_keeps_everything,
    opens_with_what_it_has,
    keeps_batches_that_wait_together,
    has_one_owner,
)
