"""What notebooks show: escaped, bounded, and never a payload."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genie.contracts.gather import Each
from genie.contracts.markup import table
from genie.runtime.runtime import Runtime
from tests.genie.policies_for_tests import Answer, Opinion, Question, answerer


class Cells(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.rows: list[list[str]] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.add(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in {"td", "th"}:
            self.rows[-1].append("")

    def handle_data(self, data: str) -> None:
        if self.rows:
            self.rows[-1][-1] += data


def parsed(text: str) -> Cells:
    cells = Cells()
    cells.feed(text)
    return cells


@given(st.lists(st.tuples(st.text(max_size=30), st.text(max_size=30)), max_size=5), st.text(max_size=30))
def test_cells_are_text_whatever_they_hold(rows: list[tuple[str, str]], title: str) -> None:
    found = parsed(table(title, ("a", "b"), rows))
    assert found.tags <= {"table", "caption", "tr", "th", "td"}
    assert len(found.rows) == len(rows) + 1


def test_it_is_bounded() -> None:
    text = table("many", ("n",), [("x" * 10_000,)] * 5_000)
    assert len(text) < 40_000
    assert parsed(text).rows[-1] == ["and 4900 more"]


@pytest.mark.anyio
async def test_runs_gathers_and_statistics_show_themselves_without_payloads() -> None:
    async with Runtime([answerer]) as runtime:
        run = runtime.start(Question(text="a secret"), Answer)
        await run.result()
        await run.settled()
        views = await runtime.gather(Question(text="a secret"), expect=(Each(Answer), Opinion))
        for shown in (run, views, runtime.statistics()):
            text = shown._repr_html_()
            assert "secret" not in text
            assert "answerer" in text
        assert "t.opinion" in views._repr_html_()
