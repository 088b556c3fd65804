"""Parts of a report, made from the fields of a payload: a renderer names fields; this module formats and arranges them.

Every function returns None if there is nothing to show; ``section`` and ``sections`` leave out None, so a report has no
empty heading. ``docs/report.md`` shows a renderer.
"""

from __future__ import annotations

import datetime
import hashlib
import re
import types
import typing
from dataclasses import dataclass, field
from decimal import Context, Decimal, InvalidOperation
from typing import TYPE_CHECKING, Literal, NamedTuple

from genie.contracts.message import Value
from genie.contracts.rendering import (
    Bar,
    Block,
    Card,
    Chart,
    Column,
    Facts,
    Figure,
    Lines,
    Paragraph,
    Section,
    Table,
    Text,
    Tile,
    Tiles,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

IST = datetime.timezone(datetime.timedelta(hours=5, minutes=30), "IST")
"""Indian Standard Time; it has no summer time."""
NO_CURRENCY = "XXX"
"""ISO 4217 code of amounts without a currency, which people do not read."""
MOST_POINTS = 60
MOST_BARS = 12
MOST_DIGITS = 30
"""Digits before or after the point beyond which text is not treated as a number."""
_WIDE = Context(prec=2 * MOST_DIGITS)
LARGEST_BITS = 1_000
"""Size beyond which an integer is not written out."""
MOST_LISTED = 6
"""Number of items of a tuple shown in a terminal cell."""
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAY = re.compile(r"(?<![\w@./-])(\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])(?![\w-])", re.ASCII)
_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)
_MONTH_ALONE = re.compile(r"(?<![\w@./-])\d{4}-(?:0[1-9]|1[0-2])(?![\w-])", re.ASCII)
_SPELT = {word.lower(): word for word in (
    "AA", "Aadhaar", "BIC", "CRR", "EMI", "GST", "GSTIN", "IBAN", "IFSC", "IMPS", "KYC", "LCR", "MSF", "NEFT", "PAN",
    "RTGS", "SDF", "SLR", "Udyam", "UPI", "VAT",
)} | {
    "level1": "level 1", "level2a": "level 2A", "level2b": "level 2B", "govsec": "government securities",
    "corp": "corporate", "pct": "percent", "bp": "basis points",
}  # fmt: skip
"""Names and abbreviations in a name or code that keep their capital letters."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field and how to show it."""

    path: str
    """Names on the path from the value to the field, joined by dots."""
    title: str = ""
    """By default, the last name of the path in words."""
    unit: str = ""
    """``%`` and any other word follow the number; ``share`` is a fraction in percent, ``interval`` two of them;
    ``IST`` is the zone of a time; ``month`` is a text such as ``2026-04``; ``words`` is a code whose underscores become
    spaces; ``text`` is shown as it is."""
    words: Mapping[str, str] | Callable[[str], str] | None = None
    """Display names of codes."""
    note: str = ""
    """What stands below a tile."""

    @property
    def heading(self) -> str:
        """The title, or the last name of the path in words."""
        return self.title or words_of(self.path.rpartition(".")[2])

    def of(self, value: object) -> object:
        """Return a field of a value; None if its path ends early."""
        for name in self.path.split("."):
            value = getattr(value, name, None)
        return value

    def text(self, value: object) -> str:
        """Return a field of a value as text; empty if there is nothing to show."""
        found = self.of(value)
        if is_empty(found):
            return ""
        if not isinstance(found, tuple | frozenset):
            return self._one(found, value)
        parts = [self._one(one, value) for one in found]
        between = " to " if self.unit == "interval" else ", "
        return between.join(sorted(parts) if isinstance(found, frozenset) else parts)

    def _is_code(self, value: object) -> bool:
        """Return whether the field holds codes: string literals, whose underscores become spaces."""
        *way, name = self.path.split(".")
        for step in way:
            value = getattr(value, step, None)
        return _holds_code(value, name)

    def _one(self, found: object, owner: object) -> str:
        if isinstance(found, str) and self.words is not None:
            return self.words(found) if callable(self.words) else self.words.get(found, words_of(found))
        match self.unit:
            case "":
                return words_of(found) if isinstance(found, str) and self._is_code(owner) else text_of(found)
            case "share" | "interval":
                return f"{_number(_percent(found))} %"
            case "IST" if isinstance(found, datetime.datetime):
                return moment_of(found, IST)
            case "month":
                return month_of(str(found))
            case "words":
                return words_of(str(found))
            case "text":
                return str(found)
            case _:
                return counted(found, self.unit)


