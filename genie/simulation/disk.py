"""A simulated disk: a log whose machine loses power, with the last batches lost or torn according to the seed.

The guarantees of batches are checked on the remaining records: every delivery ends once, and no output exists without
the outcome of the delivery that created it.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import anyio

from genie.contracts.outcome import Counts, Outcome
from genie.journal.history import History
from genie.simulation.fault_injection import SimulatedFailure

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator, Sequence

    from genie.contracts.ports.journal import LogRecord

MOST_LOST = 3
"""Maximum number of stored batches that a power failure loses."""
SLOWEST_S = 0.02
"""Maximum virtual seconds that a batch takes."""


class SimulatedDisk:
    """The storage that survives the processes of one simulation.

    Args:
        source: Draws the duration of a batch, and what remains of the last ones.
    """

    def __init__(self, source: random.Random) -> None:
        self._random = source
        self.batches: list[tuple[LogRecord, ...]] = []
        self.torn: tuple[LogRecord, ...] | None = None
        """The part of a batch that was written before the power failed; its checksum shows this at reading."""
        self._handle: DiskLog | None = None
        self.dropped = 0
        """Batches that are lost."""

    def log(self) -> DiskLog:
        """Return the log of the next process."""
        self._handle = DiskLog(self)
        return self._handle

    def took(self) -> float:
        """Return the virtual seconds that the next batch takes."""
        return self._random.random() * SLOWEST_S

    def crash(self, kind: str) -> None:
        """End the process that has the log: its later writes are not stored.

        Args:
            kind: ``crash``: the batch being written is stored or not. ``torn_write``: a part of it is stored.
                ``lost_write``: stored batches are gone, as with a disk that acknowledges data that it has not stored.
        """
        handle, self._handle = self._handle, None
        writing = None if handle is None else handle.writing
        if handle is not None:
            handle.dead = True
        if kind == "lost_write":
            lost = min(len(self.batches), self._random.randint(1, MOST_LOST))
            del self.batches[len(self.batches) - lost :]
            self.dropped += lost
        elif writing and kind == "torn_write":
            self.torn = writing[: self._random.randrange(len(writing))]
            self.dropped += 1
        elif writing and self._random.random() < 0.5:
            self.batches.append(writing)

    def read(self) -> tuple[LogRecord, ...]:
        """Return every record of complete batches; a torn one at the end is dropped, as its checksum requires."""
        self.torn = None
        return tuple(record for batch in self.batches for record in batch)

    # --- guarantees ---

    def story(self) -> Story:
        """Return the log of all processes."""
        story = Story()
        for batch in self.batches:
            story.add(batch)
        return story

    def problems(self, *, over: bool) -> Iterator[str]:
        """Yield violations of the guarantees in the log.

        Args:
            over: The simulation has ended, so nothing may be open.
        """
        story = self.story()
        yield from story.problems
        if over:
            yield from (f"delivery {one} has no outcome in the log" for one in sorted(story.open()))
            yield from (f"run {run.record['run']:x} is open in the log" for run in History(self.read()))


class Story:
    """The content of batches, one after the other."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self._accepted: set[str] = set()
        self._ended: dict[str, str] = {}
        self._whole: set[str] = set()
        """Ended deliveries, without the agents before a fallback: in the form of a sender."""
        self._asked: set[int] = set()
        self._owned: set[int] = set()
        """Scopes opened by a handler: their first message is a question, which is sent at once."""
        self._prefix = ""

    def open(self) -> set[str]:
        """Return the deliveries without an outcome."""
        return self._accepted - self._ended.keys()

    def totals(self) -> Counts:
        """Return the account of all processes."""
        counted = Counter(self._ended.values())
        ends = {outcome.value: counted[outcome.value] for outcome in Outcome}
        return Counts(accepted=len(self._accepted), in_flight=len(self.open()), **ends)

    def add(self, batch: Sequence[LogRecord]) -> None:
        """Add a batch: everything it shows must be consistent at its end."""
        outputs: list[tuple[str, int]] = []
        for record in batch:
            if record["kind"] == "message":
                outputs += self._message(record)
            else:
                self._other(record)
        self.problems += (
            f"message {number:x} is in the log without the outcome of {by}, which sent it"
            for by, number in outputs if by in self._accepted and by not in self._whole
        )  # fmt: skip

    def _message(self, record: LogRecord) -> Iterator[tuple[str, int]]:
        number, scope = record["number"], record["scope"]
        self._accepted |= {f"{self._prefix}-{number:x}@{agent}" for agent in record["plan"]}
        question = scope in self._owned and scope not in self._asked
        self._asked.add(scope)
        if not question and not record.get("edit"):
            yield f"{self._prefix}-{record['cause']:x}@{record['sender']}", number

    def _other(self, record: LogRecord) -> None:
        kind, delivery = record["kind"], record.get("delivery")
        if kind == "runtime":
            self._prefix = record["prefix"]
        elif kind == "scope" and record["owner"] is not None:
            self._owned.add(record["scope"])
        elif kind == "delivery" and delivery is not None:
            self._accepted.add(delivery)
        elif kind == "edited" and delivery is not None:
            self._accepted.discard(record["before"])
            self._accepted.add(delivery)
        elif kind == "ended" and delivery is not None:
            if delivery in self._ended or delivery not in self._accepted:
                how = "ended twice" if delivery in self._ended else "ended without being accepted"
                self.problems.append(f"delivery {delivery} {how} in the log")
            self._ended[delivery] = record["outcome"]
            self._whole.add(delivery.partition("<")[0])


class DiskLog:
    """An ``EventLog`` of one process on a simulated disk."""

    def __init__(self, disk: SimulatedDisk) -> None:
        self._disk = disk
        self.writing: tuple[LogRecord, ...] | None = None
        """The batch on its way to the disk."""
        self.dead = False

    async def open(self) -> Sequence[LogRecord]:
        """Return the records left on the disk."""
        return self._disk.read()

    async def append(self, records: Sequence[LogRecord]) -> None:
        """Store a batch.

        Raises:
            SimulatedFailure: The power failed meanwhile.
        """
        self.writing = tuple(records)
        await anyio.sleep(self._disk.took())
        if self.dead:
            raise SimulatedFailure
        self._disk.batches.append(self.writing)
        self.writing = None

    async def close(self) -> None:
        """Nothing needs to be released."""
