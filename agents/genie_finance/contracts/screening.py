"""Questions and answers of a screening against watch lists."""

from __future__ import annotations

import datetime
from typing import Annotated, Literal

from pydantic import Field

from genie.contracts.message import Payload, Value
from genie_finance.contracts.grounds import Grounds

Name = Annotated[str, Field(min_length=1, max_length=200)]
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
"""ISO 3166-1 alpha-2."""
ListKind = Literal["sanctions", "pep", "adverse"]
"""Sanctions; politically exposed persons and their relatives and close associates; reports of crime."""
Strength = Literal["strong", "possible", "discounted"]
"""``strong``: name and date of birth or identity number agree. ``possible``: the name agrees, and nothing contradicts
it.
``discounted``: the name agrees, but a date of birth that was verified does not; kept so that a person can check it."""


class ScreeningRequest(Payload, topic="screening.request", classification="confidential"):
    """Is this person or firm on a watch list?"""

    subject_id: Annotated[str, Field(min_length=1, max_length=128)]
    name: Name
    aliases: Annotated[tuple[Name, ...], Field(max_length=20)] = ()
    date_of_birth: datetime.date | None = None
    """None if unknown, so that it cannot discount a hit."""
    date_of_birth_verified: bool = False
    """True if an official document that was checked contains it. A merely stated date discounts nothing."""
    countries: Annotated[tuple[Country, ...], Field(max_length=20)] = ()
    """Nationalities and residences."""
    identifiers: Annotated[tuple[Annotated[str, Field(min_length=1, max_length=64)], ...], Field(max_length=20)] = ()
    """Passport and tax numbers."""


class ScreeningMatch(Value):
    """An entry of a list that may be the subject."""

    entry_id: str
    list_id: str
    kind: ListKind
    name: str
    """The name or alias of the entry that is most similar."""
    score: Annotated[int, Field(ge=0, le=100)]
    """Likeness of the names."""
    strength: Strength
    reason: str


class ListEdition(Value):
    """A list with its edition at the time of the search."""

    list_id: str
    version: str
    as_of: datetime.date
    entries: int
    real: bool
    """False if its entries are invented, so that it clears nobody."""
    kinds: tuple[ListKind, ...] = ()
    """Kinds of its entries. A list does not clear a subject of kinds that it lacks."""


class ScreeningResult(Payload, topic="screening.result", classification="confidential"):
    """Matches of a subject on the lists. A match is never a finding of guilt: a person clears or confirms it."""

    subject_id: str
    status: Literal["clear", "undetermined", "possible", "strong"]
    """The strongest match that is not discounted. ``undetermined``: the subject is not cleared, because its names
    cannot be compared with a list, are incomplete in their script, or because no list is a real list of sanctions."""
    matches: tuple[ScreeningMatch, ...]
    """Strongest first."""
    lists: tuple[ListEdition, ...]
    grounds: Grounds

    @property
    def searched(self) -> frozenset[ListKind]:
        """Return the kinds for which real lists were searched."""
        return frozenset(kind for one in self.lists if one.real for kind in one.kinds)
