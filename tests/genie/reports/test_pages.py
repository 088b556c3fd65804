"""What pages are made of: the library is the chosen one, text never becomes markup or script, sizes have limits."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import shutil
import subprocess
from datetime import UTC, datetime
from html.parser import HTMLParser
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import TemplateNotFound, UndefinedError

from genie.contracts.rendering import (
    Block,
    Card,
    Chart,
    Column,
    Facts,
    Figure,
    Item,
    Lines,
    Notice,
    Paragraph,
    Ranking,
    Section,
    Stack,
    Table,
    Text,
    Tile,
    Tiles,
    Trend,
)
from genie.reports.html import page as pages
from genie.reports.html.page import MOST_ROWS, MOST_TABLE_BYTES, Badge, Page, whole_page

DATA = resources.files("genie.reports.html").joinpath("data")
LIBRARY = "87364cc2b2a76a6684929e7d6b80b18a897794db38400caff1fcf1791c6925d2"
AT = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
HOSTILE = st.text(alphabet=st.sampled_from("<>&\"'/!-]scriptSCRIPT =\u2028\u2029\u202e\x00\n\\") | st.characters())


class Tags(HTMLParser):
    """Collects what a parser makes of a page."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_library_is_the_one_that_was_chosen_and_its_licence_is_beside_it() -> None:
    content = DATA.joinpath("chart.umd.min.js").read_bytes()
    version = re.search(rb"Chart\.js v([\d.]+)", content)
    read_me = DATA.joinpath("README.md").read_text()
    assert version is not None
    assert hashlib.sha256(content).hexdigest() == LIBRARY
    assert LIBRARY in read_me
    assert f"Chart.js {version[1].decode()}" in read_me
    assert "Permission is hereby granted" in DATA.joinpath("chart.LICENSE.md").read_text()


@pytest.mark.parametrize("name", ["chart.umd.min.js", "page.js", "page.css"])
def test_no_script_or_style_can_end_its_own_element(name: str) -> None:
    text = DATA.joinpath(name).read_text()
    assert "</" not in text or not re.search(r"</\s*(script|style)|<!--", text, re.IGNORECASE)
    assert "\r" not in text, "its digest in the page's policy would be another one after parsing"


def page_of(*blocks: Block, title: str = "A page") -> str:
    return whole_page(Page(title=title, sections=(Section("One", blocks),), at=AT))


def body(page: str) -> str:
    """Return the page without its data, scripts and style."""
    return re.sub(r"<(script|style)\b.*?</\1>", "", page, flags=re.DOTALL)


def charts(page: str) -> object:
    return json.loads(re.findall(r'<script type="application/json" id="charts">(.*?)</script>', page)[0])


def every_kind(text: str) -> tuple[Block, ...]:
    """Return a block of each kind with a text in each of its places."""
    table = Table(text, (Column(text), Column(text, number=True)), ((text, Text(text)), (None, text)))
    data = {"names": [text], "counts": [1], "moods": ["good"]}
    chart = Chart("tally", data, says=text, keys=(("good", text),), note=text)
    return (
        Paragraph(text), Paragraph(text, "note"), Paragraph(text, "question"), Paragraph(text, "answer"),
        Paragraph(text, "code"), Notice(text, (Lines((text,)),)), Lines((text,)), Facts(((text, text),)),
        Tiles((Tile(text, text, text),)), Ranking((Item(text, text, text, figure=text, note=text),)), table,
        Trend((1, 2)), Figure("one", text, table, note=text, chart=chart),
        Card(text, (Card(text, (Paragraph(text),)), table)), Stack((Card(text, (Paragraph(text),)),)),
    )  # fmt: skip


def test_the_page_lets_run_what_is_in_it_and_reach_nothing() -> None:
    page = page_of()
    policy = dict(
        part.strip().split(" ", 1)
        for part in html.unescape(re.findall(r'Content-Security-Policy" content="([^"]*)"', page)[0]).split(";")
    )

    def digests(name: str) -> list[str]:
        found = re.findall(rf"<{name}>(.*?)</{name}>", page, re.DOTALL)
        return ["'sha256-" + base64.b64encode(hashlib.sha256(one.encode()).digest()).decode() + "'" for one in found]

    assert policy["default-src"] == "'none'"
    assert policy["script-src"].split() == digests("script")
    assert policy["style-src"].split() == digests("style")
    assert {"connect-src", "frame-src", "font-src"} & set(policy) == set()
    assert policy["base-uri"] == policy["form-action"] == "'none'"
    assert "sourceMappingURL" not in page


def test_a_page_names_nothing_to_fetch() -> None:
    ours = page_of(*every_kind("text")).replace(pages._library(), "")
    assert re.findall(r"https?://|//[a-z]+\.|@import|url\(|fetch\(|XMLHttpRequest|WebSocket|import\(", ours) == []
    fetching = [value for name, value in Tags(ours).attributes if name in {"src", "href", "srcset", "action", "data"}]
    assert fetching == ["data:,"]


