"""The suite of the ``Journal`` port: records that the bus keeps without waiting."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from genie.testing.conformance.records import record_runs, sample
from genie.testing.conformance.suite import Make, expect, run_checks, violated

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from genie.contracts.ports.journal import Journal, JournalRecord


class JournalUnderTest(NamedTuple):
    """A fresh journal, and how the suite reads it."""

    journal: Journal
    read: Callable[[], Sequence[JournalRecord]]
    """Returns the records kept so far, oldest first."""
    capacity: int
    """Most records that it keeps, at least 50; the suite records a few more."""


async def check_journal(make: Make[JournalUnderTest]) -> None:
    """Run every check of the port.

    Raises:
        NonconformanceError: A check failed.
    """
    await run_checks("journal", make, CHECKS)


async def follows_a_runtime(made: JournalUnderTest) -> None:
    """The journal of a runtime has every record and every outcome."""
    await record_runs(made.journal)
    kept = made.read()
    expect({record.number for record in kept} == set(range(1, len(kept) + 1)), "numbers from 1 without a gap")
    outcomes = {(record.kind, record.topic) for record in kept}
    expect(("handled", "conformance.question") in outcomes, "the outcome of a handled message")
    expect(("dead_lettered", "conformance.question") in outcomes, "the outcome of a failed message")


async def keeps_records_in_order(made: JournalUnderTest) -> None:
    """Every record comes back once, in the order of recording."""
    records = await sample(40)
    for record in records:
        made.journal.record(record)
    expect(
        [record.number for record in made.read()] == [record.number for record in records],
        "every record once, in the order of recording",
    )


async def keeps_records_unchanged(made: JournalUnderTest) -> None:
    """A long reason and a nested detail come back as they were."""
    *_, last = await sample(20)
    record = last._replace(reason="x" * 10_000, detail={"deep": ({"a": (1, None)},)})
    made.journal.record(record)
    expect(tuple(made.read()) == (record,), "a record that comes back equal, with its long reason and nested detail")


async def keeps_originals(made: JournalUnderTest) -> None:
    """The message of an accepted record comes back."""
    records = [record for record in await sample(20) if record.message is not None]
    for record in records:
        made.journal.record(record)
    expect(
        [record.message for record in made.read()] == [record.message for record in records],
        "accepted records with their original message",
    )


async def is_bounded(made: JournalUnderTest) -> None:
    """A full journal drops its oldest records and keeps the newest."""
    records = await sample(made.capacity + 10)
    for record in records:
        made.journal.record(record)
    kept = [record.number for record in made.read()]
    expect(len(kept) <= made.capacity, f"at most {made.capacity} records")
    expect(kept[-1:] == [records[-1].number], "the newest record in a full journal")


async def accepts_any_detail(made: JournalUnderTest) -> None:
    """A record whose detail or text is unusual does not make the journal raise."""
    *_, last = await sample(20)
    for number, value in enumerate(({1, 2}, b"\xff", float("nan"), "\ud800", object(), 10**5000), 1):
        try:
            made.journal.record(last._replace(number=number, reason="\ud800", detail={"value": value}))
        except Exception:  # noqa: BLE001 - the port says that nothing is raised
            violated(f"`record` never to raise; a detail of {type(value).__name__} raised")


CHECKS = (
    follows_a_runtime,
    keeps_records_in_order,
    keeps_records_unchanged,
    keeps_originals,
    is_bounded,
    accepts_any_detail,
)
