"""Records of a file for `genie inspect`: lines of text, JSON lines or rows of CSV, one at a time, each bounded."""

from __future__ import annotations

import csv
import itertools
import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Literal, NamedTuple

from genie.config.source_map import suggestion
from genie.errors import InputError

Format = Literal["text", "jsonl", "csv"]

MAX_LINE_BYTES = 4 << 20
"""Longest line that is read; longer lines are skipped and reported."""
_SNIFFED = 8192
"""Bytes at the beginning of a file in which NUL means that it is not text."""
MAX_DEPTH = 32
"""Deepest level of a JSON object that is read."""
MAX_FIELDS = 1000
"""Most strings of one record; a record with more is reported and skipped."""

_BY_SUFFIX: dict[str, Format] = {
    ".csv": "csv", ".tsv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".txt": "text", ".log": "text", ".md": "text",
}  # fmt: skip
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


class Record(NamedTuple):
    """One line, object or row."""

    line: int
    """First line of the record in the file, from 1."""
    texts: tuple[tuple[str, str], ...]
    """Field and string; the field of a line of text is empty."""
    problem: str = ""
    """Why the record could not be read; it then has no texts."""


class Lines:
    """The decoded lines of a file: UTF-8, or Latin-1 when a line is not UTF-8.

    Args:
        name: Name of the file in errors.
        file: A binary file that is open for reading.

    Raises:
        InputError: The file is UTF-16 or UTF-32.
    """

    def __init__(self, name: str, file: IO[bytes]) -> None:
        self._file = file
        self.name = name
        self.latin = 0
        """Number of lines that are not UTF-8."""
        self.number = 0
        """Number of the line that was read last."""
        head = file.readline(MAX_LINE_BYTES + 1)
        if head[:2] in {b"\xff\xfe", b"\xfe\xff"} or head[:4] == b"\x00\x00\xfe\xff":
            raise InputError(name, "is UTF-16 or UTF-32", "save it as UTF-8")
        self._ahead = [head.removeprefix(b"\xef\xbb\xbf")]
        while sum(map(len, self._ahead)) < _SNIFFED and self._ahead[-1].endswith(b"\n"):
            self._ahead.append(file.readline(MAX_LINE_BYTES + 1))
        self.binary = any(b"\0" in line for line in self._ahead)
        """The file begins with bytes that are not text."""

    def peek(self, count: int) -> list[str]:
        """Return the first lines without consuming them."""
        while len(self._ahead) < count and self._ahead[-1]:
            self._ahead.append(self._file.readline(MAX_LINE_BYTES + 1))
        return [line.decode("utf-8", "replace").rstrip("\r\n") for line in self._ahead[:count] if line]

    def __iter__(self) -> Iterator[str | None]:
        """Yield each line with its line break; None for a line that is too long."""
        while True:
            raw = self._ahead.pop(0) if self._ahead else self._file.readline(MAX_LINE_BYTES + 1)
            if not raw:
                return
            self.number += 1
            if len(raw) > MAX_LINE_BYTES and not raw.endswith(b"\n"):
                while raw and not raw.endswith(b"\n"):
                    raw = self._file.readline(1 << 20)
                yield None
                continue
            yield self._decoded(raw)

    def _decoded(self, raw: bytes) -> str:
        try:
            return raw.decode()
        except UnicodeDecodeError:
            self.latin += 1
            return raw.decode("latin-1")


@contextmanager
def opened(path: str) -> Iterator[Lines]:
    """Open a file, or standard input for ``-``.

    Raises:
        InputError: The file is missing, a folder, or cannot be read.
    """
    if path == "-":
        yield Lines("standard input", sys.stdin.buffer)
        return
    try:
        with Path(path).open("rb") as file:
            yield Lines(path, file)
    except FileNotFoundError:
        raise InputError(path, "there is no such file") from None
    except IsADirectoryError:
        raise InputError(path, "is a folder", "name a file in it") from None
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})", "check the path") from None


def format_of(path: str, lines: Lines) -> Format:
    """Return the format of a file, from its suffix or its first two lines; text by default."""
    known = _BY_SUFFIX.get(Path(path).suffix.lower())
    if known is not None:
        return known
    head = lines.peek(2)
    first = head[0].strip() if head else ""
    if first.startswith("{"):
        try:
            return "jsonl" if isinstance(json.loads(first), dict) else "text"
        except (ValueError, RecursionError):
            return "text"
    cells = first.split(_delimiter(first))
    telling = len(head) == 2 and len(cells) >= 2 and all(_NAME.match(cell) for cell in cells)
    return (
        "csv" if telling and len(next(csv.reader(head[1:], delimiter=_delimiter(first)), ())) == len(cells) else "text"
    )


