"""The latest acknowledged batch, in the lock file beside a log: a log with fewer batches has lost some.

SQLite silently drops the end of a write-ahead log from the first damaged page on, and a file may be replaced by an
older copy, or by another log. The mark is written after each commit and never synced, so it never exceeds what was
acknowledged.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from genie.errors import LogError

if TYPE_CHECKING:
    from genie.journal.database import Database

_WIDTH = 96
_BOOT = Path("/proc/sys/kernel/random/boot_id")


class Mark:
    """The mark of one file.

    Args:
        path: The lock file.
        power: Acknowledged batches survive a power failure.
    """

    def __init__(self, path: Path, *, power: bool) -> None:
        self._path = path
        self._boot = "" if power else _boot()
        self._handle: int | None = None
        self.log = 0
        """Id of the log; 0 for one of an earlier version, which has none."""

    def write(self, number: int) -> None:
        """Store the number of a batch; if there is no space for it, the earlier number stays."""
        with contextlib.suppress(OSError):
            if self._handle is None:
                self._handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            os.pwrite(self._handle, f"{number} {self._boot} {self.log:x}".ljust(_WIDTH - 1).encode() + b"\n", 0)

    def read(self) -> int:
        """Return the number of the latest batch that must exist; 0 if unknown."""
        number, boot, _ = self._fields()
        if boot and boot != _boot():
            return 0  # the machine was restarted, and the batches need not have survived that
        return int(number) if number.isascii() and number.isdecimal() else 0

    def of_another(self) -> bool:
        """Return whether it was written for another log than ``log``."""
        _, _, log = self._fields()
        return bool(self.log) and log not in {"", "0", f"{self.log:x}"}

    def _fields(self) -> tuple[str, str, str]:
        """Return the number, the boot and the log as they were written; empty texts if there is no mark."""
        try:
            # A pipe without a writer would be waited for.
            handle = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            return "", "", ""
        try:
            content = os.pread(handle, _WIDTH, 0)
        except OSError:  # not a regular file: whoever wants to write the log is told so by its lock
            return "", "", ""
        finally:
            os.close(handle)
        number, boot, log, *_ = [*content.decode("ascii", "replace").strip().split(" "), "", ""]
        return number, boot, log

    def close(self) -> None:
        """Let go of the file."""
        handle, self._handle = self._handle, None
        if handle is not None:
            os.close(handle)


def _boot() -> str:
    """Return the id of this boot of the machine; ``-`` if the system has none."""
    try:
        return _BOOT.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return "-"


def check_end(database: Database, last: int, *, accept: bool = False) -> None:
    """Make sure that no batch at the end of a log is missing.

    Args:
        database: The log.
        last: Its latest batch.
        accept: Continue without missing batches, or with a log that replaced the earlier one.

    Raises:
        LogError: Acknowledged batches are missing, or the log was replaced (``damaged``).
    """
    if accept:
        database.note_kept(last)
        return
    noted = database.must_have()
    if noted <= last:
        return
    raise LogError(
        place=database.place, state="damaged", problem=f"has lost the end: {missing_end(last, noted)}",
        remedy="restore the latest copy; `genie journal takeover` continues without them",
    )  # fmt: skip


def missing_end(last: int, noted: int) -> str:
    """Return which batches are missing."""
    which = f"batch {noted} was" if noted == last + 1 else f"batches {last + 1} to {noted} were"
    return f"{which} acknowledged and not found"
