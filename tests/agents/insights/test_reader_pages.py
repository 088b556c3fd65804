"""HTML pages named .xls, Excel's XML of 2003, and QIF: read as tables, and hostile ones refused in time."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest

from genie.errors import InputError
from genie_finance.contracts.statements import StatementProfile, StatementReading
from genie_finance.insights.reader import read_statement

HEAD = "<table><tr><th>Date</th><th>Description</th><th>Debit (INR)</th><th>Credit (INR)</th></tr>"
QIF = "!Type:Bank\nD{}\nT-1.00\nPA\n^\nD{}\nT-2.00\nPB\n^\n"
SHEET = """<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>
<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">
<Worksheet ss:Name="S"><Table>
<Row><Cell><Data ss:Type="String">Date</Data></Cell><Cell><Data ss:Type="String">Text</Data></Cell>
<Cell><Data ss:Type="String">Debit (EUR)</Data></Cell><Cell><Data ss:Type="String">Credit (EUR)</Data></Cell></Row>
<Row><Cell><Data ss:Type="DateTime">2025-02-13T00:00:00.000</Data></Cell><Cell><Data ss:Type="String">Pay</Data></Cell>
<Cell ss:Index="4"><Data ss:Type="Number">90.5</Data></Cell></Row>
<Row><Cell><Data ss:Type="DateTime">2025-02-14T00:00:00.000</Data></Cell><Cell><Data ss:Type="String">Shop</Data></Cell>
<Cell><Data ss:Type="Number">12.25</Data></Cell><Cell/></Row></Table></Worksheet></Workbook>"""


def read(text: str, **profile: str) -> StatementReading:
    return read_statement("statement.xls", text.encode(), StatementProfile(**profile) if profile else None)


def amounts(found: StatementReading) -> list[Decimal]:
    return [one.amount.amount for one in found.statement.transactions]


def test_cells_are_read_as_a_reader_of_the_page_sees_them() -> None:
    row = "<tr><td>13/02/2025</td><td>A &amp; B<br>Ltd <b>x</b></td><td>1,250.00</td><td>&nbsp;</td></tr>"
    found = read(f"<html>{HEAD}{row}</table></html>")
    (one,) = found.statement.transactions
    assert (one.narration, one.amount.amount, found.form) == ("A & B Ltd x", Decimal(-1250), "html")


def test_a_sheet_of_excel_2003_keeps_its_empty_cells() -> None:
    assert amounts(read(SHEET)) == [Decimal("90.5"), Decimal("-12.25")]


@pytest.mark.parametrize(
    "hidden",
    [
        "<!-- <tr><td>13/02/2025</td><td>no</td><td>9.00</td><td></td></tr> -->",
        "<script>'<tr><td>13/02/2025</td><td>no</td><td>9.00</td><td></td></tr>'</script>",
        "<STYLE><tr><td>13/02/2025</td><td>no</td><td>9.00</td><td></td></tr></STYLE>",
    ],
)
def test_what_the_page_does_not_show_is_no_booking(hidden: str) -> None:
    row = "<tr><td>14/02/2025</td><td>yes</td><td>1.00</td><td></td></tr>"
    assert amounts(read(HEAD + hidden + row)) == [Decimal(-1)]


def test_what_is_merged_over_rows_counts_once_and_the_other_rows_are_said() -> None:
    rows = (
        "<tr><td>13/02/2025</td><td>A</td><td>1.00</td><td></td></tr>"
        "<tr><td>14/02/2025</td><td>C</td><td rowspan='2'>5.00</td><td></td></tr>"
        "<tr><td>15/02/2025</td><td>D</td><td></td></tr>"
    )
    found = read(HEAD + rows)
    assert (amounts(found), [row.line for row in found.quarantined]) == ([-1, -5], [4])


@pytest.mark.parametrize(
    "text",
    [
        "<html><body>Sign in</body></html>",
        "<table>" + "<!--" * 100_000,
        "<table>" + "<td" * 100_000,
        "<table><td " + 'a="' * 100_000,
        "<table>" + "<script" * 100_000,
        "<table><tr><td>" + "&#x9999999999;" * 20_000,
        "<meta charset=idna><table><tr></tr>",
        "<table>" + "<table>" * 20_000,
    ],
)
def test_a_page_without_a_statement_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="HTML page"):
        read(text)


@pytest.mark.slow
@pytest.mark.parametrize("row", ["<tr><td colspan=9999>x<td>y", "<tr><td rowspan=9999 colspan=9999>x", "<tr>"])
def test_rows_and_cells_are_bounded(row: str) -> None:
    with pytest.raises(InputError, match="HTML page|the limit"):
        read("<table>" + row * 210_000)


@pytest.mark.parametrize(
    ("first", "second", "days"),
    [
        ("02/13/2025", "02/14/2025", (13, 14)),
        ("13/02'25", "14/02'25", (13, 14)),
        (" 2/13' 5", " 2/14' 5", (13, 14)),
        ("2025-02-13", "2025-02-14", (13, 14)),
    ],
)
def test_dates_of_quicken(first: str, second: str, days: tuple[int, int]) -> None:
    found = read(QIF.format(first, second))
    dates = [one.date for one in found.statement.transactions]
    assert (dates[0].day, dates[1].day, dates[0].month, found.form) == (*days, 2, "qif")
    assert dates[0].year in {2005, 2025}


def test_days_that_a_qif_file_leaves_open_are_an_assumption() -> None:
    found = read(QIF.format("02/03/2025", "03/04/2025"))
    assert "date_order" in {one.field for one in found.assumptions}
    settled = read(QIF.format("02/03/2025", "03/04/2025"), date_format="%m/%d/%Y")
    assert [one.date for one in settled.statement.transactions] == [
        datetime.date(2025, 2, 3),
        datetime.date(2025, 3, 4),
    ]


def test_the_opening_balance_of_quicken_is_no_transaction() -> None:
    opening = "!Type:Bank\nD02/13/2025\nT500.00\nPOpening Balance\nL[Checking]\n^\n"
    found = read(opening + QIF.format("02/14/2025", "02/15/2025").removeprefix("!Type:Bank\n"))
    assert amounts(found) == [-1, -2]
    assert any("opening balance" in notice for notice in found.notices)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("!Type:Invst\nD02/13/2025\nNBuy\nT1\n^\n", "account has transactions"),
        (QIF.format("02/13/2025", "02/14/2025") * 2, "2 accounts"),
        ("!Type:Bank\nD02/13/2025\nT1\n", "cut off"),
        ("!Type:Bank\nD" + "1" * 9_000 + "\nT1\n^\n", "characters"),
        ("!Type:Bank\n" * 1_000, "account has transactions"),
    ],
)
def test_what_of_a_qif_file_cannot_be_read_is_said(text: str, named: str) -> None:
    with pytest.raises(InputError, match=named):
        read(text)


def test_a_transaction_that_is_cut_off_is_quarantined() -> None:
    found = read(QIF.format("02/13/2025", "02/14/2025") + "D02/15/2025\nT-3.00\n")
    assert (amounts(found), [row.line for row in found.quarantined]) == ([-1, -2], [10])
