"""What pages are made of: the library is the one that was chosen, and text can never become markup or script."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genie.reports.html import frame
from genie.reports.html.frame import whole_page
from genie.reports.html.markup import Markup, data_block, escaped, tag
from genie.reports.html.parts import MOST_ROWS, MOST_TABLE_BYTES, Section, block, lines, table

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


def test_the_page_lets_run_what_is_in_it_and_reach_nothing() -> None:
    page = whole_page("A page", [Section(block("One"))], at=AT)
    policy = dict(
        part.strip().split(" ", 1)
        for part in re.findall(r'Content-Security-Policy" content="([^"]*)"', page)[0].split(";")
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
    page = whole_page("A page", [Section(block("One", escaped("text")), {"c": {"kind": "ratio"}})], at=AT)
    ours = page.replace(frame._library(), "")
    assert re.findall(r"https?://|//[a-z]+\.|@import|url\(|fetch\(|XMLHttpRequest|WebSocket|import\(", ours) == []
    fetching = [value for name, value in Tags(ours).attributes if name in {"src", "href", "srcset", "action", "data"}]
    assert fetching == ["data:,"]


@given(HOSTILE)
def test_text_is_text_whatever_is_in_it(text: str) -> None:
    read = Tags(tag("p", text, title=text))
    assert read.tags == ["p"]
    assert [name for name, _ in read.attributes] == ["title"]
    assert not set(read.text) & set("\x00\u2028\u2029\u202e")


@given(st.dictionaries(HOSTILE, HOSTILE | st.lists(HOSTILE) | st.none()))
def test_data_reads_as_it_was_and_cannot_leave_its_element(value: dict[str, object]) -> None:
    made = data_block("charts", value)
    inside = made.removeprefix('<script type="application/json" id="charts">').removesuffix("</script>")
    assert json.loads(inside) == value
    assert not set(inside) & set("<>&\u2028\u2029")


def test_long_text_is_cut_and_says_so() -> None:
    assert escaped("x" * 2_100).endswith("… (100 more characters)")


def test_markup_is_not_escaped_twice() -> None:
    assert tag("p", Markup("<b>x</b>"), "<") == "<p><b>x</b>&lt;</p>"


def test_tables_are_bounded_and_count_what_is_left_out() -> None:
    by_rows = table("Many", ("a",), ([str(n)] for n in range(MOST_ROWS + 7)))
    assert by_rows.count("<tr>") == MOST_ROWS + 1
    assert "and 7 more; --json has them all" in by_rows
    by_size = table("Large", ("a", "b"), (["é" * 900, "x"] for _ in range(400)))
    assert len(by_size.encode()) < MOST_TABLE_BYTES + 1_000
    assert 0 < by_size.count("<tr>") < 400
    assert "and 23 more; --json has them all" in lines(map(str, range(123)))


def test_a_page_stays_below_its_size_and_keeps_what_is_vital() -> None:
    many = [Section(block(f"Section {n}", escaped("x" * 2_000)), {f"c{n}": "y" * 20_000}) for n in range(100)]
    page = whole_page("Large", [Section(block("Head"), vital=True), *many, Section(block("Foot"), vital=True)], at=AT)
    assert len(page.encode()) < 1_500_000
    assert "<h2>Head</h2>" in page
    assert "<h2>Foot</h2>" in page
    assert "sections are left out" in page


def test_the_date_is_the_one_that_was_given() -> None:
    assert "2026-11-21 09:30 UTC" in whole_page("A page", [], at=AT)
    assert "UTC" not in Tags(whole_page("A page", [], at=None)).text.split("(() =>")[0]