def records(lines: Lines, form: Format, field: str | None) -> Iterator[Record]:
    """Yield the records of a file; only one record is in memory at a time.

    Args:
        lines: The file.
        form: The format.
        field: The only field to read: a column, a key, or keys joined by dots. None means every string.

    Raises:
        InputError: A CSV file has no header or no column ``field``, or a field is named for text.
    """
    if form == "text":
        if field is not None:
            raise InputError(lines.name, "is read as text, which has no fields", "omit --field, or pass --format")
        yield from _text(lines)
    elif form == "jsonl":
        yield from _objects(lines, field)
    else:
        yield from _rows(lines, field)


_TOO_LONG = f"is longer than {MAX_LINE_BYTES >> 20} MB"


def _text(lines: Lines) -> Iterator[Record]:
    for line in lines:
        if line is None:
            yield Record(lines.number, (), _TOO_LONG)
        else:
            yield Record(lines.number, (("", line.rstrip("\r\n")),))


# --- JSON lines ---


def _objects(lines: Lines, field: str | None) -> Iterator[Record]:
    for line in lines:
        if line is None:
            yield Record(lines.number, (), _TOO_LONG)
        elif line.strip():
            yield _object(lines.number, line, field)


def _object(number: int, line: str, field: str | None) -> Record:
    try:
        value = json.loads(line)
    except RecursionError:
        return Record(number, (), f"is nested deeper than {MAX_DEPTH} levels")
    except ValueError as error:
        why = f"column {error.colno}" if isinstance(error, json.JSONDecodeError) else "a number is too long"
        return Record(number, (), f"is not JSON ({why})")
    if field is not None:
        found = _at(value, field)
        if found is None:
            known = sorted(value) if isinstance(value, dict) else []
            return Record(number, (), f"has no field {field!r}{suggestion(field, known)}")
        value = found
    texts = tuple(itertools.islice(_strings(value, field or "", MAX_DEPTH), MAX_FIELDS + 1))
    if any(text is None for _, text in texts):
        return Record(number, (), f"is nested deeper than {MAX_DEPTH} levels")
    if len(texts) > MAX_FIELDS:
        return Record(number, (), f"has more than {MAX_FIELDS} strings; choose one with --field")
    return Record(number, tuple((name, text) for name, text in texts if text is not None))


def _at(value: object, field: str) -> object:
    if isinstance(value, dict) and field in value:
        return value[field]
    for key in field.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _strings(value: object, name: str, depth: int) -> Iterator[tuple[str, str | None]]:
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, (dict, list)):
        if not depth:
            yield name, None
            return
        parts = value.items() if isinstance(value, dict) else enumerate(value)
        for key, part in parts:
            yield from _strings(part, f"{name}.{key}" if name else str(key), depth - 1)


# --- CSV ---


def _delimiter(header: str) -> str:
    return max(",;\t|", key=header.count)


class _Taken:
    """The lines that the CSV reader consumes; it keeps the first line of a row."""

    def __init__(self, lines: Lines) -> None:
        self._lines = iter(lines)
        self.first = 0
        self.long = False
        self.size = 0
        self._owner = lines

    def __iter__(self) -> _Taken:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        if not self.first:
            self.first = self._owner.number
        if line is None:
            self.long = True
            return "\n"
        self.size += len(line)
        if self.size > MAX_LINE_BYTES:  # an unclosed quote would read the rest of the file into one row
            raise csv.Error(f"a row {_TOO_LONG}")
        return line.replace("\0", "\ufffd")


def _rows(lines: Lines, field: str | None) -> Iterator[Record]:
    csv.field_size_limit(MAX_LINE_BYTES)
    header_line = lines.peek(1)
    taken = _Taken(lines)
    reader = csv.reader(taken, delimiter=_delimiter(header_line[0] if header_line else ""))
    header = [name.strip() for name in next(reader, [])]
    if not any(header):
        raise InputError(lines.name, "has no header", "the first line of a CSV file names its columns")
    if field is not None and field not in header:
        raise InputError(
            lines.name, f"has no column {field!r}{suggestion(field, header)}", f"it has {', '.join(header[:20])}"
        )
    while True:
        taken.first, taken.long, taken.size = 0, False, 0
        try:
            row = next(reader, None)
        except csv.Error as error:
            yield Record(taken.first, (), f"is not a CSV row ({error})")
            if taken.size > MAX_LINE_BYTES:
                reader = csv.reader(taken, delimiter=_delimiter(header_line[0]))
            continue
        if row is None:
            return
        if taken.long or len(row) > len(header):
            why = _TOO_LONG if taken.long else f"has {len(row)} cells, the header {len(header)}"
            yield Record(taken.first, (), why)
        elif row:
            yield Record(
                taken.first,
                tuple((name, cell) for name, cell in zip(header, row, strict=False) if field in {None, name}),
            )
