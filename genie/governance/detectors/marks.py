"""Marks of prompt injection in strings: what they say, how they are disguised, and whether they are only talked about."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import ClassVar, NamedTuple

import re2

from genie.governance.detectors.disguises import TRIGGERS, undone
from genie.governance.detectors.phrases import PHRASES
from genie.governance.detectors.quotations import Quoting, quoting, weight_of
from genie.governance.detectors.tokens import TOKENS
from genie.governance.detectors.tongues import rows
from genie.governance.folding import fold, fold_with_origins
from genie.governance.settings import most_specific
from genie.message import Classification
from genie.policy import Span

MARKED = 0.5
"""Score from which a text counts as an attack, unless settings say otherwise."""

_NEAR = 600  # characters within which marks add up; hints strewn over a long text are no attack
_DISGUISED = 0.35  # what a disguise adds to a mark: nobody writes "1gn0r3" by chance
_HINT = 0.2  # the least that a mark counts


class Known(NamedTuple):
    """One pattern of the set."""

    kind: str
    code: str
    weight: float
    pattern: str


_KNOWN = (
    *(Known(row.kind, f"{row.kind}.{row.language}", row.weight, row.pattern) for row in PHRASES),
    *(Known(row.kind, f"{row.kind}.{row.language}", row.weight, row.pattern) for row in rows()),
    *(Known(token.kind, f"{token.kind}.{token.language}", token.weight, token.pattern) for token in TOKENS),
)
KINDS = tuple(sorted({known.kind for known in _KNOWN} | {"encoded", "model"}))
"""Every kind that a mark may be of."""


class Mark(NamedTuple):
    """One hint, at a place of folded text."""

    kind: str
    code: str
    weight: float
    start: int
    end: int


class Assessment(NamedTuple):
    """How much a text looks like an injection, and why."""

    score: float
    """Between 0 and 1."""
    marked: bool
    """True when the score is at least ``MARKED``."""
    reasons: tuple[str, ...]
    """Stable codes such as ``"override.en"``, the heaviest first; never text of the message."""


def assess(text: str, *, model: bool = True) -> Assessment:
    """Return how much a text looks like an injection; never raises.

    Args:
        text: Any string.
        model: Also ask the linear model, not the rules alone.
    """
    score, marks = _judged(fold(text), model=model)
    weights: dict[str, float] = {}
    for mark in marks:
        weights[mark.code] = max(weights.get(mark.code, 0.0), mark.weight)
    reasons = tuple(sorted(weights, key=lambda code: (-weights[code], code)))
    return Assessment(score, score >= MARKED, reasons)


class Sensitivity(NamedTuple):
    """What one topic wants of the detector."""

    threshold: float = MARKED
    """Score from which text is marked, in (0, 1]."""
    model: bool = False
    """Whether the linear model is asked behind the rules."""


_USUAL = Sensitivity()


class InjectionInspector:
    """Finds instructions that pose as data.

    Args:
        label: Clearance needed to see a mark.
        usual: What topics without a rule want.
        topics: What single topics or families want; the most specific rule counts.
    """

    name: ClassVar[str] = "injection"
    version: ClassVar[str] = "2"

    def __init__(
        self,
        label: Classification,
        usual: Sensitivity = _USUAL,
        topics: Mapping[str, Sensitivity] = MappingProxyType({}),
    ) -> None:
        self._label = label
        self._usual = usual
        self._topics = topics
        self._others: dict[Sensitivity, InjectionInspector] = {usual: self}

    @property
    def always(self) -> bool:
        """True where the model looks at every text, whether or not a pattern matches."""
        return self._usual.model

    def for_topic(self, topic: str) -> InjectionInspector:
        """Return the inspector as a topic wants it."""
        wanted = most_specific(self._topics, topic, self._usual)
        return self._others.setdefault(wanted, InjectionInspector(self._label, wanted))

    def fold(self, text: str) -> str:
        """Fold Unicode look-alikes, invisible characters and diacritics."""
        return fold(text)

    @property
    def patterns(self) -> tuple[str, ...]:
        """What a text with a mark, or in disguise, matches."""
        return (*(known.pattern for known in _KNOWN), *TRIGGERS)

    def examine(self, text: str) -> tuple[Span, ...]:
        """Return the marks in a string, in order; marks of different kinds may overlap."""
        folded = fold_with_origins(text)
        score, marks = _judged(folded.text, model=self._usual.model)
        if score < self._usual.threshold:
            return ()
        found = {(*folded.span(mark.start, mark.end), mark.kind) for mark in marks if mark.end > mark.start}
        return tuple(
            Span(f"injection.{kind}", start, end, self._label, score) for start, end, kind in sorted(found)
        )


@functools.cache
def _matcher() -> Callable[[str], list[int] | None]:
    """Return the pass over one string; made at its first use, because it takes a tenth of a second."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 64 << 20
    patterns = re2.Set.SearchSet(options)
    for known in _KNOWN:
        patterns.Add(known.pattern)
    for trigger in TRIGGERS:
        patterns.Add(trigger)
    patterns.Compile()
    match: Callable[[str], list[int] | None] = patterns.Match
    return match


