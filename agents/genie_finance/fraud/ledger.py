"""Ledger: reads transfers of many accounts from a CSV file, either every line or none."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

from pydantic import ValidationError

from genie.contracts.problems import place_in, problem_of
from genie.errors import InputError
from genie_finance.contracts.money import Money
from genie_finance.contracts.transfers import MOST_TRANSFERS, Transfer

REQUIRED = ("transaction_id", "timestamp", "sender", "recipient", "amount", "channel")
"""Columns that a ledger must have; ``sender`` or ``recipient`` may be empty for cash."""
OPTIONAL = (
    "currency", "category", "device_id", "latitude", "longitude", "sender_country", "recipient_country",
)  # fmt: skip
_MOST_LINE = 10_000
_SHOWN = 5


def read(content: bytes, filename: str) -> tuple[Transfer, ...]:
    """Return the transfers of a file in its order.

    One invalid line rejects the whole file, since one missing transfer can hide a ring. Amounts have no thousands
    separators; without a currency column they are rupees.

    Raises:
        InputError: It is not CSV in UTF-8, lacks a column, has an unknown one, has too many lines, or a line that
            cannot be read; it names the line, and never quotes it.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(filename, f"is not UTF-8 at byte {error.start:,}", "save it as UTF-8") from None
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    found: list[Transfer] = []
    problems: list[str] = []
    amounts: dict[tuple[str, str], Money] = {}
    try:
        header = _header(next(rows, []), filename)
        for row in rows:
            if not row:
                continue
            if len(found) + len(problems) >= MOST_TRANSFERS:
                raise InputError(filename, f"has more than {MOST_TRANSFERS:,} transfers", "split it by month")
            try:
                found.append(_transfer(row, header, amounts))
            except (ValueError, InvalidOperation) as error:  # pydantic's ValidationError is a ValueError
                problems.append(f"line {rows.line_num}: {_named(error)}")
    except csv.Error:
        raise InputError(filename, f"line {rows.line_num} is not CSV", "quote cells as RFC 4180 requires") from None
    if problems:
        more = f" and {len(problems) - _SHOWN:,} more" if len(problems) > _SHOWN else ""
        raise InputError(filename, "; ".join(problems[:_SHOWN]) + more, "correct the lines")
    return tuple(found)


def _header(cells: Sequence[str], filename: str) -> Sequence[str]:
    names = [cell.strip().lower() for cell in cells]
    missing = [name for name in REQUIRED if name not in names]
    unknown = [name for name in names if name not in {*REQUIRED, *OPTIONAL}]
    if missing:
        raise InputError(filename, f"lacks the columns {', '.join(missing)}", f"give {', '.join(REQUIRED)}")
    if unknown or len(set(names)) < len(names):
        raise InputError(filename, "has an unknown or duplicate column", f"known are {', '.join(OPTIONAL)}")
    return names


def _transfer(row: Sequence[str], header: Sequence[str], amounts: dict[tuple[str, str], Money]) -> Transfer:
    if len(row) != len(header):
        raise ValueError(f"has {len(row)} cells, not {len(header)}")
    if sum(map(len, row)) > _MOST_LINE:
        raise ValueError(f"has more than {_MOST_LINE:,} characters")
    fields: dict[str, object] = {"sender": None, "recipient": None}
    fields |= {name: text for name, cell in zip(header, row, strict=True) if (text := cell.strip())}
    written = (str(fields.pop("amount", "")), str(fields.pop("currency", "INR")))
    money = amounts.get(written)
    if money is None:
        money = amounts[written] = Money.of(Decimal(written[0]), written[1])
    fields["amount"] = money
    fields["channel"] = str(fields.get("channel", "")).lower()
    if "latitude" in fields or "longitude" in fields:
        fields["place"] = {name: fields.pop(name, None) for name in ("latitude", "longitude")}
    return Transfer.model_validate(fields)


def _named(error: ValueError | InvalidOperation) -> str:
    """Return a description of the problem that quotes nothing of the line."""
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_input=False)[0]
        return f"{place_in(first, 'the transfer')}: {problem_of(first)}"
    if isinstance(error, InvalidOperation):
        return "amount: is not a number"
    text = str(error)
    return text if text.startswith("has ") else "an amount or a place cannot be read"
