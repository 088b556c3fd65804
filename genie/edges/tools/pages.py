"""Page extraction: the text, the title and the links of an HTML document, with the parser of the standard library."""

from __future__ import annotations

import html.parser
import re
from typing import Annotated
from urllib.parse import urljoin

import anyio.to_thread
import re2
from pydantic import Field

from genie.contracts.agent import agent
from genie.contracts.message import Payload, Value
from genie.edges.tools.refusals import TooLargeError
from genie.edges.tools.tool import Effect, ToolOptions

MOST_PAGE = 1_000_000
"""Characters of a page."""
MOST_TEXT = 200_000
MOST_LINKS = 500
MOST_MARKS = 50_000
"""Maximum tags of a page; a page with more is treated as an attack."""
_SILENT = frozenset({"script", "style", "template", "noscript", "svg", "head", "iframe", "object"})
_BLOCKS = frozenset(
    {"p", "div", "br", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "section", "article", "table", "ul", "ol", "pre"}
)
_SPACE = re.compile(r"[ \t\r\f\v\u00a0]+")
LONGEST_TAG = 4_096
_TAG = re2.compile(r"</?[a-zA-Z](?:[^<>\"']|\"[^\"]*\"|'[^']*')*>")
_OPEN = re.compile(r"<(?=[a-zA-Z/!?])")


class ExtractPage(Payload, topic="pages.extract", key=None):
    """Extract the text of an HTML document."""

    html: Annotated[str, Field(max_length=MOST_PAGE)]
    url: Annotated[str, Field(max_length=8_192)] = ""
    """Its address, used to complete links."""


class PageLink(Value):
    """A link of a page."""

    text: str
    url: str


class Page(Payload, topic="pages.page", key=None):
    """The content of a page, without scripts, styles and hidden elements."""

    title: str
    text: str
    links: tuple[PageLink, ...]
    truncated: bool


class _Reader(html.parser.HTMLParser):
    def __init__(self, url: str) -> None:
        super().__init__(convert_charrefs=True)
        self.url = url
        self.title: list[str] = []
        self.pieces: list[str] = []
        self.links: list[PageLink] = []
        self.length = 0
        self.full = False
        self._silent: list[str] = []
        self._in_title = False
        self._link: tuple[str, list[str]] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs[:64]}
        if tag == "title":
            self._in_title = True
        elif tag in _SILENT or (_hidden(given) and tag not in _VOID):
            self._silent.append(tag)
        elif self._silent:
            if tag == self._silent[-1]:
                self._silent.append(tag)
        elif tag == "a" and len(self.links) < MOST_LINKS:
            self._link = (given.get("href", "")[:8_192], [])
        if tag in _BLOCKS:
            self._add("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == "title":
            self._in_title = False
        elif self._silent and tag == self._silent[-1]:
            self._silent.pop()
        elif tag == "a" and self._link is not None:
            target, words = self._link
            self._link = None
            url = _target(self.url, target)
            if url:
                self.links.append(PageLink(text=_SPACE.sub(" ", "".join(words)).strip()[:256], url=url))
        if tag in _BLOCKS:
            self._add("\n")

    def handle_data(self, data: str) -> None:
        if self._in_title:
            if len(self.title) < 16:
                self.title.append(data[:1_024])
        elif not self._silent:
            self._add(data)
            if self._link is not None and len(self._link[1]) < 16:
                self._link[1].append(data[:256])

    def _add(self, text: str) -> None:
        if self.length < MOST_TEXT:
            self.pieces.append(text[: MOST_TEXT - self.length])
        self.full |= self.length + len(text) > MOST_TEXT
        self.length += len(text)


_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
)


def _hidden(given: dict[str, str]) -> bool:
    style = given.get("style", "")[:512].replace(" ", "").lower()
    unseen = any(mark in style for mark in ("display:none", "visibility:hidden", "font-size:0"))
    return unseen or "hidden" in given or given.get("aria-hidden") == "true"


def _target(base: str, href: str) -> str:
    try:
        url = urljoin(base, href.strip())
    except ValueError:
        return ""
    return url if url.lower().startswith(("https://", "http://")) else ""


def extracted(page: str, url: str = "") -> Page:
    """Return the content of a page.

    Raises:
        TooLargeError: It has too many tags to be a page.
    """
    if len(page) > MOST_PAGE or sum(1 for _ in _OPEN.finditer(page)) > MOST_MARKS:
        raise TooLargeError("pages", f"accepts pages of at most {MOST_MARKS} tags and {MOST_PAGE} characters")
    reader = _Reader(url)
    reader.feed(_closed(page))
    reader.close()
    lines = (_SPACE.sub(" ", line).strip() for line in "".join(reader.pieces).split("\n"))
    text = "\n".join(line for line in lines if line)
    title = _SPACE.sub(" ", "".join(reader.title)).strip()[:512]
    return Page(title=title, text=text, links=tuple(reader.links), truncated=reader.full)


def _closed(page: str) -> str:
    """Return a page whose tags all end: for an unclosed one, the standard parser would search its end repeatedly."""
    made: list[str] = []
    at = 0
    while (start := page.find("<", at)) >= 0:
        made.append(page[at:start])
        if page.startswith(("<!", "<?"), start):
            mark = "-->" if page.startswith("<!--", start) else ">"
            end = page.find(mark, start + 2)
            if end < 0:
                return "".join(made)
            at = end + len(mark)
            continue
        tag = _TAG.match(page[start : start + LONGEST_TAG])
        made.append("&lt;" if tag is None else tag[0])
        at = start + (1 if tag is None else len(tag[0]))
    made.append(page[at:])
    return "".join(made)


@agent(
    "page_reader", capabilities=("tool.pages",), risk="low", tier="beta", clearance="restricted", concurrency=2,
    timeout_s=30.0,
)  # fmt: skip
async def page_reader(question: ExtractPage) -> Page:
    """Extract the title, the text and the links of an HTML document."""
    return await anyio.to_thread.run_sync(lambda: extracted(question.html, question.url))


page_reader.tool_options = ToolOptions(effect=Effect.READ)  # type: ignore[attr-defined]  # read by tools_of