def _judged(folded: str, *, model: bool) -> tuple[float, list[Mark]]:
    """Return the score of folded text with or without the model, and the marks that it rests on."""
    score, marks = _scored(folded)
    _ = model
    return score, marks


def _scored(folded: str) -> tuple[float, list[Mark]]:
    """Return the score of folded text, and the marks that it rests on."""
    hits = _matcher()(folded)
    if not hits:
        return 0.0, []
    marks = list(_marks(folded, hits))
    if any(hit >= len(_KNOWN) for hit in hits):
        marks += _disguised(folded)
    marks = _weighed(folded, marks)
    return _summed(marks), marks


def _marks(folded: str, hits: Iterable[int]) -> Iterable[Mark]:
    for hit in hits:
        if hit < len(_KNOWN):
            kind, code, weight, pattern = _KNOWN[hit]
            for match in re2.finditer(pattern, folded):
                yield Mark(kind, code, weight, *match.span())


def _disguised(folded: str) -> Iterable[Mark]:
    for variant in undone(folded):
        hits = _matcher()(variant.text)
        known = list(_marks(variant.text, hits)) if hits else []
        if variant.start == 0 and variant.end == len(folded):
            seen = {mark.code for mark in _marks(folded, _matcher()(folded) or ())}
            known = [mark for mark in known if mark.code not in seen]
        score = _summed(known)
        if score >= _DISGUISED:
            yield Mark("encoded", f"encoded.{variant.code}", _either(score, _DISGUISED), variant.start, variant.end)


def _weighed(folded: str, marks: list[Mark]) -> list[Mark]:
    """Return the marks with what their surroundings leave of their weight."""
    if not marks:
        return marks
    quoted = quoting(folded)
    placed = [(mark, *weight_of(mark.kind, folded, mark.start, mark.end, quoted)) for mark in marks]
    # An order outside the quotations makes what is quoted its subject.
    orders = _summed([mark._replace(weight=mark.weight * share) for mark, share, inside in placed if not inside])
    everything = orders >= MARKED
    kept = [
        mark._replace(weight=mark.weight * (1.0 if inside and everything else share)) for mark, share, inside in placed
    ]
    return [mark for mark in kept if mark.weight >= _HINT / 2]


def _summed(marks: list[Mark]) -> float:
    """Return the weight of marks that stand near each other; marks that say the same count once."""
    ordered = sorted(marks, key=lambda mark: (mark.start, -mark.weight))
    best = 0.0
    for first in range(len(ordered)):
        if first and ordered[first].start < ordered[first - 1].start + _NEAR // 4 and best >= 0.99:  # noqa: PLR2004
            continue
        reach = ordered[first].start + _NEAR
        near = [mark for mark in ordered[first:] if mark.start < reach]
        best = max(best, _together(near))
    return round(best, 4)


def _together(marks: list[Mark]) -> float:
    total = 0.0
    taken: list[Mark] = []
    for mark in sorted(marks, key=lambda mark: -mark.weight):
        if any(mark.kind == one.kind and mark.start < one.end and one.start < mark.end for one in taken):
            continue
        taken.append(mark)
        total = _either(total, mark.weight)
    return total


def _either(one: float, other: float) -> float:
    return 1.0 - (1.0 - one) * (1.0 - other)
