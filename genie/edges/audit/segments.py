"""The files of an audit trail: their names, the end of a trail, and the lock of its only writer."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import IO, NamedTuple

from genie.edges.audit.records import MOST_LINE, chained, parted, record_of
from genie.errors import InputError

_NAME = re.compile(r"audit-(\d{6,12})\.jsonl")
_WINDOW = 4 * MOST_LINE
"""Bytes at the end of a file that contain its last two lines."""


def segment_path(folder: Path, number: int) -> Path:
    """Return the file name of a segment, counted from 1."""
    return folder / f"audit-{number:06d}.jsonl"


def segment_number(path: Path) -> int | None:
    """Return the segment number in a file's name; None for any other file."""
    found = _NAME.fullmatch(path.name)
    return None if found is None else int(found[1])


def segment_files(folder: Path) -> list[Path]:
    """Return the trail's files in a folder, oldest first."""
    found = [(number, path) for path in folder.iterdir() if (number := segment_number(path)) is not None]
    return [path for _, path in sorted(found)]


class Tail(NamedTuple):
    """The end of a trail."""

    path: Path
    trail: str
    segment: int
    chain: bytes
    seq: int
    headed: bool
    """The last record is the head of its segment."""
    closed: bool
    """The last record is a head that states a regular end of the writer."""
    records: int
    """Records in the file."""
    size: int
    """Size of the file without the dropped part, in bytes."""
    began_us: int
    dropped: bytes
    """Incomplete line after a crash, which was cut off."""


def ended_at(files: list[Path]) -> Tail | None:
    """Return the end of a trail, after cutting off an incomplete last line; None for a new trail.

    Raises:
        InputError: The last whole line does not follow from the one before it.
    """
    dropped = b""
    for path in reversed(files):
        with path.open("rb+") as file:
            torn = _cut_torn(file)
            dropped = torn + dropped
            size = file.seek(0, os.SEEK_END)
            if size:
                return _tail(path, file, size, dropped)
        path.unlink()  # a segment without any complete line
    return None


def _cut_torn(file: IO[bytes]) -> bytes:
    size = file.seek(0, os.SEEK_END)
    start = max(0, size - _WINDOW)
    file.seek(start)
    window = file.read()
    whole = window.rfind(b"\n") + 1
    if whole == len(window):
        return b""
    if not whole and start:
        raise InputError(str(file.name), "is damaged at its end", "see `genie audit verify`")
    file.truncate(start + whole)
    return window[whole:]


def _tail(path: Path, file: IO[bytes], size: int, dropped: bytes) -> Tail:
    damaged = InputError(str(path), "is damaged at its end", "see `genie audit verify`; keep it, and name a new folder")
    file.seek(0)
    first = parted(file.readline(2 * MOST_LINE))
    file.seek(max(0, size - _WINDOW))
    lines = file.read().splitlines(keepends=True)
    last = parted(lines[-1])
    opened = None if first is None else record_of(first.body)
    ended = None if last is None else record_of(last.body)
    if last is None or opened is None or ended is None or opened["kind"] != "opened":
        raise damaged
    try:
        detail = opened["detail"]
        trail, segment, previous = str(detail["trail"]), int(detail["segment"]), str(detail["previous"])
    except (KeyError, ValueError, TypeError):
        raise damaged from None
    before = previous.encode() if len(lines) == 1 else getattr(parted(lines[-2]), "chain", b"")
    if chained(before, last.body) != last.chain:
        raise damaged
    headed = ended["kind"] == "head"
    return Tail(
        path, trail, segment, last.chain, ended["seq"], headed, headed and ended["detail"].get("closed") is True,
        ended["seq"] - opened["seq"] + 1, size, opened["at"], dropped,
    )  # fmt: skip


class TrailLock:
    """Lock of the only process that writes a trail; the system releases it when the process ends.

    Args:
        folder: Folder of the trail.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._handle = -1

    def take(self) -> None:
        """Take the lock.

        Raises:
            InputError: Another writer holds it, or this system has no such locks.
        """
        try:
            import fcntl  # noqa: PLC0415 - not on every system
        except ImportError:
            raise InputError(str(self._folder), "cannot be locked: this system has no flock") from None
        handle = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(handle)
            raise InputError(
                str(self._folder), "is written by another process or runtime", "name another folder, or end that one"
            ) from None
        self._handle = handle

    def free(self) -> None:
        """Release the lock."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1
