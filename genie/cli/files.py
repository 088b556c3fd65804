"""Reading and writing files for the command: bounded on the way in, whole or not at all on the way out."""

from __future__ import annotations

import os
import stat
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING

from genie.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_PAYLOAD_BYTES = 8 << 20
"""Largest JSON payload that is read from a file or from standard input."""

_GROWING: set[Path] = set()
"""Files that are being written, under their hidden names."""


def read_payload(path: str, *, limit: int = MAX_PAYLOAD_BYTES) -> bytes:
    """Return the bytes of a file, or of standard input for ``-``.

    The size is looked at before anything is read, and no more than ``limit + 1`` bytes are ever held.

    Raises:
        InputError: It is missing, no file, empty, too large, or cannot be read.
    """
    if path == "-":
        return _bounded(sys.stdin.buffer, "standard input", limit)
    try:
        with Path(path).open("rb") as file:
            status = os.fstat(file.fileno())
            if stat.S_ISREG(status.st_mode) and status.st_size > limit:
                raise InputError(path, f"has {_megabytes(status.st_size)}, more than the {_megabytes(limit)} allowed")
            return _bounded(file, path, limit)
    except FileNotFoundError:
        raise InputError(path, "there is no such file") from None
    except IsADirectoryError:
        raise InputError(path, "is a folder", "name a file in it") from None
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})") from None


def _bounded(file: IO[bytes], name: str, limit: int) -> bytes:
    content = file.read(limit + 1)
    if len(content) > limit:
        raise InputError(name, f"is larger than the {_megabytes(limit)} allowed")
    if not content.strip():
        raise InputError(name, "is empty")
    return content


def _megabytes(size: int) -> str:
    return f"{size / (1 << 20):.0f} MB"


@contextmanager
def whole_file(path: Path) -> Iterator[IO[str]]:
    """Write a text file that appears complete or not at all: beside its place first, then moved there.

    Raises:
        InputError: The folder cannot be written to, or what has that name is no ordinary file: a device or a pipe
            would be replaced by one.
    """
    if path.is_dir():
        raise InputError(str(path), "is a folder", "name a file in it")
    if path.exists() and not path.is_file():
        raise InputError(str(path), "is no ordinary file", "name another")
    try:
        import tempfile  # noqa: PLC0415 - start-up: only where a file is written

        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise InputError(str(path), f"cannot be written ({error.strerror})") from None
    temporary = Path(name)
    _GROWING.add(temporary)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise InputError(str(path), f"cannot be written ({error.strerror})") from None
    finally:
        with suppress(OSError):  # it has been moved, or its folder has gone
            temporary.unlink()
        _GROWING.discard(temporary)


def drop_growing() -> None:
    """Remove what is not complete yet; for a process that ends without unwinding."""
    for temporary in tuple(_GROWING):
        with suppress(OSError):
            temporary.unlink()
