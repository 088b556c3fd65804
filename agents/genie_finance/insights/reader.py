"""The statement reader: converts a bank export of any format to exact transactions."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from typing import Final

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie.errors import InputError
from genie_finance.contracts.statements import (
    Form,
    StatementFile,
    StatementProfile,
    StatementReading,
    StatementReceived,
    UnreadFile,
)
from genie_finance.insights.reading.accounts import Part, merged
from genie_finance.insights.reading.choices import Choices
from genie_finance.insights.reading.dialect import MAX_LINES
from genie_finance.insights.reading.encoding import MAX_BYTES
from genie_finance.insights.reading.forms import form_of
from genie_finance.insights.reading.tabular import read_csv

__all__ = ["MAX_BYTES", "MAX_LINES", "read_files", "read_statement", "statement_reader"]

_Read = Callable[[str, bytes, StatementProfile, Choices], StatementReading]
_READERS: Final[dict[Form, tuple[str, str]]] = {
    "ofx": ("ofx", "read_ofx"),
    "mt940": ("swift", "read_mt940"),
    "camt": ("camt", "read_camt"),
    "xlsx": ("workbook", "read_xlsx"),
    "html": ("markup", "read_html"),
    "qif": ("qif", "read_qif"),
}
"""Module of `genie_finance.insights.reading` and function for each format except CSV, imported at its first use."""
_LONGEST_NAME = 120


def read_statement(filename: str, content: bytes, profile: StatementProfile | None = None) -> StatementReading:
    """Return the transactions of a bank's export, in the file's order, with every assumption.

    The content determines the format: CSV, OFX, MT940, CAMT.053, XLSX, QIF or tables in HTML. Where the file is
    ambiguous, the reader chooses and reports an assumption with the profile line that decides it. A row or an entry
    that cannot be read is quarantined with its line and reason. Balances in the file are checked, but never change an
    amount.

    Args:
        filename: How messages name the file.
        content: The file, up to 20 MB.
        profile: Known properties of the bank's format; each given field overrides what the file suggests.

    Raises:
        InputError: The file is none of these, has no transactions, more than half of its rows cannot be read, the
            profile does not fit it, or a library that it needs is not installed. The error quotes header names, never
            the content of a row.
    """
    return _read(_shown(filename), content, profile, Choices())


def _read(name: str, content: bytes, profile: StatementProfile | None, choices: Choices) -> StatementReading:
    return _reader(form_of(content))(name, content, profile or StatementProfile(), choices)


def _reader(form: Form) -> _Read:
    if form == "csv":
        return read_csv
    module, name = _READERS[form]
    read: _Read = getattr(importlib.import_module(f"genie_finance.insights.reading.{module}"), name)
    return read


def read_files(files: Sequence[StatementFile]) -> StatementReading:
    """Return the transactions of one file, or of several of the same or of different accounts as one statement.

    A file among several that cannot be read is named in ``unread``, and the others are read.

    Raises:
        InputError: None of them can be read; the reason is that of the first one.
    """
    if len(files) == 1:
        return read_statement(files[0].filename, files[0].content, files[0].profile)
    parts: list[Part] = []
    unread: list[UnreadFile] = []
    for name, file in zip(_distinct([_shown(file.filename) for file in files]), files, strict=True):
        try:
            parts.append(Part(name, _read(name, file.content, file.profile, Choices(name)), file.content))
        except InputError as error:
            why = f"{error.problem}; {error.remedy}" if error.remedy else error.problem
            unread.append(UnreadFile(file=name, reason=why))
    if not parts:
        others = f"; nor can the other {len(unread) - 1} be read" if len(unread) > 1 else ""
        raise InputError(unread[0].file, unread[0].reason + others)
    return merged(parts).model_copy(update={"unread": tuple(unread)})


def _shown(filename: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in filename[-_LONGEST_NAME:]) or "statement"


def _distinct(names: Sequence[str]) -> list[str]:
    """Return the names; equal names are numbered."""
    found: list[str] = []
    for name in names:
        number, shown = 1, name
        while shown in found:
            number += 1
            shown = f"{name} ({number})"
        found.append(shown)
    return found


@agent(
    id="statement_reader",
    capabilities=("statement.read",),
    risk=Risk.MEDIUM,
    tier=Tier.PRODUCTION,
    clearance="restricted",
)
async def statement_reader(received: StatementReceived) -> StatementReading:
    """Reads bank exports of any format into exact transactions; reports every assumption and unreadable row."""
    return read_files(received.received())
