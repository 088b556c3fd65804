"""Financial educator: finds the term that a question is about in a glossary, and answers with its entry."""

from __future__ import annotations

import datetime
import functools
import re
import unicodedata
from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie_finance.contracts.grounds import Evidence, Grounds, Reason
from genie_finance.contracts.research import Citation, ExplainFinance, FinanceExplanation
from genie_finance.research.shelf import data

ID = "financial_educator"
FOUND = 0.86
"""Minimum similarity that counts as a term."""
NEAR = 0.6
_MOST_NEAR = 3
_WORD = re.compile(r"(?:[^\W_]|[\u0900-\u0903\u093a-\u094f])+")
"""Letters and digits, with the vowel signs of Devanagari, which ``re`` does not count as letters.

The classes are disjoint, so each character is read once.
"""


class Entry(BaseModel):
    """A term of the glossary."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    term: str
    aliases: tuple[str, ...] = ()
    hindi: str | None = None
    plain: Annotated[str, Field(min_length=20)]
    expert: str | None = None
    last_reviewed: datetime.date

    def names(self) -> tuple[str, ...]:
        """Return every name, as words in lower case."""
        return tuple(words(name) for name in (self.term, *self.aliases, *((self.hindi,) if self.hindi else ())))


def words(text: str) -> str:
    """Return the words of a text in lower case, one space between them."""
    return " ".join(_WORD.findall(unicodedata.normalize("NFKC", text).casefold()))


@functools.cache
def glossary() -> tuple[Entry, ...]:
    """Return the shipped entries, in the order of the file."""
    return TypeAdapter(tuple[Entry, ...]).validate_python(data("glossary"))


def explain(request: ExplainFinance) -> FinanceExplanation:
    """Return the entries that a question names, the longest name first; else the nearest entries.

    Names are searched for as whole words, then by similarity, for misspelt words.
    """
    asked = words(request.question)
    hits = sorted(_named(asked), key=lambda hit: (-len(hit[1]), hit[0].term))
    kept: list[Entry] = []
    covered = ""
    for entry, name in hits:
        if f" {name} " not in covered:
            kept.append(entry)
            covered += f" {name} "
    if kept:
        return _answer(request, [(entry, 1.0) for entry in kept[:_MOST_NEAR]])
    like = sorted(((entry, _likeness(asked, entry)) for entry in glossary()), key=lambda one: (-one[1], one[0].term))
    if like[0][1] >= FOUND:
        return _answer(request, like[:1])
    near = tuple(entry.term for entry, score in like[:_MOST_NEAR] if score >= NEAR)
    text = "The glossary has no entry for this."
    text += f" Did you mean {', '.join(near)}?" if near else f" It explains {len(glossary())} terms of finance."
    reason = Reason(code="research.no_entry", text=text)
    return FinanceExplanation(
        found=False, term=None, text=text, citations=(), did_you_mean=near, grounds=_grounds(reason, ())
    )


def _named(asked: str) -> Iterator[tuple[Entry, str]]:
    padded = f" {asked} "
    for entry in glossary():
        inside = [name for name in entry.names() if f" {name} " in padded]
        if inside:
            yield entry, max(inside, key=len)


def _likeness(asked: str, entry: Entry) -> float:
    from rapidfuzz import fuzz  # noqa: PLC0415 - only a question that names no term needs it

    parts = asked.split()
    best = 0.0
    for name in entry.names():
        size = len(name.split())
        spans = {" ".join(parts[at : at + size]) for at in range(max(len(parts) - size, 0) + 1)}
        best = max(best, *(fuzz.ratio(span, name) / 100 for span in spans))
    return best


def _answer(request: ExplainFinance, found: list[tuple[Entry, float]]) -> FinanceExplanation:
    entry = found[0][0]
    text = entry.expert if request.audience == "expert" and entry.expert else entry.plain
    citations = tuple(
        Citation(
            term=one.term, text=one.plain, score=Decimal(f"{score:.2f}"), last_reviewed=one.last_reviewed
        )
        for one, score in found
    )  # fmt: skip
    reason = Reason(code="research.entry", text=f"The question names {entry.term!r}.")
    return FinanceExplanation(
        found=True,
        term=entry.term,
        text=text,
        citations=citations,
        did_you_mean=(),
        grounds=_grounds(reason, citations),
    )


def _grounds(reason: Reason, citations: tuple[Citation, ...]) -> Grounds:
    return Grounds(
        reasons=(reason,),
        inputs=tuple(Evidence(name=one.term, value=f"reviewed {one.last_reviewed}") for one in citations),
        editions=(),
        uncertainty="General explanations, not advice; without limits and rates that change by law.",
    )


@agent(
    id=ID,
    capabilities=("explain_finance", "educate"),
    risk=Risk.LOW,
    tier=Tier.BETA,
    clearance="confidential",
    concurrency=8,
)
async def financial_educator(request: ExplainFinance) -> FinanceExplanation:
    """Explains a financial term from a curated glossary with citations; states if it has no entry."""
    return explain(request)
