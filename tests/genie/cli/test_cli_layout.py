"""Lines and tables as text: all of it in a pipe, within the width of a terminal."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len as width_of

from genie.cli.terminal.layout import Column, Grid, Line, Text, laid_out

ANSI = re.compile(r"\x1b\[[0-9;]*m")
words = st.text(st.characters(categories=["L", "N", "P", "Zs"]), max_size=60)
columns = st.builds(
    Column, st.text("abc", min_size=1, max_size=9), st.booleans(), st.booleans(), bar=st.just(False)
)  # fmt: skip
grids = st.integers(1, 5).flatmap(
    lambda n: st.builds(
        Grid,
        st.tuples(*[columns] * n),
        st.lists(st.tuples(*[words] * n), max_size=4),
    )
)


def letters(text: str) -> list[str]:
    return sorted(char for char in text if not char.isspace() and char != "─")


def test_in_a_pipe_a_row_is_one_line_and_nothing_is_cut() -> None:
    grid = Grid((Column("agent"), Column("takes", whole=True), Column("n", right=True)))
    grid.add("reader", Text(("insights.question", "insights.task")), "7")
    grid.add("a" * 200, "-", "12")
    head, rule, first, second = laid_out([grid])
    assert set(rule) == {"─"}
    assert first.split() == ["reader", "insights.question,", "insights.task", "7"]
    assert second.split() == ["a" * 200, "-", "12"]
    assert first.index("insights") == second.index("-") == head.index("takes")
    assert len(first) == len(second)


@pytest.mark.slow
@given(grids, st.integers(40, 200))
def test_no_width_loses_a_character(grid: Grid, width: int) -> None:
    shown = letters("".join(laid_out([grid], width=width)))
    cells = letters("".join(cell for row in grid.rows for cell in row if isinstance(cell, str)))
    for cell in cells:
        shown.remove(cell)
    assert set(shown) <= set("abc")  # what is left are titles


@given(words, st.integers(10, 60), st.integers(0, 5))
def test_a_line_wraps_within_its_width_and_keeps_its_words(text: str, width: int, indent: int) -> None:
    lines = list(laid_out([Line.of(" " * indent + text)], width=width))
    assert all(width_of(line) <= width for line in lines)
    assert letters("".join(lines)) == letters(text)


@given(st.lists(st.text("ab ", max_size=30), min_size=1, max_size=4), st.integers(10, 40))
def test_colour_changes_no_character_and_no_place(pieces: list[str], width: int) -> None:
    line = Line(tuple(Text(piece, "bold" if number % 2 else "") for number, piece in enumerate(pieces)))
    bare = [ANSI.sub("", one).rstrip() for one in laid_out([line], width=width, colour=True)]
    assert bare == [one.rstrip() for one in laid_out([line], width=width)]


@pytest.mark.parametrize("width", [120, 80, 40, 20])
def test_a_table_fits_its_terminal(width: int) -> None:
    grid = Grid((Column("agent", whole=True), Column("takes", whole=True), Column("what it does")))
    grid.add("statement_reader", "insights.received", "Reads bank exports of any form into exact transactions.")
    lines = list(laid_out([grid], width=width))
    assert all(width_of(line) <= max(width, len("  what it does  transactions.")) for line in lines)
    assert "statement_reader" in "\n".join(lines)
    assert "insights.received" in re.sub(r"\n\s*", "", "\n".join(lines))


def test_a_bar_is_whole_or_not_there() -> None:
    grid = Grid((Column("month", whole=True), Column("spent", right=True), Column("", bar=True)))
    grid.add("2024-01", "125,000.00", "█" * 24)
    assert "█" * 24 in "\n".join(laid_out([grid], width=80))
    narrow = "\n".join(laid_out([grid], width=40))
    assert "█" not in narrow
    assert "125,000.00" in narrow


def test_wide_characters_take_two_columns() -> None:
    grid = Grid((Column("merchant"), Column("n", right=True)))
    grid.add("東京電力", "1")
    grid.add("Corner", "2")
    _, _, first, second = laid_out([grid])
    assert width_of(first) == width_of(second) == len(second)


@given(st.text())
def test_nothing_can_steer_the_terminal(text: str) -> None:
    grid = Grid((Column("a"), Column("b")))
    grid.add(text, Text((text, text)))
    shown = "".join(laid_out([Line.of(text), grid], width=60))
    assert not any(unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"} for char in shown)
