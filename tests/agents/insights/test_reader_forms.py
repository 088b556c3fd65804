"""The same transactions in any form read as the same; content decides the form, and libraries are asked for late."""

from __future__ import annotations

import csv
import datetime
import functools
import io
import subprocess
import sys
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from xml.sax.saxutils import escape

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genie.errors import InputError
from genie_finance.contracts.statements import Form, StatementProfile, StatementReading
from genie_finance.insights.reader import read_statement
from genie_finance.insights.reading.forms import form_of

FORMS = Path(__file__).parents[2] / "data" / "forms"
Movement = tuple[datetime.date, str, Decimal]
ACCOUNT = "00120034"
OPENING = Decimal("100000.00")


def as_csv(book: Sequence[Movement]) -> bytes:
    out, balance = io.StringIO(newline=""), OPENING
    writer = csv.writer(out)
    writer.writerow(["Date", "Description", "Amount", "Balance", "Currency", "Account number"])
    for date, text, amount in book:
        balance += amount
        writer.writerow([date.isoformat(), text, amount, balance, "EUR", ACCOUNT])
    return out.getvalue().encode()


def as_xlsx(book: Sequence[Movement]) -> bytes:
    made, balance = openpyxl.Workbook(), OPENING
    made.active.append(["Date", "Description", "Amount", "Balance", "Currency", "Account number"])
    for row, (date, text, amount) in enumerate(book, start=2):
        balance += amount
        made.active.append([date, None, float(amount), float(balance), "EUR", ACCOUNT])
        made.active.cell(row=row, column=2).value = text
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def as_ofx(book: Sequence[Movement]) -> bytes:
    booked = "".join(
        f"<STMTTRN><TRNTYPE>OTHER<DTPOSTED>{date:%Y%m%d}<TRNAMT>{amount}<FITID>{n}<NAME>{escape(text)}</STMTTRN>\n"
        for n, (date, text, amount) in enumerate(book)
    )
    return (
        "OFXHEADER:100\nDATA:OFXSGML\nENCODING:UTF-8\n\n<OFX><STMTRS><CURDEF>EUR"
        f"<BANKACCTFROM><ACCTID>{ACCOUNT}</BANKACCTFROM><BANKTRANLIST>{booked}</BANKTRANLIST></STMTRS></OFX>"
    ).encode()


def as_mt940(book: Sequence[Movement]) -> bytes:
    def money(amount: Decimal) -> str:
        return f"{abs(amount):.2f}".replace(".", ",")

    lines = [":20:STMT", f":25:{ACCOUNT}", ":28C:1/1", f":60F:C240101EUR{money(OPENING)}"]
    for date, text, amount in book:
        lines.append(f":61:{date:%y%m%d}{date:%m%d}{'D' if amount < 0 else 'C'}{money(amount)}NMSCNONREF")
        lines.append(f":86:{text}")
    closing = OPENING + sum(amount for _, _, amount in book)
    return "\r\n".join([*lines, f":62F:C241231EUR{money(closing)}", "-", ""]).encode()


def as_camt(book: Sequence[Movement]) -> bytes:
    def money(amount: Decimal) -> str:
        return f'<Amt Ccy="EUR">{abs(amount)}</Amt><CdtDbtInd>{"DBIT" if amount < 0 else "CRDT"}</CdtDbtInd>'

    def balance(code: str, amount: Decimal) -> str:
        return f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>{money(amount)}</Bal>"

    entries = "".join(
        f"<Ntry>{money(amount)}<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{date}</Dt></BookgDt><NtryDtls><TxDtls>"
        f"<RmtInf><Ustrd>{escape(text)}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>\n"
        for date, text, amount in book
    )
    closing = OPENING + sum(amount for _, _, amount in book)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">'
        f"<BkToCstmrStmt><Stmt><Acct><Id><Othr><Id>{ACCOUNT}</Id></Othr></Id><Ccy>EUR</Ccy></Acct>"
        f"{balance('OPBD', OPENING)}{balance('CLBD', closing)}{entries}</Stmt></BkToCstmrStmt></Document>"
    ).encode()


WRITERS: dict[Form, Callable[[Sequence[Movement]], bytes]] = {
    "csv": as_csv, "xlsx": as_xlsx, "ofx": as_ofx, "mt940": as_mt940, "camt": as_camt,
}  # fmt: skip

