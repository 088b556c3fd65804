"""The basis of an answer: reasons, deciding inputs, editions of rules, and limits."""

from __future__ import annotations

import datetime
from typing import Literal, Self

from pydantic import model_validator

from genie.contracts.message import Value

Verification = Literal["text", "secondary", "unverified"]
"""How the figures of an edition were checked, from the strongest state to the weakest. ``text``: the law or circular
was read. ``secondary``: two independent pages, which are named, agree. ``unverified``: neither."""
STRENGTH: tuple[Verification, ...] = ("text", "secondary", "unverified")


class RuleEdition(Value):
    """One dated edition of a rule table, as an answer names it."""

    id: str
    """``table@effective_from``."""
    table: str
    effective_from: datetime.date
    effective_to: datetime.date
    """Last day on which it is in force."""
    source: str
    section: str
    verification: Verification
    looked_at: datetime.date
    """Day on which the source was last compared with the figures."""
    pages: tuple[str, ...] = ()
    """Pages that agree, for ``secondary``."""
    note: str = ""

    @property
    def verified(self) -> bool:
        """False where the figures could not be checked; answers carry that as a caveat."""
        return self.verification != "unverified"


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
    """Uncertainty of the figures, and what they leave out."""
    caveats: tuple[str, ...] = ()

    @property
    def weakest(self) -> Verification:
        """The weakest verification of the editions used; ``text`` if there are none."""
        return weakest(self.editions)

    @model_validator(mode="after")
    def _unverified_is_said(self) -> Self:
        for edition in self.editions:
            if not edition.verified and not any(edition.id in caveat for caveat in self.caveats):
                raise ValueError(f"{edition.id} is not verified, and no caveat says so")
        return self


def weakest(editions: tuple[RuleEdition, ...]) -> Verification:
    """Return the weakest verification of the editions; ``text`` for none."""
    return max((one.verification for one in editions), key=STRENGTH.index, default="text")


def unverified(editions: tuple[RuleEdition, ...]) -> tuple[str, ...]:
    """Return one caveat with the weakest verification and its editions; none for ``text``."""
    state = weakest(editions)
    of_it = {one.id: one for one in editions if one.verification == state}.values()
    if state == "unverified":
        named = "; ".join(f"{one.id} is not verified: {one.note or 'its source was not read'}" for one in of_it)
        return (f"Rests on rules that are unverified. {named}.",)
    if state == "secondary":
        named = "; ".join(f"{one.id} ({', '.join(one.pages)}, checked on {one.looked_at})" for one in of_it)
        return (f"Rests on rules that two or more pages agree on; the law itself was not read: {named}.",)
    return ()


def caveats_of(editions: tuple[RuleEdition, ...]) -> tuple[str, ...]:
    """Return the caveats of an answer that uses these editions: their weakest state, and the notes of the others."""
    state = weakest(editions)
    notes = (f"{one.id}: {one.note}" for one in editions if one.note and (one.verified or one.verification != state))
    return (*unverified(editions), *dict.fromkeys(notes))
