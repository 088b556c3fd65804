"""The basis of an answer: reasons, deciding inputs, editions of rules, and limits."""

from __future__ import annotations

import datetime
from typing import Self

from pydantic import model_validator

from genie.contracts.message import Value


class RuleEdition(Value):
    """One dated edition of a rule table, as an answer names it."""

    id: str
    """``table@effective_from``."""
    table: str
    effective_from: datetime.date
    effective_to: datetime.date
    """Last day on which it holds."""
    source: str
    section: str
    verified: bool
    """False where the figures could not be checked against a document; answers carry that as a caveat."""
    note: str = ""


class Reason(Value):
    """Why an answer is what it is."""

    code: str
    """Stable label, ``family.reason``."""
    text: str


class Evidence(Value):
    """An input of the answer, as it was read."""

    name: str
    value: str


class Grounds(Value):
    """Everything that is needed to check an answer."""

    reasons: tuple[Reason, ...]
    inputs: tuple[Evidence, ...]
    editions: tuple[RuleEdition, ...]
    uncertainty: str
    """How far the figures may be off, and what they leave out."""
    caveats: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _unverified_is_said(self) -> Self:
        for edition in self.editions:
            if not edition.verified and not any(edition.id in caveat for caveat in self.caveats):
                raise ValueError(f"{edition.id} is not verified, and no caveat says so")
        return self


def unverified(editions: tuple[RuleEdition, ...]) -> tuple[str, ...]:
    """Return one caveat for each edition whose figures were not checked against a document."""
    return tuple(
        f"{edition.id} is not verified: {edition.note or 'its source was not read'}"
        for edition in editions
        if not edition.verified
    )


def caveats_of(editions: tuple[RuleEdition, ...]) -> tuple[str, ...]:
    """Return the caveats of an answer that uses these editions: what is unverified, and the notes of the others."""
    notes = tuple(f"{one.id}: {one.note}" for one in editions if one.verified and one.note)
    return (*unverified(editions), *notes)
