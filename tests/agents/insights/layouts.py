"""Bank exports written from a table of layouts (`tests/corpora/statements`), and what a reader must find in them."""

from __future__ import annotations

import csv
import datetime
import io
import itertools
import random
import tomllib
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from genie.errors import InputError
from genie_finance.contracts.statements import StatementReading
from genie_finance.insights.reader import read_statement
from tests.agents.insights import layout_forms

CORPUS = Path(__file__).parents[2] / "corpora" / "statements"
_TEXTS = (
    "Grocer Muller", "City transport", "Bakery 24", "Electric company", "Cafe Roma", "Book shop", "Mobile phone plan",
    "Rent flat 7", "Pharmacy", "Gym", "Cinema", "Hardware store",
)  # fmt: skip
_WORDS = {
    "": _TEXTS,
    "tricky": (
        'Cafe "Roma", Via 3', "Rent 03.02.2025 EUR 12,50", "Shop; aisle 4 | till 2", "1,250.00 paid in two",
        "Transfer 2025-02-11 ref 00071", "-", "Refund? no, 12/11/2024", "=SUM(A1)", "Balance sheet printing",
        "Debit card 4.99", "Total Fitness", "O'Brien & Sons",
    ),
    "lines": ("Grocer\nMuller\n10115 Berlin", "City transport", "Bakery 24\r\nBranch, 7", "Electric company\n"),
}  # fmt: skip
"""Pools of narrations: plain ones, ones with what misleads a reader, ones of several lines."""
_WHOLE = frozenset({"JPY", "XOF", "UGX", "XAF", "RWF", "KRW", "CLP", "ISK", "VND", "PYG"})
_THREE = frozenset({"KWD", "BHD", "OMR", "TND", "JOD"})
_SCALE = {"JPY": 100, "KRW": 1000, "CLP": 900, "ISK": 100, "VND": 20000, "IDR": 10000, "HUF": 300, "COP": 4000}
_RATE = Decimal("1.25")


@dataclass
class Row:
    """One row of an export."""

    date: datetime.date
    value_date: datetime.date
    text: str
    amount: Decimal
    fee: Decimal
    status: str
    booked: bool
    balance: Decimal = Decimal(0)
    foreign: tuple[Decimal, str] | None = None
    number: int = 0
    closes_day: bool = False
    closing: Decimal = Decimal(0)
    plain: bool = False
    """A balance with its words: no movement."""


@dataclass
class Expected:
    """What is in the file."""

    bookings: int
    money_in: Decimal
    money_out: Decimal
    currencies: frozenset[str]
    first: datetime.date
    last: datetime.date
    dates: list[datetime.date]
    closing: Decimal | None


@dataclass
class Layout:
    """One layout of the corpus; every field but the first three may be left out."""

    id: str
    cols: list[tuple[str, str]]
    cur: str
    sep: str = ","
    enc: str = "utf-8"
    date: str = "%d/%m/%Y"
    months: str = ""
    dec: str = "."
    group: str = ""
    order: str = "old"
    header: bool = True
    quote: str = "min"
    prefix: str = ""
    suffix: str = ""
    sign: str = "front"
    """``front`` (-5.00, before a prefix), ``inner`` ($-5.00), ``trail`` (5.00-), ``both`` (also 5.00+), ``paren``."""
    pre: str = ""
    foot: str = ""
    status: str = ""
    card: str = ""
    """Text of the payments of a card statement; its rows are mostly purchases."""
    salary: str = "Salary ACME Ltd"
    fees: bool = False
    foreign: str = ""
    """Currency of a quarter of the rows; ``blank:USD`` leaves the other rows' cells empty."""
    stated: str = ""
    """Currency that a reader can find in the file; empty for ``cur``, ``none`` for none."""
    rows: int = 14
    last_sep: bool = False
    step: int = 3
    seed: str = ""
    words: str = ""
    """Pool of narrations: ``tricky`` (numbers, days, commas, quotes), ``lines`` (of several lines)."""
    texts: str = ""
    """Narrations of this bank's own, separated by ``|``."""
    page: int = 0
    """Rows of a page; ``between`` stands after each page but the last, then the header again."""
    between: str = ""
    digits: str = ""
    """Digits of another script: its zero."""
    era: int = 0
    """Years that the calendar is ahead of the common one."""
    eol: str = "\r\n"
    minus: str = "-"
    cell: str = ""
    """How each cell is written, for example ``="{}"``."""
    opens: str = ""
    """Words of a first row with a balance alone."""
    closes: str = ""
    """Words of a last row with a balance alone."""
    daily: str = ""
    """Words of a row with a balance alone after each day."""
    form: str = ""
    """``xlsx``, ``html``, ``text``, ``ofx``, ``qif``, ``mt940`` or ``camt``; a delimited file without it."""