@settings(max_examples=40, deadline=None)
@given(HOSTILE)
def test_text_is_text_whatever_is_in_it(text: str) -> None:
    clean, hostile = (
        Tags(body(page_of(*every_kind("x"), title="x"))),
        Tags(body(page_of(*every_kind(text), title=text))),
    )
    assert set(hostile.tags) <= set(clean.tags)
    assert {name for name, _ in hostile.attributes} <= {name for name, _ in clean.attributes}
    assert not set(hostile.text) & set("\x00\u2028\u2029\u202e")


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(HOSTILE.filter(lambda name: name != "kind"), HOSTILE | st.lists(HOSTILE) | st.none()))
def test_data_reads_as_it_was_and_cannot_leave_its_element(data: dict[str, object]) -> None:
    table = Table("t", (Column("a"),), (("b",),))
    made = page_of(Figure("one", "t", table, chart=Chart("tally", data, says="s")))
    assert charts(made) == {"one": {"kind": "tally", **data}}
    inside = re.findall(r'id="charts">(.*?)</script>', made)[0]
    assert not set(inside) & set("<>&\u2028\u2029")
    assert made.count("</script>") == 3


def test_long_text_is_cut_and_says_so() -> None:
    assert "x… (100 more characters)" in page_of(Paragraph("x" * 2_100))


def test_markup_in_a_text_is_escaped_once() -> None:
    assert "<p>&lt;b&gt;x&lt;/b&gt; &amp;amp;</p>" in page_of(Paragraph("<b>x</b> &amp;"))


def test_a_template_fails_on_a_name_that_does_not_exist() -> None:
    with pytest.raises(UndefinedError):
        pages._environment().from_string("{{ missing }}").render()


@pytest.mark.parametrize("name", ["../page.py", "/etc/hostname", "../../__init__.py", "data/page.css"])
def test_templates_come_from_their_folder_alone(name: str) -> None:
    with pytest.raises(TemplateNotFound):
        pages._environment().get_template(name)


def test_tables_are_bounded_and_count_what_is_left_out() -> None:
    by_rows = body(page_of(Table("Many", (Column("a"),), tuple((str(n),) for n in range(MOST_ROWS + 7)))))
    assert by_rows.count("<tr>") == MOST_ROWS + 1
    assert "and 7 more; --json has them all" in by_rows
    by_size = body(page_of(Table("Large", (Column("a"), Column("b")), (("é" * 900, "x"),) * 400)))
    assert len(by_size.encode()) < MOST_TABLE_BYTES + 10_000
    assert 0 < by_size.count("<tr>") < 400
    assert "and 23 more; --json has them all" in page_of(Lines(tuple(map(str, range(123)))))


def test_rows_and_columns_must_match() -> None:
    with pytest.raises(ValueError, match="2 cells"):
        Table("Odd", (Column("a"),), (("b", "c"),))


def test_what_is_for_a_terminal_is_not_on_a_page() -> None:
    table = Table("t", (Column("a"), Column("bars", only="terminal")), (("1", "2"),))
    shown = body(page_of(table, Card("hidden", (Paragraph("words"),), only="terminal")))
    assert "bars" not in shown
    assert "hidden" not in shown
    assert '<th scope="col">a</th>' in shown


def test_a_page_stays_below_its_size_and_keeps_what_is_vital() -> None:
    table = Table("t", (Column("a"),), (("b",),))

    def section(number: int) -> Section:
        chart = Chart("tally", {"names": ["y" * 20_000]}, says="s")
        return Section(f"Section {number}", (Paragraph("x" * 1_900), Figure(f"c{number}", "t", table, chart=chart)))

    sections = (Section("Head", (), vital=True), *map(section, range(100)), Section("Foot", (), vital=True))
    page = whole_page(Page(title="Large", sections=sections, at=AT))
    assert len(page.encode()) < 1_500_000
    assert "<h2>Head</h2>" in page
    assert "<h2>Foot</h2>" in page
    assert "sections are left out" in page
    drawn = charts(page)
    assert isinstance(drawn, dict)
    assert 0 < len(drawn) < 100
    assert all(f'<canvas id="{name}"' in page for name in drawn)


def test_the_date_is_the_one_that_was_given() -> None:
    assert "21 Nov 2026, 09:30 UTC" in page_of()
    assert "UTC" not in body(whole_page(Page(title="A page")))


def test_a_status_has_a_word_and_a_sign() -> None:
    shown = body(whole_page(Page(title="A page", badge=Badge("held", "held", "‖"), standing=("r-1",))))
    assert re.search(r'class="badge held">\s*<span aria-hidden="true">‖</span> held</span>', shown)


CHROMIUM = shutil.which("chromium")


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")
def test_a_chart_with_wrong_data_takes_no_other_chart_away(tmp_path: Path) -> None:
    table = Table("t", (Column("a"),), (("b",),))
    good = Chart("tally", {"names": ["a"], "counts": [1], "moods": ["good"]}, says="s")
    figures = [Figure(f"wrong{at}", "t", table, chart=Chart("tally", {}, says="s")) for at in range(2)]
    figures.insert(1, Figure("right", "t", table, chart=good))
    (tmp_path / "page.html").write_text(page_of(*figures))
    done = subprocess.run(
        [
            str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-sync", "--disable-background-networking", "--disable-component-update",
            f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", f"file://{tmp_path / 'page.html'}",
        ],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    dom = body(done.stdout)
    assert re.findall(r'<canvas id="(\w+)"[^>]*width="[1-9]', dom) == ["right"]
    assert len(re.findall(r"<canvas", dom)) == 1
    assert ["open" in one for one in re.findall("<details([^>]*)>", dom)] == [True, False, True]
