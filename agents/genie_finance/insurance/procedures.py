"""Names of procedures: compares the hospital's spelling with a plan's list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

Meant = Literal["same", "perhaps"]

_ALIKE = 84.0
"""Similarity in percent from which two words are spellings of one word."""
_SHORTEST = 4
"""Minimum common letters at the start of two words with one stem."""
_ENDING = 2
"""Maximum different letters at the end of the shorter word."""
_PLAIN = frozenset(
    (
        "a", "an", "and", "any", "by", "correction", "drug", "drugs", "expenses", "for", "in", "of", "on",
        "operation", "operative", "or", "other", "procedure", "procedures", "related", "substance", "surgeries",
        "surgery", "surgical", "the", "therapy", "to", "treatment", "treatments", "under", "with",
    )
)  # fmt: skip
"""Words that alone do not name a procedure."""
_KIN = {
    "cosmetic": (
        "aesthetic",
        "augmentation",
        "beautification",
        "blepharoplasty",
        "botox",
        "esthetic",
        "facelift",
        "fillers",
        "hair",
        "liposculpture",
        "liposuction",
        "mammoplasty",
        "otoplasty",
        "tummy",
    ),
    "plastic": ("aesthetic", "esthetic", "rhinoplasty", "abdominoplasty"),
    "refractive": ("lasik", "photorefractive"),
    "infertility": ("fertility", "insemination", "surrogacy"),
    "obesity": ("bariatric", "gastrectomy"),
    "maternity": ("childbirth", "caesarean", "cesarean", "delivery"),
}
"""Synonyms of the regulator's standard exclusions."""
_EITHER = frozenset(("or", "and"))


def words(name: str) -> tuple[str, ...]:
    """Return a name's words in lower case, without the separators."""
    return tuple("".join(char if char.isalnum() else " " for char in name.casefold()).split())


def same_stem(first: str, second: str) -> bool:
    """Return whether two words have one stem, or are spellings of one word: ``cosmetic``, ``cosmtic``."""
    from rapidfuzz import fuzz  # noqa: PLC0415 - needed by insurance alone

    shorter, longer = sorted((first, second), key=len)
    stem = max(len(shorter) - _ENDING, _SHORTEST)
    if len(shorter) >= _SHORTEST and longer.startswith(shorter[:stem]):
        return True
    return shorter == longer or fuzz.ratio(first, second) >= _ALIKE


def names(listed: str, procedure: str) -> bool:
    """Return whether a procedure matches a listed name: it contains all significant words of that name."""
    if words(listed) == words(procedure):
        return True
    return _holds(_telling(words(listed)), words(procedure))


def meant(listed: Iterable[str], procedure: str) -> Iterator[tuple[str, Meant]]:
    """Yield the exclusions of a list that may apply to a procedure.

    ``same`` if the names are equal; ``perhaps`` if the procedure has the stems of one of them, as "Rhinoplasty
    (cosmetic)" and "Cosmetic surgery". Of "cosmetic or plastic surgery", either word is enough.
    """
    said = words(procedure)
    for one in listed:
        if words(one) == said:
            yield one, "same"
        elif any(_holds(_telling(part), said) for part in _alternatives(one)):
            yield one, "perhaps"


def _alternatives(name: str) -> Iterator[list[str]]:
    for listed in name.replace(";", ",").replace("/", ",").split(","):
        part: list[str] = []
        for word in words(listed):
            if word in _EITHER:
                yield part
                part = []
            else:
                part.append(word)
        yield part


def _telling(name: Iterable[str]) -> list[str]:
    return [word for word in name if word not in _PLAIN]


def _holds(wanted: Sequence[str], said: Sequence[str]) -> bool:
    return bool(wanted) and all(
        any(same_stem(kin, other) for kin in (word, *_KIN.get(word, ())) for other in said) for word in wanted
    )