def layouts(name: str) -> list[Layout]:
    """Return the layouts of one file of the corpus."""
    found = tomllib.loads((CORPUS / name).read_text(encoding="utf-8"))
    return [_layout(key, value) for key, value in found.items()]


def _layout(key: str, value: dict[str, Any]) -> Layout:
    columns = [part.rsplit("=", 1) for part in value.pop("cols").split(" ; ")]
    return Layout(id=key, cols=[(name.strip(), what.strip()) for name, what in columns], **value)


def movements(layout: Layout) -> list[Row]:
    """Return the rows of a layout, oldest first; the same ones each time."""
    chance = random.Random(layout.seed or layout.id)
    scale = _SCALE.get(layout.cur, 1)
    cents = 1 if layout.cur in _WHOLE else 1000 if layout.cur in _THREE else 100
    words = [one.strip() for one in layout.status.split("|")] if layout.status else []
    when = datetime.date(2025, 2, 3)
    balance = Decimal(chance.randint(100000, 900000)) * scale / 100
    balance = balance.quantize(Decimal(1) / cents)
    rows = []
    for number in range(layout.rows):
        when += datetime.timedelta(days=chance.randint(0, 2 * layout.step))
        minor = chance.randint(3 * cents, 240 * cents)
        comes_in = number in {1, 6, 11} or (not layout.card and chance.random() < 0.12)
        if comes_in:
            minor = chance.randint(1000 * cents, 2900 * cents)
        amount = Decimal(minor * scale) / cents if comes_in else -Decimal(minor * scale) / cents
        amount = amount.quantize(Decimal(1) / cents)
        fee = Decimal(0)
        if layout.fees and number % 3 == 1:
            fee = (Decimal(chance.randint(10, 150)) * scale / 100).quantize(Decimal(1) / cents)
        foreign = None
        if layout.foreign and not comes_in and number % 4 == 2:
            foreign = ((amount / _RATE).quantize(Decimal("0.01")), layout.foreign.removeprefix("blank:"))
        pool = tuple(layout.texts.split("|")) if layout.texts else _WORDS[layout.words]
        text = (layout.card or layout.salary) if comes_in else chance.choice(pool)
        rows.append(
            Row(
                date=when, value_date=when + datetime.timedelta(days=number % 3), text=f"{text} {number + 1}",
                amount=amount, fee=fee, status=words[0] if words else "", booked=True, foreign=foreign,
                number=number + 1,
            )
        )  # fmt: skip
    for position, word in enumerate(words[1:], start=1):
        twin = rows[3 * position]
        rows.insert(
            3 * position,
            Row(
                date=twin.date, value_date=twin.date, text="Hotel deposit", amount=twin.amount - 100 * scale,
                fee=Decimal(0), status=word, booked=False,
            ),
        )  # fmt: skip
    for row, after in itertools.zip_longest(rows, rows[1:]):
        if row.booked:
            balance += row.amount - row.fee
        row.balance = balance
        row.closes_day = after is None or after.date != row.date
    for row in rows:
        row.closing = balance
    return rows


