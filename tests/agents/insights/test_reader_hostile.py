"""Whatever bytes come, the reader reads or refuses in one line; it never fails otherwise and never runs away."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genie.errors import InputError
from genie_finance.insights.reader import MAX_BYTES, MAX_LINES, read_statement

HEAD = b"Date,Description,Amount\n"
ROWS = b"2025-01-13,Shop,-1.00\n2025-01-14,Pay,2.00\n"


def refusal(content: bytes, name: str = "statement.csv") -> str:
    with pytest.raises(InputError) as refused:
        read_statement(name, content)
    said = str(refused.value)
    assert "\n" not in said
    assert len(said) < 1_000
    return said


def survives(content: bytes) -> None:
    said, lines = "", []
    try:
        reading = read_statement("statement.csv", content)
        lines = [t.line for t in reading.statement.transactions] + [row.line for row in reading.quarantined]
    except InputError as refused:
        said = str(refused)
    assert "\n" not in said
    assert bool(said) != bool(lines)
    assert len(lines) == len(set(lines))


@settings(derandomize=True, deadline=None)
@given(st.binary(max_size=600))
def test_random_bytes_are_read_or_refused(content: bytes) -> None:
    survives(content)


@settings(derandomize=True, deadline=None)
@given(st.text(alphabet=" 019-/.,;\"'=+()\r\n\t|$€aDCr\u00a0٣", max_size=300))
def test_random_text_of_telling_characters_is_read_or_refused(text: str) -> None:
    survives(HEAD + ROWS + text.encode())
    survives(text.encode())


@settings(max_examples=60, derandomize=True, deadline=None)
@given(st.data())
def test_a_damaged_file_is_read_or_refused(data: st.DataObject) -> None:
    content = bytearray(HEAD + ROWS * 4)
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(content) - 1))
        damage = data.draw(st.sampled_from([b'"', b",", b"\n", b"\x00", b"\xff", b"-", b"2", b""]))
        content[at : at + data.draw(st.integers(0, 3))] = damage
    survives(bytes(content))


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"", "empty"),
        (b" \r\n\t\n", "white space"),
        (b"%PDF-1.7 ...", "PDF"),
        (b"PK\x03\x04rest", "xlsx"),
        (b"\xd0\xcf\x11\xe0rest", "xls"),
        (b"\x1f\x8brest", "gzip"),
        (b"<?xml version='1.0'?><Document/>", "XML"),
        (b"OFXHEADER:100\nDATA:OFXSGML", "OFX"),
        (b"!Type:Bank\nD01/02/2025", "QIF"),
        (b":20:STARTUMS\n:25:1/2", "MT940"),
        (b'{"transactions": []}', "JSON"),
        (b"<html><table>", "HTML"),
        (HEAD + b"2025-01-13,a\x00b,1.00\n", "NUL"),
        ("Date,Description,Amount\n".encode("utf-16-le")[:-1], "utf-16-le"),
        (HEAD, "no transactions"),
        (HEAD + b"\n\n", "no transactions"),
        (b"hello\nworld\n", "2 lines were read"),
        (b"1,2,3\n4,5,6\n", "date"),
        (b"\xff\xfeD", "utf-16"),
        (bytes(range(1, 256)) * 4, "control"),
    ],
)
def test_what_is_no_statement_is_named_in_one_line(content: bytes, named: str) -> None:
    assert named in refusal(content)


def test_a_file_over_the_limit_is_refused_with_the_limit() -> None:
    assert "20 MB" in refusal(b"x" * (MAX_BYTES + 1))


def test_too_many_lines_are_refused_with_the_limit() -> None:
    assert f"{MAX_LINES:,}" in refusal(HEAD + ROWS * (MAX_LINES // 2 + 1))


@pytest.mark.parametrize(
    "row",
    [
        b"2025-01-15," + b"x" * 10_000_000 + b",3.00\n",
        b'2025-01-15,"' + b"x" * 10_000_000 + b'",3.00\n',
        b"2025-01-15,Shop" + b"," * 1_000_000 + b"3.00\n",
        b"2025-01-15,Shop," + b"9" * 5_000 + b"\n",
        b"2025-01-15,Shop," + b"1," * 60 + b"1\n",
        b"2025-01-15,Shop,=1+1\n",
        b"2025-01-15,Shop,1e5\n",
        b"2025-01-15,Shop,NaN\n",
        b"2025-01-15,Shop,Infinity\n",
        b"2025-02-30,Shop,1.00\n",
        b"2025-01-15,Shop\n",
        b"2025-01-15,Shop, with a comma,1.00\n",
    ],
)
def test_one_bad_row_costs_that_row_alone(row: bytes) -> None:
    reading = read_statement("statement.csv", HEAD + ROWS + row + b"2025-01-16,Shop,-4.00\n")
    assert [t.line for t in reading.statement.transactions] == [2, 3, 5]
    assert [bad.line for bad in reading.quarantined] == [4]
    assert len(reading.quarantined[0].reason) < 200


def test_a_quote_that_is_never_closed_swallows_no_rows() -> None:
    rows = b'2025-01-15,"Shop,-3.00\n' + b"2025-01-16,Shop,-4.00\n" * 30
    reading = read_statement("statement.csv", HEAD + ROWS + rows)
    assert len(reading.statement.transactions) == 33
    assert reading.quarantined == ()


def test_formulas_are_text_and_stay_it() -> None:
    reading = read_statement("statement.csv", HEAD + b'2025-01-15,"=HYPERLINK(""http://x"")",-3.00\n')
    assert reading.statement.transactions[0].narration == '=HYPERLINK("http://x")'


def test_three_bad_rows_in_five_hundred_are_quarantined_by_their_lines() -> None:
    lines = [f'2025-{1 + n % 12:02}-{1 + n % 28:02},"Shop {n}\nsecond line",-{n}.25' for n in range(500)]
    lines[10], lines[250], lines[499] = "2025-13-45,Shop,-1.00", "this is no row", "2025-12-31,Shop,twelve"
    content = HEAD + ("\n".join(lines) + "\n").encode()
    # A row takes two lines, a bad one takes one; the header is line 1.
    expected = [2 + 2 * 10, 2 + 2 * 250 - 1, 2 + 2 * 499 - 2]
    assert [content.decode().split("\n")[line - 1][:4] for line in expected] == ["2025", "this", "2025"]
    reading = read_statement("statement.csv", content)
    assert len(reading.statement.transactions) == 497
    assert [row.line for row in reading.quarantined] == expected


def test_more_than_half_bad_rows_refuse_the_file() -> None:
    good, bad = b"2025-01-15,Shop,1.00\n", b"2025-01-98,Shop,1.00\n"
    assert "2 of 3 rows" in refusal(HEAD + good + bad + bad)
    reading = read_statement("statement.csv", HEAD + good + good + bad + bad)
    assert (len(reading.statement.transactions), len(reading.quarantined)) == (2, 2)


def test_refusals_and_reasons_do_not_repeat_what_the_rows_say() -> None:
    secret = b"4111-secret"
    rows = HEAD + b"2025-01-15," + secret + b"," + secret + b"\n" + b"x," + secret + b",1\n" + ROWS
    reading = read_statement("statement.csv", rows)
    assert all("secret" not in row.reason for row in reading.quarantined)
    assert "secret" not in refusal(b"2025-01-15," + secret + b"," + secret + b"\n" * 3)


def test_a_file_name_cannot_break_the_line() -> None:
    assert refusal(b"", name="a\nb\x1b[31m" + "c" * 500).startswith("c")
