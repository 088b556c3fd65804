"""Statements of an answer are linked to the documents that say so; a statement without a link refuses the answer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from genie.contracts.loop_call import Link
from genie.loops.links import MOST_ANSWER, MOST_LINKS, TOO_LONG, leaf_numbers, unknown_numbers
from genie.loops.react import Check, Checked, DocumentCheck

if TYPE_CHECKING:
    from genie.contracts.model_call import Document, ToolCall, ToolResult

UNLINKED = "unlinked_statement"
NO_SOURCE = "unknown_source"
NOT_SAID = "quote_not_found"
NUMBER = "unlinked_number"
NO_DOCUMENTS = "no_documents"
LEAST_QUOTE = 12
"""Characters of a quote at least, or the whole of a shorter sentence of the document; fewer prove nothing."""
MOST_TOLD = 8
_SOURCE = re.compile(r'\[([^\[\]"\n]{1,256}): "([^"\n]{1,2000})"\]')
_SENTENCE = re.compile(r"[^.!?\n]*[.!?\n]+|[^.!?\n]+\Z")
_WORD = re.compile(r"[^\W\d_]{2,}")
NOTHING = "The documents do not say."
"""What an answer may say without a link."""


class _Statement(NamedTuple):
    text: str
    """Without its sources."""
    sources: tuple[re.Match[str], ...]


class Cited(DocumentCheck):
    """The check ``cited``: each statement ends with ``[document: "its words"]``, and the document has these words."""

    def over(self, documents: Sequence[Document]) -> Check:
        """See ``DocumentCheck.over``."""
        texts = {one.name: _plain(one.text) for one in documents}

        def check(text: str, _calls: Sequence[tuple[ToolCall, ToolResult]], _goal: str) -> Checked:
            return _checked(text, texts)

        return check


def _plain(text: str) -> str:
    """Return a text with single spaces and without differences of case."""
    return " ".join(text.split()).casefold()


class _Refused(Exception):  # noqa: N818 - a signal within this module
    def __init__(self, code: str, told: str) -> None:
        super().__init__(code)
        self.checked = Checked(code=code, told=told)


def _checked(text: str, texts: dict[str, str]) -> Checked:
    if text.strip() == NOTHING:
        return Checked()
    try:
        if len(text) > MOST_ANSWER:
            raise _Refused(TOO_LONG, "Your answer is too long.")
        if not texts:
            raise _Refused(NO_DOCUMENTS, f"There are no documents. Answer: {NOTHING}")
        said = statements(text)
        links = [link for one in said for link in _links(one, texts)]
        lacking = [one.text.strip()[:80] for one in said if not one.sources]
        if lacking:
            shown = " / ".join(lacking[:MOST_TOLD])
            raise _Refused(
                UNLINKED, f'No source: {shown}. End each sentence with [document: "its exact words"], or leave it out.'
            )
        if not links:
            raise _Refused(UNLINKED, f"Your answer states nothing. Where nothing is known, answer: {NOTHING}")
    except _Refused as refused:
        return refused.checked
    return Checked(links=tuple(links[:MOST_LINKS]))


def _links(statement: _Statement, texts: dict[str, str]) -> list[Link]:
    """Return the links of one statement; its numbers must stand in what it quotes."""
    links: list[Link] = []
    quoted = ""
    for found in statement.sources:
        name, words = found[1].strip(), found[2]
        body = texts.get(name)
        if body is None:
            raise _Refused(NO_SOURCE, f"There is no document {name[:80]!r}.")
        quote = _plain(words)
        at = body.find(quote)
        if at < 0 or len(quote) < min(LEAST_QUOTE, len(body)):
            raise _Refused(NOT_SAID, f"Document {name[:80]!r} has no words {words[:80]!r}; quote it exactly.")
        quoted += f" {quote}"
        links.append(Link(text=words[:64], start=found.start(), call=f"document:{name}"[:128], path=str(at)))
    lacking = unknown_numbers(statement.text, leaf_numbers(quoted)) if links else set()
    if lacking:
        shown = ", ".join(sorted(lacking)[:MOST_TOLD])
        raise _Refused(NUMBER, f"Your quotes do not have these numbers of their statement: {shown}.")
    return links


def statements(text: str) -> list[_Statement]:
    """Return the statements of an answer with their sources; what has no words states nothing.

    A source belongs to the statement before it. Sources are taken out first, since a quote may have full stops.
    """
    marks = list(_SOURCE.finditer(text))
    blank = list(text)
    for mark in marks:
        blank[mark.start() : mark.end()] = "\0" * (mark.end() - mark.start())
    plain = "".join(blank)
    found: list[_Statement] = []
    for sentence in _SENTENCE.finditer(plain):
        own = tuple(mark for mark in marks if sentence.start() <= mark.start() < sentence.end())
        said = sentence[0].replace("\0", "").strip(" \t\n-*#>")
        if _WORD.search(said):
            found.append(_Statement(said, own))
        elif own and found:  # behind the full stop of its statement
            found[-1] = _Statement(found[-1].text, found[-1].sources + own)
        elif own:
            found.append(_Statement("", own))
    # A source right behind a full stop stands at the beginning of the next sentence.
    for at in range(1, len(found)):
        early = tuple(mark for mark in found[at].sources if _begins(plain, mark.start()))
        if early and not found[at - 1].sources:
            found[at - 1] = _Statement(found[at - 1].text, early)
            found[at] = _Statement(found[at].text, tuple(one for one in found[at].sources if one not in early))
    return found


def _begins(plain: str, at: int) -> bool:
    """Return whether only sources stand between the beginning of a sentence and a place in it."""
    start = max((plain.rfind(mark, 0, at) for mark in ".!?\n"), default=-1) + 1
    return not plain[start:at].strip("\0 \t-*")