def expected(layout: Layout, rows: list[Row]) -> Expected:
    """Return what a right reading of these rows comes to."""
    net = any(what in {"fee", "feeneg", "net"} for _, what in layout.cols)
    booked = [row for row in rows if row.booked]
    amounts = [row.amount - (row.fee if net else 0) for row in booked]
    stated = {"": layout.cur, "none": "XXX"}.get(layout.stated, layout.stated)
    has_balance = any(what in {"bal", "balmark"} for _, what in layout.cols)
    return Expected(
        bookings=len(booked),
        money_in=sum((amount for amount in amounts if amount > 0), Decimal(0)),
        money_out=-sum((amount for amount in amounts if amount < 0), Decimal(0)),
        currencies=frozenset({stated}),
        first=booked[0].date,
        last=booked[-1].date,
        dates=sorted(row.date for row in booked),
        closing=booked[-1].balance if has_balance else None,
    )


def number(value: Decimal, layout: Layout, *, plus: bool = False) -> str:
    """Return an amount as the layout writes it."""
    digits = 0 if layout.cur in _WHOLE else 3 if layout.cur in _THREE else 2
    whole, _, fraction = f"{abs(value):.{digits}f}".partition(".")
    if layout.group == "IN":
        head, tail = whole[:-3], whole[-3:]
        parts = []
        while head:
            parts.insert(0, head[-2:])
            head = head[:-2]
        whole = ",".join([*parts, tail])
    elif layout.group:
        whole = f"{int(whole):,}".replace(",", layout.group)
    text = f"{whole}{layout.dec}{fraction}" if fraction else whole
    minus = layout.minus if value < 0 else "+" if plus or layout.sign == "both" else ""
    if layout.sign == "paren" and value < 0:
        return f"({layout.prefix}{text}{layout.suffix})"
    if layout.sign in {"trail", "both"}:
        return f"{layout.prefix}{text}{layout.suffix}{minus}"
    if layout.sign == "inner":
        return f"{layout.prefix}{minus}{text}{layout.suffix}"
    return f"{minus}{layout.prefix}{text}{layout.suffix}"


def day(value: datetime.date, layout: Layout, form: str = "") -> str:
    """Return a date as the layout writes it."""
    form = form or layout.date
    if form == "serial":
        return str((value - datetime.date(1899, 12, 30)).days)
    if layout.months:
        form = form.replace("%b", layout.months.split()[value.month - 1])
    if layout.era:
        form = form.replace("%Y", str(value.year + layout.era)).replace("%y", f"{(value.year + layout.era) % 100:02}")
    return datetime.datetime(value.year, value.month, value.day, 10, 41, 7, tzinfo=datetime.UTC).strftime(form)


def cell(row: Row, what: str, layout: Layout) -> str:  # noqa: PLR0911, PLR0912 - one branch a kind of cell
    """Return one cell of a row."""
    kind, _, more = what.partition(":")
    amount, out = row.amount, row.amount < 0
    home = layout.cur
    if row.plain and kind not in {"date", "vdate", "text", "bal", "cur", "balmark"}:
        return ""
    match kind:
        case "":
            return ""
        case "date":
            return day(row.date, layout, more)
        case "vdate":
            return day(row.value_date, layout, more)
        case "text":
            return row.text
        case "amt":
            return number(amount, layout)
        case "plus":
            return number(amount, layout, plus=True)
        case "neg":
            return number(-amount, layout)
        case "abs":
            return number(abs(amount), layout)
        case "suffixed":
            debit, credit = more.split("|")
            return number(abs(amount), layout) + (debit if out else credit)
        case "out":
            return number(-amount, layout) if out else more
        case "in":
            return more if out else number(amount, layout)
        case "outneg":
            return number(amount, layout) if out else more
        case "innet":
            return more if out else number(-amount, layout)
        case "bal":
            return number(row.balance, layout) if row.booked else ""
        case "daybal":
            return number(row.balance, layout) if row.closes_day else ""
        case "prebal":
            return number(row.balance - row.amount, layout)
        case "owed":
            return number(-row.balance, layout)
        case "balmark":
            return number(abs(row.balance), layout) + (more.split("|")[0 if row.balance < 0 else 1])
        case "mark":
            return more.split("|")[0 if out else 1]
        case "status":
            return row.status
        case "fee":
            return number(row.fee, layout)
        case "feeneg":
            return number(-row.fee, layout)
        case "net":
            return number(row.amount - row.fee, layout)
        case "cur":
            return home
        case "curlow":
            return home.lower()
        case "oamt":
            if row.foreign:
                return number(row.foreign[0], layout)
            return "" if layout.foreign.startswith("blank") else number(amount, layout)
        case "oabs":
            if row.foreign:
                return number(abs(row.foreign[0]), layout)
            return "" if layout.foreign.startswith("blank") else number(abs(amount), layout)
        case "oneg":
            return number(-(row.foreign[0] if row.foreign else amount), layout)
        case "ocur":
            if row.foreign:
                return row.foreign[1]
            return "" if layout.foreign.startswith("blank") else home
        case "rate":
            return str(_RATE) if row.foreign else ""
        case "n":
            return str(row.number)
        case "ref":
            return f"{more}{740210 + 17 * row.number}"
        case "cents":
            return str(int(amount * 100))
        case "type":
            words = more.split("/")[0 if out else 1].split("|")
            return words[row.number % len(words)]
        case "pick":
            words = more.split("|")
            return words[row.number % len(words)]
        case "iban":
            return f"{more}89370400440532{1000 + 37 * row.number}" if row.number % 5 else ""
        case "booked":
            return number(amount, layout) if row.booked else ""
        case "held":
            return "" if row.booked else number(amount, layout)
        case "clock":
            return f"{8 + row.number % 12:02}:{7 * row.number % 60:02}" + ("" if more else ":07")
        case "lastbal":
            return number(row.closing, layout)
        case "dated":
            return day(row.date, layout) if row.booked else more
        case "zero":
            return number(Decimal(0), layout)
        case _:
            return kind.strip("'") + (f":{more}" if more else "")


