"""Workbooks: dates and numbers as the cells hold them, and archives that mean harm."""

from __future__ import annotations

import datetime
import io
import zipfile
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import openpyxl
import pytest

from genie.errors import InputError
from genie_finance.contracts.statements import StatementProfile
from genie_finance.insights.reader import MAX_LINES, read_statement
from genie_finance.insights.reading.workbook import MAX_UNPACKED_BYTES

DAY = datetime.date
HALF_PAST_NINE = datetime.datetime.combine(DAY(2025, 3, 12), datetime.time(9, 30))
HEAD = ("Booking date", "Details", "Amount", "Balance")
ROWS = (
    (DAY(2025, 3, 1), "Wages", 2000, 2100.5),
    (DAY(2025, 3, 4), "Bäcker", -3.45, 2097.05),
    (HALF_PAST_NINE, "Rent", -800.1, 1296.95),
)


def workbook(*sheets: Sequence[Sequence[Any]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for number, rows in enumerate(sheets, start=1):
        sheet = book.create_sheet(f"Sheet {number}")
        for row in rows:
            sheet.append(list(row))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def changed(content: bytes, change: Callable[[str, bytes], bytes]) -> bytes:
    """The workbook with every part put through a function."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            new.writestr(part.filename, change(part.filename, old.read(part)))
    return out.getvalue()


def refusal(content: bytes) -> str:
    with pytest.raises(InputError) as refused:
        read_statement("book.csv", content)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_dates_numbers_and_balances_as_the_cells_hold_them() -> None:
    reading = read_statement("book.csv", workbook((("My bank",), (), HEAD, *ROWS)))
    found = reading.statement.transactions
    assert [(t.line, t.date, t.narration, str(t.amount.amount)) for t in found] == [
        (4, DAY(2025, 3, 1), "Wages", "2000.00"),
        (5, DAY(2025, 3, 4), "Bäcker", "-3.45"),
        (6, DAY(2025, 3, 12), "Rent", "-800.10"),
    ]
    assert [str(t.balance.amount) for t in found if t.balance] == ["2100.50", "2097.05", "1296.95"]
    assert (reading.form, reading.quarantined) == ("xlsx", ())
    assert [one.field for one in reading.assumptions] == ["currency"]


def test_the_first_sheet_with_a_statement_is_read_and_the_others_are_named() -> None:
    reading = read_statement("a", workbook((("Cover",), ("Page 2025",)), (HEAD, *ROWS), (HEAD, *ROWS)))
    assert len(reading.statement.transactions) == 3
    assert any("sheet 2 ('Sheet 2')" in notice and "2 are not" in notice for notice in reading.notices)


def test_numbers_between_texts_with_decimal_commas_are_read_with_them() -> None:
    rows = ((DAY(2025, 3, 1), "a", "1.234,50"), (DAY(2025, 3, 2), "b", -7.5), (DAY(2025, 3, 3), "c", "-1,05"))
    reading = read_statement("a", workbook((("Date", "Text", "Amount EUR"), *rows)))
    assert [str(t.amount.amount) for t in reading.statement.transactions] == ["1234.50", "-7.50", "-1.05"]
    assert reading.quarantined == ()
    assert "decimal_mark" not in {one.field for one in reading.assumptions}


def test_three_digits_after_the_point_of_a_number_are_a_fraction() -> None:
    rows = ((DAY(2025, 3, 1), "a", 1.234), (DAY(2025, 3, 2), "b", -2.5), (DAY(2025, 3, 3), "c", 7.125))
    reading = read_statement("a", workbook((("Date", "Text", "Amount"), *rows)), StatementProfile(currency="KWD"))
    assert [str(t.amount.amount) for t in reading.statement.transactions] == ["1.234", "-2.500", "7.125"]


def test_a_number_with_more_digits_than_its_currency_is_quarantined() -> None:
    rows = [*ROWS, (DAY(2025, 3, 13), "Fine", 1.005, None), (DAY(2025, 3, 14), "Sum", 0.3, None)]
    content = changed(
        workbook((HEAD, *rows)), lambda _, part: part.replace(b"<v>0.3</v>", b"<v>0.30000000000000004</v>")
    )
    reading = read_statement("a", content, StatementProfile(currency="EUR"))
    assert [t.narration for t in reading.statement.transactions] == ["Wages", "Bäcker", "Rent"]
    assert [row.line for row in reading.quarantined] == [5, 6]


@pytest.mark.parametrize("cents", [1, 5, 10, 99, 12_345, 100_000_001, 99_999_999_999_99])
def test_every_cent_comes_out_as_it_went_in(cents: int) -> None:
    amount = float(Decimal(cents).scaleb(-2))
    reading = read_statement("a", workbook((HEAD[:3], (DAY(2025, 3, 1), "x", amount), (DAY(2025, 3, 2), "y", -1.0))))
    assert reading.statement.transactions[0].amount.minor == cents


def test_dates_follow_the_profile_where_it_names_their_form() -> None:
    profile = StatementProfile(date_format="%d.%m.%Y")
    rows = (("03.04.2025", "text", -1.5), (DAY(2025, 4, 5), "date", -2.5))
    reading = read_statement("a", workbook((HEAD[:3], *rows)), profile)
    assert [t.date for t in reading.statement.transactions] == [DAY(2025, 4, 3), DAY(2025, 4, 5)]


def test_a_formula_without_a_stored_value_is_no_amount() -> None:
    reading = read_statement("a", workbook((HEAD[:3], *[row[:3] for row in ROWS], (DAY(2025, 3, 20), "f", "=1+1"))))
    assert [row.line for row in reading.quarantined] == [5]


def test_a_zip_bomb_is_refused_by_what_it_declares() -> None:
    def swell(name: str, content: bytes) -> bytes:
        return content + b" " * (MAX_UNPACKED_BYTES + 1) if name.endswith("sheet1.xml") else content

    bomb = changed(workbook((HEAD, *ROWS)), swell)
    assert len(bomb) < 200_000
    assert "64 MB" in refusal(bomb)


def test_a_part_that_declares_less_than_it_holds_is_refused() -> None:
    content = bytearray(workbook((HEAD, *ROWS)))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        part = next(one for one in archive.infolist() if one.filename.endswith("sheet1.xml"))
    lying = bytes(content).replace(part.file_size.to_bytes(4, "little"), (100).to_bytes(4, "little"))
    assert "cannot be read" in refusal(lying)


def with_shared_strings() -> bytes:
    """A workbook that also has a table of shared strings, as most programs write it."""
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    override = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}"/></Types>'
    table = "<sst xmlns='http://schemas.openxmlformats.org/spreadsheetml/2006/main'><si><t>x</t></si></sst>"
    out = io.BytesIO(changed(workbook((HEAD, *ROWS)), lambda _, part: part.replace(b"</Types>", override.encode())))
    with zipfile.ZipFile(out, "a") as archive:
        if "xl/sharedStrings.xml" not in archive.namelist():
            archive.writestr("xl/sharedStrings.xml", table)
    return out.getvalue()


LAUGHS = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">' + "".join(
    f'<!ENTITY {chr(97 + n)} "{f"&{chr(96 + n)};" * 10}">' for n in range(1, 10)
) + "]>"  # fmt: skip


@pytest.mark.parametrize(
    "part", ["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/workbook.xml", "xl/styles.xml"]
)
@pytest.mark.parametrize("entity", [LAUGHS, '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>'])
def test_entities_in_any_part_are_refused(part: str, entity: str) -> None:
    def laugh(name: str, content: bytes) -> bytes:
        if name != part:
            return content
        body = content.decode().partition("?>")[2] if content.startswith(b"<?xml") else content.decode()
        return f'<?xml version="1.0"?>{entity}{body}'.encode()

    assert len(read_statement("a", with_shared_strings()).statement.transactions) == 3
    assert "cannot be read" in refusal(changed(with_shared_strings(), laugh))


def test_a_wide_sheet_costs_its_wide_rows() -> None:
    reading = read_statement("a", workbook((HEAD, *ROWS, [DAY(2025, 3, 20), "wide", *[1.5] * 300])))
    assert len(reading.statement.transactions) == 3
    assert [row.line for row in reading.quarantined] == [5]


@pytest.mark.parametrize("row", [MAX_LINES + 1, 1_048_576])
def test_a_row_beyond_the_limit_is_no_row_that_is_quietly_lost(row: int) -> None:
    content = workbook((HEAD, *ROWS))
    moved = changed(content, lambda _, part: part.replace(b'<row r="4"', f'<row r="{row}"'.encode()))
    assert f"more than {MAX_LINES:,} rows" in refusal(moved)


def test_a_row_number_that_no_sheet_has_does_not_run_away() -> None:
    content = workbook((HEAD, *ROWS))
    moved = changed(content, lambda _, part: part.replace(b'<row r="4"', b'<row r="999999999999"'))
    assert len(read_statement("a", moved).statement.transactions) == 2


def broken(part: str, content: bytes) -> bytes:
    return changed(workbook((HEAD, *ROWS)), lambda name, old: content if name == part else old)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"PK\x03\x04rest", "damaged"),
        (workbook((HEAD, *ROWS))[:-100], "damaged"),
        (workbook((("nothing",), ("here",))), "no sheet"),
        (workbook((HEAD,)), "no sheet"),
        (broken("xl/worksheets/sheet1.xml", b"<"), "cannot be read"),
        (broken("xl/workbook.xml", b""), "cannot be read"),
    ],
)
def test_what_is_no_workbook_with_a_statement_is_refused_in_one_line(content: bytes, says: str) -> None:
    assert says in refusal(content)


def test_another_archive_is_named_as_one() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("statement.xml", "<Document/>")
    assert "ZIP archive" in refusal(out.getvalue())
