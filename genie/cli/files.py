"""Files of the command: input has a size limit, and output is written completely or not at all."""

from __future__ import annotations

import io
import os
import secrets
import stat
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING

from genie.cli.signals import cleaned_up
from genie.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from _typeshed import ReadableBuffer

MAX_PAYLOAD_BYTES = 8 << 20
"""Largest JSON payload that is read from a file or from standard input."""


def read_payload(path: str, *, limit: int = MAX_PAYLOAD_BYTES) -> bytes:
    """Return the bytes of a file, or of standard input for ``-``.

    The size is checked before the file is read; at most ``limit + 1`` bytes are held.

    Raises:
        InputError: The file is missing, a folder, empty, too large, or cannot be read.
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


class _Written(io.FileIO):
    """A file whose failed writes name it."""

    def __init__(self, handle: int, path: Path) -> None:
        super().__init__(handle, "w")
        self._path = path

    def write(self, data: ReadableBuffer) -> int:
        """Write bytes."""
        with _blamed(self._path):
            return super().write(data)


@contextmanager
def _blamed(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(str(path), f"cannot be written ({error.strerror})", "check the folder") from None


@contextmanager
def whole_file(path: Path) -> Iterator[IO[str]]:
    """Write a text file completely or not at all: first under a hidden name, which is renamed at the end.

    Only its owner can read the file.

    Raises:
        InputError: The folder cannot be written to, or the path is not a regular file: the rename would replace a
            device or a pipe.
    """
    if path.is_dir():
        raise InputError(str(path), "is a folder", "name a file in it")
    if path.exists() and not path.is_file():
        raise InputError(str(path), "is not a regular file", "name another file")
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with cleaned_up(temporary.unlink):
        try:
            with _blamed(path):
                handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            raw = io.BufferedWriter(_Written(handle, path))
            with io.TextIOWrapper(raw, encoding="utf-8", newline="\n") as file:
                yield file  # errors of the block that are not writes to this file are re-raised
                file.flush()
                with _blamed(path):
                    os.fsync(handle)
            with _blamed(path):
                temporary.replace(path)
        finally:
            with suppress(OSError):  # after the rename it does not exist
                temporary.unlink()