def write(layout: Layout, rows: list[Row]) -> bytes:
    """Return the file."""
    match layout.form:
        case "ofx":
            return layout_forms.ofx(rows, layout.cur, layout.dec)
        case "qif":
            return layout_forms.qif(rows, layout.date)
        case "mt940":
            return layout_forms.mt940(rows, layout.cur)
        case "camt":
            return layout_forms.camt(rows, layout.cur)
        case "xlsx" | "html" | "text":
            plain = replace(layout, form="", sep="\t", quote="min", enc="utf-8", eol="\n")
            if layout.form == "xlsx":
                plain = replace(plain, dec=".", group="")  # numbers, as a workbook stores them
            table = list(csv.reader(io.StringIO(write(plain, rows).decode()), delimiter="\t"))
            return {"xlsx": layout_forms.workbook, "html": layout_forms.page, "text": layout_forms.spaced}[layout.form](
                table
            )
    text = io.StringIO(newline="")
    quoting = {"min": csv.QUOTE_MINIMAL, "all": csv.QUOTE_ALL, "none": csv.QUOTE_NONE}[layout.quote]
    writer = csv.writer(
        text, delimiter=layout.sep, lineterminator="\r\n", quoting=quoting,
        quotechar=None if layout.quote == "none" else '"',
    )  # fmt: skip
    opening = rows[0].balance - (rows[0].amount - rows[0].fee if rows[0].booked else 0)
    booked = [row.amount for row in rows if row.booked]
    said = {
        "first": day(rows[0].date, layout), "last": day(rows[-1].date, layout), "open": number(opening, layout),
        "close": number(rows[-1].balance, layout), "cur": layout.cur, "n": str(len(rows)),
        "in": number(sum((one for one in booked if one > 0), Decimal(0)), layout),
        "out": number(-sum((one for one in booked if one < 0), Decimal(0)), layout),
    }  # fmt: skip
    text.write(_filled(layout.pre, said))
    tail = [""] if layout.last_sep else []
    head = [name for name, _ in layout.cols] + tail
    if layout.header:
        writer.writerow(head)
    for position, row in enumerate(_with_balances(layout, rows, opening)):
        if layout.page and position and position % layout.page == 0:
            text.write(_filled(layout.between, said))
            if layout.header:
                writer.writerow(head)
        cells = [cell(row, what, layout) for _, what in layout.cols]
        writer.writerow([layout.cell.format(one) if layout.cell else one for one in cells] + tail)
    text.write(_filled(layout.foot, said))
    found = text.getvalue()
    if layout.digits:
        found = found.translate({ord("0") + one: ord(layout.digits) + one for one in range(10)})
    return found.replace("\r\n", layout.eol).encode(layout.enc)