words = st.text(alphabet="abc é&<'0123;,", max_size=24).map(lambda text: " ".join(f"Shop {text} end".split()))
movements = st.lists(
    st.tuples(
        st.dates(datetime.date(2024, 1, 1), datetime.date(2024, 12, 31)),
        words,
        st.integers(-5_000_00, 5_000_00).filter(bool).map(lambda minor: Decimal(minor).scaleb(-2)),
    ),
    min_size=3,
    max_size=12,
).map(sorted)


def told(reading: StatementReading) -> list[tuple[object, ...]]:
    return [(t.id, t.date, t.narration, t.amount, t.account) for t in reading.statement.transactions]


@pytest.mark.slow
@settings(max_examples=60, derandomize=True, deadline=None)
@given(movements)
def test_the_same_transactions_read_equal_in_every_form(book: list[Movement]) -> None:
    plain = StatementProfile(date_order="ymd")
    readings = {form: read_statement("statement", write(book), plain) for form, write in WRITERS.items()}
    expected = [(date, text, amount) for date, text, amount in book]
    for form, reading in readings.items():
        found = [(t.date, t.narration, t.amount.amount) for t in reading.statement.transactions]
        assert (form, found) == (form, expected)
        assert told(reading) == told(readings["csv"])
        assert (reading.form, reading.quarantined) == (form, ())
        assert not [one for one in reading.notices if "too much" in one or "does not follow" in one]


@pytest.mark.parametrize(
    ("name", "form"),
    [("checking.ofx", "ofx"), ("card.ofx", "ofx"), ("girokonto.sta", "mt940"), ("konto.xml", "camt")],
)
def test_the_content_tells_the_form_and_never_the_name(name: str, form: Form) -> None:
    content = (FORMS / name).read_bytes()
    assert form_of(content) == form
    assert form_of(b"\r\n \n" + content) == form
    assert read_statement("statement.xlsx", content) == read_statement(name, content)


@pytest.mark.parametrize(
    "content", [b"<html>", b"<!DOCTYPE html>", b"<TABLE>", b"\xff\xfe<\x00t\x00a\x00b\x00l\x00e\x00"]
)
def test_a_page_with_any_extension_is_one(content: bytes) -> None:
    assert form_of(content) == "html"


@pytest.mark.parametrize("content", [b"", b"\x00", b"Date,:20:\n:25:,1", b"<b>", b"20:x\n:25:", b"\xff\xfe<\x00"])
def test_whatever_is_nothing_else_counts_as_csv(content: bytes) -> None:
    assert form_of(content) == "csv"


BOOK = [
    (datetime.date(2025, 3, day), f"Shop {day}", Decimal(f"-{day}.25")) for day in range(1, 9)
]  # fmt: skip


@functools.cache
def written(form: Form) -> bytes:
    """Return one file of a form, the same at every call: a workbook carries the time at which it was written."""
    return WRITERS[form](BOOK)


@pytest.mark.parametrize("form", sorted(WRITERS))
@settings(max_examples=40, derandomize=True, deadline=None)
@given(data=st.data())
def test_a_damaged_file_of_any_form_is_read_or_refused_in_one_line(form: Form, data: st.DataObject) -> None:
    content = bytearray(written(form))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(content) - 1))
        damage = data.draw(st.sampled_from([b"<", b">", b"&", b":", b"\n", b"\x00", b"\xff", b"-", b"]]>", b"9", b""]))
        content[at : at + data.draw(st.integers(0, 40))] = damage
    try:
        reading = read_statement("statement", bytes(content))
    except InputError as refused:
        assert "\n" not in str(refused)  # noqa: PT017 - either way is right
    else:
        assert reading.statement.transactions


@pytest.mark.parametrize(
    ("form", "library"), [("mt940", "mt940"), ("xlsx", "openpyxl"), ("xlsx", "defusedxml")]
)  # fmt: skip
def test_a_missing_library_is_one_line_that_names_the_extra(
    form: Form, library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(InputError) as refused:
        read_statement("statement", WRITERS[form](BOOK))
    assert library in str(refused.value)
    assert "genie-bus[insights]" in str(refused.value)
    assert read_statement("statement", WRITERS["csv"](BOOK)).statement.transactions


def test_the_reader_loads_no_library_before_a_file_needs_it() -> None:
    code = (
        "import sys; from genie_finance.insights.reader import read_statement;"
        "read_statement('a', b'Date,Text,Amount\\n2025-01-13,x,-1.00\\n2025-01-14,y,1.00\\n');"
        "print(sorted({'mt940', 'openpyxl', 'defusedxml'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[3]
    )
    assert done.stdout == "[]\n"
