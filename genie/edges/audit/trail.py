"""The audit trail: acts of governance as a chain of hashes in files that only their owner can read.

``AuditTrail`` implements the ``Audit`` port. It appends one line per record; each line's hash covers the line before
it, the head of each segment is signed and, if there is an anchor, also written there. docs/audit.md states what this
proves and what it does not.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from genie.backend.clock import Clock
from genie.edges.audit.records import START, body_of, chained, detail_text, head_statement, joined, signed_bytes
from genie.edges.audit.segments import Tail, TrailLock, ended_at, segment_files, segment_path
from genie.edges.identity.keys import private_key
from genie.errors import InputError
from genie.errors.logs import log

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from genie.contracts.ports.audit import AuditRecord
    from genie.edges.identity.keys import PrivateKey

FORMAT = 1


class SegmentSettings(BaseModel):
    """When a segment ends: its head is signed and the next record starts a new file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    records: int = Field(default=10_000, ge=1, description="Records of one segment.")
    bytes: int = Field(default=16 << 20, ge=1024, description="Size of one segment's file.")
    seconds: float = Field(default=3600.0, gt=0, description="Age at which the next record begins another segment.")


class AuditSettings(BaseModel):
    """Folder and keys of an audit trail, and what happens if it cannot be written."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: Path = Field(description="Folder of the trail; created if missing.")
    key: Path | None = Field(default=None, description="Private key (Ed25519, PEM) that signs the segments' heads.")
    anchor: Path | None = Field(
        default=None, description="File, preferably on another disk, to which each head is also written."
    )
    sampling: float = Field(default=0.0, ge=0, le=1, description="Fraction of the plain allows that is also recorded.")
    fsync: Literal["never", "segment", "always"] = Field(
        default="segment", description="When records are forced to the disk: never, at each segment's end, or always."
    )
    head_s: float = Field(
        default=5.0, gt=0, description="Longest time in seconds between a record and the next signed head."
    )
    on_failure: Literal["deny", "continue"] = Field(
        default="deny", description="After a write failure: admit no run, or continue without records."
    )
    segment: SegmentSettings = SegmentSettings()


class AuditTrail:
    """A chain of audit records in a folder; one writer at a time.

    Args:
        settings: The settings.
        wall: Seconds since the epoch, for the lines that the trail itself writes; the system's time by default.
    """

    Settings: ClassVar[type[AuditSettings]] = AuditSettings

    def __init__(self, settings: AuditSettings, *, wall: Callable[[], float] | None = None) -> None:
        self.settings = settings
        self.sampling = settings.sampling
        self.head_s = settings.head_s if settings.key is not None or settings.anchor is not None else None
        """Seconds after a record at which ``sign`` must be called; None if heads are neither signed nor copied."""
        self.is_open = False
        self.lost = 0
        """Number of records that could not be written."""
        self.failure: str | None = None
        """Why nothing is written any more."""
        self._wall = wall or _system
        self._key: PrivateKey | None = None
        self._lock = TrailLock(settings.path)
        self._file = -1
        self._anchor = -1
        self._trail = ""
        self._segment = 0
        self._chain = START
        self._seq = 0
        self._at_us = 0
        self._count = self._size = self._until_us = self._headed = 0
        self._most_records, self._most_bytes = settings.segment.records, settings.segment.bytes
        self._syncs = settings.fsync == "always"

    @property
    def refusal(self) -> str | None:
        """Why no run may be admitted: the trail cannot be written, and its settings have ``on_failure: deny``."""
        return self.failure if self.settings.on_failure == "deny" else None

    # --- life ---

    def open(self) -> None:
        """Continue the trail; an incomplete last line after a crash is cut off, and this is recorded.

        Raises:
            InputError: Another process writes it, it is damaged at its end, its key cannot be used, or the folder
                cannot be written to.
        """
        settings = self.settings
        if self.is_open:
            raise InputError(str(settings.path), "is open already in this process", "one trail for each runtime")
        self._key = None if settings.key is None else private_key(settings.key)
        try:
            settings.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock.take()
            try:
                self._take_up()
            except BaseException:  # the lock of the folder is released, then the error is re-raised
                self._release()
                raise
        except OSError as error:
            where = error.filename or settings.path
            raise InputError(str(where), f"the audit trail cannot be opened ({error.strerror})") from None
        self.is_open = True

    def _take_up(self) -> None:
        self.failure, self.lost = None, 0
        self._at_us = int(self._wall() * 1e6)
        if self.settings.anchor is not None:
            self._anchor = os.open(self.settings.anchor, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        files = segment_files(self.settings.path)
        tail = ended_at(files)
        if tail is None:
            self._trail, self._segment, self._chain, self._seq = os.urandom(8).hex(), 0, START, 0
            self._begin({})
            return
        self._trail, self._segment, self._chain, self._seq = tail.trail, tail.segment, tail.chain, tail.seq
        recovered: dict[str, object] = {} if tail.closed else {"recovered": True}
        if tail.dropped:
            recovered |= {"dropped_bytes": len(tail.dropped), "dropped_sha256": _sha256(tail.dropped)}
        if (tail.headed and not tail.closed) or self._is_full(tail):
            self._begin(recovered)
        else:
            self._file = os.open(tail.path, os.O_WRONLY | os.O_APPEND)
            self._count, self._size, self._until_us = tail.records, tail.size, self._until(tail.began_us)
            self._opened(recovered)

    def _is_full(self, tail: Tail) -> bool:
        aged = self._at_us >= self._until(tail.began_us)
        return tail.records >= self._most_records or tail.size >= self._most_bytes or aged

    def _until(self, began_us: int) -> int:
        """Return when a segment becomes too old for another record."""
        return began_us + int(self.settings.segment.seconds * 1e6)

    def close(self) -> None:
        """Sign the end of the trail and close it; does nothing if it is not open."""
        if not self.is_open:
            return
        if self.failure is None:
            try:
                if self._file >= 0 or self._seq:
                    self._end(closed=True)
            except OSError as error:
                self._failed(error)
        self._release()
        self.is_open = False

    def _release(self) -> None:
        for handle in (self._file, self._anchor):
            if handle >= 0:
                with suppress(OSError):
                    os.close(handle)
        self._file = self._anchor = -1
        self._lock.free()

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    # --- records ---

    def record(self, entry: AuditRecord) -> None:
        """Append one record. Never raises: the first failure is logged, kept in ``failure``, and ends the writing."""
        if self.failure is not None or not self.is_open:
            self.lost += 1
            return
        try:
            at_us = self._at_us = int(entry.at * 1e6 + 0.5)
            if at_us >= self._until_us and self._file >= 0:
                self._end(closed=False)
            if self._file < 0:
                self._begin({})
            self._append(
                body_of(
                    self._seq + 1, at_us, entry.kind, entry.subject, entry.by, entry.reason, entry.run_id,
                    entry.message_id, detail_text(entry.detail),
                )
            )  # fmt: skip
            if self._count >= self._most_records or self._size >= self._most_bytes:
                self._end(closed=False)
        except Exception as error:  # noqa: BLE001 - the bus must not fall with its audit; it stops admitting runs
            self.lost += 1
            self._failed(error)

    def sign(self) -> None:
        """Write a signed head for the records since the last one; the segment continues. Never raises."""
        if self.failure is not None or not self.is_open or self._file < 0 or self._headed == self._seq:
            return
        try:
            self._head(closed=False)
        except Exception as error:  # noqa: BLE001 - as in ``record``
            self._failed(error)

    def _append(self, body: bytes) -> None:
        chain = chained(self._chain, body)
        line = joined(chain, body)
        size = len(line)
        written = os.write(self._file, line)
        if written != size:
            self._finish(line, written)
        if self._syncs:
            os.fsync(self._file)
        self._chain = chain
        self._seq += 1
        self._count += 1
        self._size += size

    def _finish(self, line: bytes, written: int) -> None:
        """Write the rest of a line; if that fails, remove the partial line."""
        try:
            while written < len(line):
                written += os.write(self._file, line[written:])
        except OSError:
            with suppress(OSError):
                os.ftruncate(self._file, self._size)
            raise

    def _begin(self, recovered: dict[str, object]) -> None:
        """Start the next segment in a file of its own."""
        self._segment += 1
        path = segment_path(self.settings.path, self._segment)
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o600)
        self._count = self._size = 0
        self._until_us = self._until(self._at_us)
        if self.settings.fsync != "never":
            folder = os.open(self.settings.path, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        self._opened(recovered)

    def _opened(self, recovered: dict[str, object]) -> None:
        detail = detail_text({
            "format": FORMAT, "key": self._key and self._key.id, "previous": self._chain.decode(),
            "segment": self._segment, "trail": self._trail, **recovered,
        })  # fmt: skip
        self._append(body_of(self._seq + 1, self._at_us, "opened", self._trail, "audit", "", None, None, detail))

    def _end(self, *, closed: bool) -> None:
        """Sign the trail's position, copy it to the anchor, and close the file."""
        if self._file < 0:  # the last segment was full at its last record
            self._begin({})
        self._head(closed=closed)
        if self.settings.fsync == "segment":
            os.fsync(self._file)
        if self._anchor >= 0 and self.settings.fsync != "never":
            os.fsync(self._anchor)
        os.close(self._file)
        self._file = -1

    def _head(self, *, closed: bool) -> None:
        """Sign the trail's position, and copy it to the anchor."""
        key = self._key
        said: dict[str, Any] = head_statement(
            trail=self._trail, segment=self._segment, seq=self._seq, chain=self._chain.decode(), at_us=self._at_us,
            closed=closed, key=None if key is None else key.id,
        )  # fmt: skip
        said["signature"] = None if key is None else key.sign(signed_bytes(said))
        body = body_of(
            self._seq + 1, self._at_us, "head", self._trail, "audit", "", None, None, detail_text(said)
        )  # fmt: skip
        self._append(body)
        self._headed = self._seq
        if self._anchor >= 0:
            _whole(self._anchor, body + b"\n")

    def _failed(self, error: Exception) -> None:
        why = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
        self.failure = f"the audit trail {self.settings.path} cannot be written ({why})"
        then = "no run is admitted any more" if self.settings.on_failure == "deny" else "runs continue unrecorded"
        log("genie.audit", "CRITICAL", f"{self.failure}; {then}")


def _system() -> float:
    """Return the system's time, for a trail's own first line; other records have the time of their bus."""
    return Clock(float).wall().timestamp()  # the wall time at this moment


def _whole(handle: int, content: bytes) -> None:
    while content:
        content = content[os.write(handle, content) :]


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