def _with_balances(layout: Layout, rows: list[Row], opening: Decimal) -> list[Row]:
    """Return the rows in the file's order, with the rows that have a balance alone."""
    listed: list[Row] = []
    for row in rows:
        listed.append(row)
        if layout.daily and row.closes_day:
            listed.append(_plain(row, layout.daily, row.balance))
    if layout.opens:
        listed.insert(0, _plain(rows[0], layout.opens, opening))
    if layout.closes:
        listed.append(_plain(rows[-1], layout.closes, rows[-1].balance))
    return listed[::-1] if layout.order == "new" else listed


def _plain(row: Row, words: str, balance: Decimal) -> Row:
    return replace(row, text=words, amount=Decimal(0), balance=balance, booked=True, plain=True)


def _filled(text: str, said: dict[str, str]) -> str:
    for name, value in said.items():
        text = text.replace("{" + name + "}", value)
    return text.replace("\n", "\r\n")


@dataclass
class Verdict:
    """What became of one layout: ``right``, ``told`` (wrong or refused, with the reason) or ``wrong``."""

    layout: str
    kind: str
    why: list[str] = field(default_factory=list)


def judge(layout: Layout, rows: list[Row] | None = None, content: bytes | None = None) -> Verdict:
    """Read a layout and compare."""
    rows = rows or movements(layout)
    due = expected(layout, rows)
    try:
        reading = read_statement(f"{layout.id}.csv", write(layout, rows) if content is None else content)
    except InputError as error:
        return Verdict(layout.id, "told", [f"refused: {error.problem}"])
    return compare(layout.id, due, reading)


def compare(name: str, due: Expected, reading: StatementReading) -> Verdict:
    """Compare a reading with what is due; what differs must be covered by a notice of its own kind."""
    found = reading.statement.transactions
    amounts = [one.amount.amount for one in found]
    money_in = sum((one for one in amounts if one > 0), Decimal(0))
    money_out = -sum((one for one in amounts if one < 0), Decimal(0))
    assumed = {one.field for one in reading.assumptions}
    broken = any("does not follow" in notice for notice in reading.notices)
    differ: list[str] = []
    told = True
    if len(found) != due.bookings:
        differ.append(f"{len(found)} bookings for {due.bookings}")
        told = told and bool(reading.quarantined or broken or any("status" in one for one in reading.notices))
    elif (money_in, money_out) != (due.money_in, due.money_out):
        differ.append(f"in {money_in} out {money_out} for in {due.money_in} out {due.money_out}")
        told = told and (bool(reading.unproven) or broken or any("no balance proves" in one for one in reading.notices))
    if (currencies := {one.amount.currency for one in found}) != due.currencies:
        differ.append(f"{sorted(currencies)} for {sorted(due.currencies)}")
        told = told and not {"currency", "currency_column"}.isdisjoint(assumed)
    dates = [one.date for one in found]
    if len(found) == due.bookings and (min(dates), max(dates)) != (due.first, due.last):
        differ.append(f"{min(dates)} to {max(dates)} for {due.first} to {due.last}")
        told = told and not {"date_order", "date_column", "date_format"}.isdisjoint(assumed)
    elif len(found) == due.bookings and sorted(dates) != due.dates:
        differ.append("other days in between")
        told = told and not {"date_order", "date_column", "date_format"}.isdisjoint(assumed)
    if due.closing is not None and found:
        last = found[-1] if found[0].date <= found[-1].date else found[0]
        if last.balance is None or last.balance.amount != due.closing:
            differ.append(f"closes with {last.balance and last.balance.amount} for {due.closing}")
            told = told and bool(reading.unproven or broken)
    kind = "right" if not differ else "told" if told else "wrong"
    told_of = [f"[{one.field}={one.chosen}]" for one in reading.assumptions] if differ else []
    return Verdict(name, kind, [*differ, *told_of, *(reading.notices if differ else ())])