F = Field


class Named(NamedTuple):
    """A value under a prefix name; its fields are ``value.…``."""

    name: str
    value: object


# --- values as text ---


def words_of(code: str) -> str:
    """Return a name or code in words: ``approve_partial`` is ``approve partial``, ``pan_form`` is ``PAN form``."""
    return " ".join(_SPELT.get(word, word) for word in code.replace("_", " ").split(" "))


def day_of(day: datetime.date) -> str:
    """Return a date as people write it: ``5 Apr 2026``."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year:04d}"


def moment_of(at: datetime.datetime, zone: datetime.tzinfo | None = None) -> str:
    """Return a date and time with its zone; UTC unless a zone is given."""
    if at.tzinfo is None:
        return f"{day_of(at)}, {at:%H:%M}"
    try:
        there = at.astimezone(zone or datetime.UTC)
    except OverflowError:  # the first or last day of the calendar
        there = at
    return f"{day_of(there)}, {there:%H:%M} {there.tzname()}"


def month_of(text: str) -> str:
    """Return ``2026-04`` as ``Apr 2026``; other text as it is."""
    found = _MONTH.fullmatch(text)
    return f"{_MONTHS[int(found[2]) - 1]} {found[1]}" if found else text


def dated(text: str) -> str:
    """Return a sentence with its ISO dates as people write dates; dates inside identifiers stay."""
    return _DAY.sub(lambda found: f"{int(found[3])} {_MONTHS[int(found[2]) - 1]} {found[1]}", text)


def with_months(text: str) -> str:
    """Return a sentence with its ISO dates and its months, such as ``2026-10``, as people write them."""
    return _MONTH_ALONE.sub(lambda found: month_of(found[0]), dated(text))


def counted(value: object, unit: str) -> str:
    """Return a number with its unit; the plural loses its ``s`` at 1."""
    number = _number(value)
    return f"{number} {unit.removesuffix('s') if number == '1' else unit}"


def text_of(value: object) -> str:  # noqa: PLR0911 - one case for each kind of value
    """Return any value of a payload as text."""
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case int() if value.bit_length() > LARGEST_BITS:
            return f"a number of {value.bit_length():,} bits"
        case int() | Decimal():
            return f"{value:,}"
        case datetime.datetime():
            return moment_of(value)
        case datetime.date():
            return day_of(value)
        case bytes():
            return f"{len(value):,} bytes, SHA-256 {hashlib.sha256(value).hexdigest()}"
        case tuple() | frozenset():
            texts = sorted(map(text_of, value)) if isinstance(value, frozenset) else map(text_of, value)
            return ", ".join(texts) or "-"
        case Value() if has_fields(value):
            shown = ((name, getattr(value, name)) for name in type(value).model_fields)
            return "; ".join(f"{words_of(name)}: {text_of(one)}" for name, one in shown if not is_empty(one))
        case _:
            return str(value)


def has_fields(value: object) -> bool:
    """Return whether a value is shown field by field because it has no text form of its own, unlike an amount."""
    return isinstance(value, Value) and "__str__" not in vars(type(value))


def is_number(value: object) -> bool:
    """Return whether a column of such values is aligned to the right."""
    if isinstance(value, Value):
        return not has_fields(value) and hasattr(value, "currency")
    return value is None or (isinstance(value, (int, float, Decimal)) and not isinstance(value, bool))


def is_empty(value: object) -> bool:
    """Return whether a value has nothing to show."""
    return value is None or (isinstance(value, (str, tuple, frozenset)) and not value)


def _number(value: object) -> str:
    """Return a number, or numeric text, with separators; other text unchanged."""
    if isinstance(value, (int, Decimal)):
        return text_of(value)
    number = _decimal(value)
    return str(value) if number is None else f"{number:,f}"


def _decimal(value: object) -> Decimal | None:
    """Parse a number or a text; None if it is not a number, or has more digits than people read."""
    try:
        number = Decimal(str(value))
    except (InvalidOperation, ValueError):  # an integer of thousands of digits cannot be converted to text
        return None
    return number if number.is_finite() and (not number or abs(number.adjusted()) <= MOST_DIGITS) else None


def _percent(share: object) -> object:
    number = _decimal(share)
    if number is None:
        return share
    return (number * 100).quantize(Decimal("0.01"), context=_WIDE).normalize(_WIDE) + 0


def _holds_code(owner: object, name: str) -> bool:
    """Return whether the values of a field are codes, that is, string literals."""
    info = getattr(type(owner), "model_fields", {}).get(name)
    return info is not None and _is_code(info.annotation)


def _is_code(annotation: object) -> bool:
    origin = typing.get_origin(annotation)
    if origin in {typing.Union, types.UnionType}:
        return any(_is_code(one) for one in typing.get_args(annotation))
    return origin is Literal


# --- parts ---


def facts(value: object, *fields: Field) -> Facts | None:
    """Return names with values; those without a value are left out."""
    pairs = tuple((one.heading, text) for one in fields if (text := one.text(value)))
    return Facts(pairs) if pairs else None


def tiles(value: object, *fields: Field) -> Tiles | None:
    """Return large figures; those without a value are left out."""
    shown = tuple(_tile(one, one.of(value), text) for one in fields if (text := one.text(value)))
    return Tiles(shown) if shown else None


def _tile(one: Field, found: object, text: str) -> Tile:
    currency = getattr(found, "currency", None)
    if isinstance(currency, str) and text.endswith(f" {currency}"):
        return Tile(one.heading, text.removesuffix(f" {currency}"), one.note, currency)
    return Tile(one.heading, text, one.note)


def lines(items: Iterable[str]) -> Lines | None:
    """Return sentences as a list."""
    shown = tuple(dated(item) for item in dict.fromkeys(items) if item)
    return Lines(shown) if shown else None


def letter(text: str) -> Paragraph | None:
    """Return a text with its line breaks, as it would be sent."""
    return Paragraph(text, "letter") if text.strip() else None


def note(text: str) -> Paragraph | None:
    """Return a remark in small print."""
    return Paragraph(dated(text), "note") if text else None


def rows(caption: str, values: Iterable[object], *fields: Field) -> Table | None:
    """Return values as a table; empty columns are left out, and a common currency is stated once, above the column."""
    found = tuple(values)
    kept = [one for one in fields if any(one.text(value) for value in found)]
    if not found or not kept:
        return None
    columns, cells = [], []
    for one in kept:
        column, texts = _column(one, found)
        columns.append(column)
        cells.append(texts)
    return Table(caption, tuple(columns), tuple(zip(*cells, strict=True)))


def _column(one: Field, values: Sequence[object]) -> tuple[Column, list[Text | None]]:
    found = [one.of(value) for value in values]
    currencies = {getattr(value, "currency", None) for value in found if value is not None}
    currency = currencies.pop() if len(currencies) == 1 else None
    if isinstance(currency, str):
        amounts = [getattr(value, "amount", None) for value in found]
        texts = [None if amount is None else Text(f"{amount:,}") for amount in amounts]
        heading = one.heading if currency == NO_CURRENCY else f"{one.heading}, {currency}"
        return Column(heading, number=True), texts
    counts = one.unit not in {"", "month", "words", "text", "IST"} and one.words is None
    number = counts or (one.unit == "" and one.words is None and all(map(is_number, found)))
    whole = all(value is None or isinstance(value, datetime.date) for value in found) or one.unit == "month"
    return Column(one.heading, number=number, whole=whole), [_cell(one, value) for value in values]


def _cell(one: Field, value: object) -> Text | None:
    text = one.text(value)
    found = one.of(value)
    if isinstance(found, tuple) and len(found) > 1 and all(map(has_fields, found)):
        return Text(text, brief=f"{len(found)} entries")
    if isinstance(found, tuple) and len(found) > MOST_LISTED:
        return Text(text, brief=", ".join(map(text_of, found[:MOST_LISTED])) + f", … ({len(found)} in all)")
    return Text(text) if text else None


def card(title: str, *blocks: Block | None, wide: bool = False) -> Card | None:
    """Return blocks under a small heading."""
    kept = tuple(block for block in blocks if block is not None)
    return Card(title, kept, wide=wide) if kept else None


def section(title: str, *blocks: Block | None, vital: bool = False) -> Section | None:
    """Return blocks under a heading."""
    kept = tuple(block for block in blocks if block is not None)
    return Section(title, kept, vital=vital) if kept else None


def sections(*found: Section | None) -> tuple[Section, ...]:
    """Return the sections that have something to show."""
    return tuple(one for one in found if one is not None)


# --- charts ---


@dataclass(frozen=True, slots=True)
class Series:
    """Fields of a series of values, plotted against one of them."""

    at: Field
    """The field of the axis: a day, a month, a bucket, a category."""
    bars: tuple[Field, ...] = ()
    lines: tuple[Field, ...] = ()
    beside: tuple[Field, ...] = field(default=())
    """Columns of the table that are not drawn."""


def chart(
    name: str, title: str, values: Iterable[object], series: Series, *, remark: str = "", wide: bool = True
) -> Figure | None:
    """Return a series of values as a vertical bar and line chart, with its table.

    Args:
        name: Unique on a page: letters, digits and hyphens.
        title: Heading, and caption of the table.
        values: In the order of the axis; the first ``MOST_POINTS`` are drawn.
        series: What is drawn.
        remark: How to read it.
        wide: Whether the figure takes the whole width of a page.
    """
    found = tuple(values)
    table = rows(title, found, series.at, *series.bars, *series.lines, *series.beside)
    if table is None:
        return None
    shown = found[:MOST_POINTS]
    drawn = (*series.bars, *series.lines)
    spec = {
        "at": [series.at.text(one) for one in shown], "unit": _unit_of(drawn, shown),
        "bars": [[one.heading, [_exact(one, value) for value in shown]] for one in series.bars],
        "lines": [[one.heading, [_exact(one, value) for value in shown]] for one in series.lines],
    }  # fmt: skip
    marks = [*zip(("income", "spending", "bad"), series.bars, strict=False)]
    marks += zip(("net", "p99", "bare"), series.lines, strict=False)
    told = Chart(
        "columns", spec,
        says=f"{title}: {', '.join(one.heading for one in drawn)} at {len(shown)} points. The table has every figure.",
        keys=tuple((mark, one.heading) for mark, one in marks),
        note=_left_out(len(shown), len(found)),
    )  # fmt: skip
    return Figure(name, title, _with_bar(table, drawn[0], found), remark, told if len(shown) > 1 else None, wide)


def bars(
    name: str, title: str, values: Iterable[object], label: Field, size: Field, *beside: Field, remark: str = "",
    wide: bool = True,
) -> Figure | None:  # fmt: skip
    """Return values as horizontal bars, at most ``MOST_BARS`` of them, with their table."""
    found = tuple(values)
    table = rows(title, found, label, size, *beside)
    if table is None:
        return None
    shown = [one for one in found[:MOST_BARS] if size.text(one)]
    unit = _unit_of((size,), shown)
    told = Chart(
        "bars", {"names": [label.text(one) for one in shown], "sizes": [_exact(size, one) for one in shown],
        "unit": unit},
        says=f"{title}: {', '.join(f'{label.text(one)} {size.text(one)}' for one in shown[:5])}.",
        note=_left_out(len(shown), len(found)),
    )  # fmt: skip
    positive = all(not str(_exact(size, one)).startswith("-") for one in shown)
    drawn = told if len(shown) > 1 and positive else None
    return Figure(name, title, _with_bar(table, size, found), remark, drawn, wide)


def _left_out(shown: int, every: int) -> str:
    return f"The chart shows {shown} of {every:,}; the table has more." if shown < every else ""


def _exact(one: Field, value: object) -> str | None:
    """Return a number as decimal text, for a chart."""
    found = one.of(value)
    if one.unit == "share":
        found = _percent(found)
    number = _decimal(getattr(found, "amount", found))
    return None if number is None else f"{number:f}"


def _unit_of(fields: Iterable[Field], values: Sequence[object]) -> str:
    one = next(iter(fields))
    currencies = {getattr(one.of(value), "currency", "") for value in values}
    if len(currencies) == 1 and (currency := currencies.pop()):
        return "" if currency == NO_CURRENCY else str(currency)
    return "%" if one.unit == "share" else one.unit


def _with_bar(table: Table, one: Field, values: Sequence[object]) -> Table:
    """Return a table with a bar at the end of each row on a terminal."""
    sizes = [Decimal(_exact(one, value) or 0) for value in values]
    largest = max(map(abs, sizes), default=Decimal(0))
    drawn = (Bar(abs(size), largest, "bad" if size < 0 else "", 16) for size in sizes)
    return Table(
        table.caption, (*table.columns, Column("", only="terminal")),
        tuple((*row, bar) for row, bar in zip(table.rows, drawn, strict=True)),
    )  # fmt: skip
