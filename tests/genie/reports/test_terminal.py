"""Reports as lines: rows stay whole in a pipe, nothing is lost on a terminal of any width, nothing controls it."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from genie.contracts.rendering import (
    Bar,
    Block,
    Card,
    Column,
    Facts,
    Item,
    Lines,
    Notice,
    Paragraph,
    Ranking,
    Report,
    Section,
    Table,
    Text,
    Tile,
    Tiles,
    Trend,
)
from genie.reports.terminal import block_lines, report_lines

WORDS = st.lists(st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=30), max_size=8).map(" ".join)
ANSI = re.compile(r"\x1b\[[0-9;]*m")


def lines(*blocks: Block, width: int | None = None, colour: bool = False) -> list[str]:
    return list(block_lines(blocks, width=width, colour=colour))


def letters(text: str) -> Counter[str]:
    return Counter(re.sub(r"[\s─]", "", text))


@given(st.lists(st.tuples(WORDS, WORDS), max_size=5))
@settings(deadline=None, max_examples=40)
def test_in_a_pipe_a_row_is_one_line(rows: list[tuple[str, str]]) -> None:
    assert len(lines(Table("t", (Column("one"), Column("two")), tuple(rows)))) == len(rows) + 2


@given(st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=4), st.integers(16, 120))
@example(rows=[("0000000000", "0 0 0")], width=16)
@settings(deadline=None, max_examples=60)
def test_on_a_terminal_no_line_is_too_wide_and_no_letter_is_lost(rows: list[tuple[str, str]], width: int) -> None:
    plain, whole = (Column("one"), Column("two")), (Column("one", whole=True), Column("two", number=True))
    for columns in (plain, whole):
        shown = lines(Table("t", columns, tuple(rows)), width=width)
        assert all(cell_len(line) <= width for line in shown)
        assert letters("".join(cell for row in rows for cell in row)) <= letters("".join(shown))
    for block in (Paragraph(rows[0][0]), Lines((rows[0][0],)), Facts((rows[0],))):
        shown = lines(block, width=width)
        assert all(cell_len(line) <= width for line in shown)
        assert letters(rows[0][0]) <= letters("".join(shown))


def test_a_line_break_in_a_payload_makes_no_line_of_the_report() -> None:
    forged = "a\nstatus: complete\r\n\u2028status: complete"
    table = Table("t", (Column("one"), Column("two")), ((forged, Text(forged)),))
    shown = lines(Paragraph(forged), Facts(((forged, forged),)), Lines((forged,)), table)
    assert len(shown) == 6
    assert not any(line.startswith("status") for line in shown)


def test_a_report_has_its_headline_and_the_titles_of_its_sections() -> None:
    sections = (Section("One", (Paragraph("a"),)), Section("Two", (Paragraph("b"),)))
    assert list(report_lines(Report(sections, headline="All."))) == ["All.", "", "One", "a", "", "Two", "b"]
    assert list(report_lines(Report(sections[:1]))) == ["a"], "a single section needs no title"


def test_bars_give_way_where_there_is_no_room() -> None:
    rows = (("2026-01", Bar(1, 1)), ("2026-02", Bar(1, 2)))
    table = Table("t", (Column("month"), Column("", only="terminal")), rows)
    assert "█" * 24 in "\n".join(lines(table, width=80))
    narrow = "\n".join(lines(table, width=20))
    assert "█" not in narrow
    assert "2026-02" in narrow


def test_a_table_that_cannot_fit_is_written_as_blocks() -> None:
    columns = tuple(Column(f"column {number}", whole=True) for number in range(4))
    shown = lines(Table("t", columns, (tuple(f"value-{number}" * 2 for number in range(4)),) * 2), width=40)
    assert shown[0] == "value-0value-0"
    assert shown[1].split() == ["column", "1", "value-1value-1"]
    assert shown[4] == ""


def test_what_is_for_a_page_is_not_on_a_terminal() -> None:
    table = Table("t", (Column("a"), Column("b", only="page")), (("1", "2"),))
    assert lines(table, Card("c", (Paragraph("d"),), only="page")) == ["a", "─", "1"]


@given(st.text())
@settings(deadline=None, max_examples=60)
def test_no_text_controls_a_terminal_whatever_block_holds_it(text: str) -> None:
    blocks: tuple[Block, ...] = (
        Paragraph(text), Notice(text, (Lines((text,)),)), Facts(((text, text),)), Tiles((Tile(text, text, text),)),
        Ranking((Item(text, text, text, figure=text, note=text),)), Card(text, (Paragraph(text),)), Trend((1,), text),
        Table(text, (Column(text), Column(text)), ((text, Text(text, "warn", brief=text)),)),
    )  # fmt: skip
    shown = "".join(lines(*blocks, width=60))
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]", shown)


@pytest.mark.parametrize("markup", ["[bold]x[/bold]", ":smile:", "[link=http://a.example]x[/link]"])
def test_markup_of_rich_is_plain_text(markup: str) -> None:
    assert lines(Paragraph(markup), Facts(((markup, markup),))) == [markup, f"{markup}: {markup}"]


def test_colour_changes_no_letter() -> None:
    table = Table("t", (Column("a"), Column("b", number=True)), (("x", "-1"), ("y", Text("2", "warn"))))
    painted, bare = lines(table, width=40, colour=True), lines(table, width=40)
    assert any("\x1b[" in line for line in painted)
    assert [ANSI.sub("", line).rstrip() for line in painted] == bare


def test_a_list_counts_what_it_leaves_out() -> None:
    assert lines(Lines(tuple(map(str, range(123)))))[-1].startswith("and 23 more")
