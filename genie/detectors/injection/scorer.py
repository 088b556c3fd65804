"""Scores of prompt injection: phrases, disguises, and whether a text quotes an attack or makes one."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterable
from typing import NamedTuple

import re2

from genie.detectors.injection import prefilter
from genie.detectors.injection.classifier import Model, Window, shipped, word_places
from genie.detectors.injection.control_tokens import TOKENS
from genie.detectors.injection.languages.english import PHRASES
from genie.detectors.injection.languages.grammar import rows
from genie.detectors.injection.obfuscation import TRIGGERS, deobfuscated
from genie.detectors.injection.pieces import pieces
from genie.detectors.injection.quotation import quotations_of, weight_of
from genie.detectors.injection.thresholds import MARKED
from genie.detectors.unicode import fold

_NEAR = 600  # characters within which marks add up; hints spread over a long text are not an attack
_DISGUISED = 0.35  # weight that a disguise adds to a mark: nobody writes "1gn0r3" by chance
_INNOCENT = frozenset({"spaced", "split"})  # disguises that also occur naturally: headings, codes, lists of letters
_HINT = 0.1  # minimum weight of a mark
_WEAK = 0.4  # weight below which a mark is ignored beside one on the same words
_SURE = 0.99
_MOST_MARKS = 64  # number of matches of one row in one text

# The score with the model: 1 / (1 + exp(doubt - rules * score - logit)), where the logit is held between two bounds, so
# that the model alone must be very sure, and can overrule weak hints of the rules.
_DOUBT, _RULES = 3.4, 7.0
_LEAST_LOGIT, _MOST_LOGIT = -2.0, 6.0
_TELLING = 1.5  # logit from which the model is listed as a reason


class WeightedPattern(NamedTuple):
    """One pattern of the set."""

    kind: str
    code: str
    weight: float
    pattern: str


PATTERNS = (
    *(WeightedPattern(row.kind, f"{row.kind}.{row.language}", row.weight, row.pattern) for row in PHRASES),
    *(WeightedPattern(row.kind, f"{row.kind}.{row.language}", row.weight, row.pattern) for row in rows()),
    *(WeightedPattern(token.kind, f"{token.kind}.{token.language}", token.weight, token.pattern) for token in TOKENS),
)


class Mark(NamedTuple):
    """One mark, at a place of folded text."""

    kind: str
    code: str
    weight: float
    start: int
    end: int

    @property
    def language(self) -> str:
        """The language of the phrase, or the disguise."""
        return self.code.rpartition(".")[2]


class Assessment(NamedTuple):
    """Injection score of a text, with the reasons."""

    score: float
    """Between 0 and 1."""
    marked: bool
    """True when the score is at least ``MARKED``."""
    reasons: tuple[str, ...]
    """Stable codes such as ``"override.en"``, the heaviest first; never text of the message."""


def assess(text: str, *, model: bool = True) -> Assessment:
    """Return the injection score of a text; never raises.

    Args:
        text: Any string.
        model: Also ask the linear model, not the rules alone.
    """
    score, marks = scored(fold(text), model=model)
    weights: dict[str, float] = {}
    for mark in marks:
        weights[mark.code] = max(weights.get(mark.code, 0.0), mark.weight)
    reasons = tuple(sorted(weights, key=lambda code: (-weights[code], code)))
    return Assessment(score, score >= MARKED, reasons)


@functools.cache
def _numbers() -> dict[str, list[int]]:
    """Return the numbers of each pattern; two languages may share one."""
    numbers: dict[str, list[int]] = {}
    for number, pattern in enumerate((*(known.pattern for known in PATTERNS), *TRIGGERS)):
        numbers.setdefault(pattern, []).append(number)
    return numbers


def _hits(folded: str, *, signs: bool = True) -> list[int]:
    """Return the numbers of the patterns that match folded text; without ``signs`` only marks."""
    found = prefilter.shipped().matching(folded, signs=signs)
    return sorted(number for pattern in found for number in _numbers()[pattern])


def scored(folded: str, *, model: bool, enough: float = _SURE) -> tuple[float, list[Mark]]:
    """Return the score of folded text with or without the model, and the marks that it is based on.

    Long text is judged piece by piece, and its score is that of the worst piece.

    Args:
        folded: Folded text.
        model: Also ask the linear model.
        enough: Score from which the rest of the text is not read: it becomes one mark.
    """
    best, kept = -1.0, list[Mark]()
    for start, end in pieces(folded):
        score, marks = _scored_piece(folded[start:end], model=model)
        if score > best:
            best = score
            kept = [mark._replace(start=mark.start + start, end=mark.end + start) for mark in marks]
        if best >= enough and end < len(folded):
            worst = max(kept, key=lambda mark: mark.weight)
            return best, [*kept, worst._replace(start=end, end=len(folded))]
    return best, kept


def _scored_piece(folded: str, *, model: bool) -> tuple[float, list[Mark]]:
    score, marks = _scored(folded, model=model)
    if not model:
        return score, marks
    hidden = any(mark.kind == "encoded" and mark.weight >= MARKED for mark in marks)
    together, window = _modelled(folded, score, least=0.0 if hidden else _LEAST_LOGIT)
    if window.logit >= _TELLING:
        marks = [*marks, Mark("model", "model.ngrams", min(0.99, together), *_place(folded, window))]
    return together, marks


def _modelled(folded: str, score: float, least: float = _LEAST_LOGIT) -> tuple[float, Window]:
    """Combine a score of the rules with the model; return the score and the words that the model judged.

    Args:
        folded: Folded text.
        score: Score of the rules.
        least: The lowest logit; surrounding words must not outweigh a hidden mark.
    """
    window = _model().heaviest(folded)
    if window.logit > 0 and score < MARKED and (quoted := quotations_of(folded)).spans and quoted.excused:
        window = _model().heaviest(quoted.outside)._replace(start=0, end=0)
    logit = max(least, min(_MOST_LOGIT, window.logit))
    return round(1.0 / (1.0 + math.exp(_DOUBT - _RULES * score - logit)), 4), window


def _place(folded: str, window: Window) -> tuple[int, int]:
    """Return the position of a window of words in folded text; the whole text for an empty window."""
    places = list(itertools.islice(word_places(folded), window.start, window.end))
    return (places[0].start(), places[-1].end()) if places else (0, len(folded))


def _scored(folded: str, *, model: bool) -> tuple[float, list[Mark]]:
    """Return the score of folded text, and the marks that it is based on."""
    hits = _hits(folded)
    if not hits:
        return 0.0, []
    marks = list(_marks(folded, hits))
    signs = [hit - len(PATTERNS) for hit in hits if hit >= len(PATTERNS)]
    if signs:
        marks += _disguised(folded, signs, {mark.code for mark in marks}, model=model)
    marks = _weighed(folded, marks)
    return _summed(marks), marks


def _marks(folded: str, hits: Iterable[int]) -> Iterable[Mark]:
    for hit in hits:
        if hit < len(PATTERNS):
            kind, code, weight, pattern = PATTERNS[hit]
            matches = list(itertools.islice(re2.finditer(pattern, folded), _MOST_MARKS))
            for match in matches:
                yield Mark(kind, code, weight, *match.span())
            if len(matches) == _MOST_MARKS:  # the rest of the text is one mark, so that a flood of marks hides none
                yield Mark(kind, code, weight, matches[-1].start(), len(folded))


def _disguised(folded: str, signs: Iterable[int], seen: set[str], *, model: bool) -> Iterable[Mark]:
    for variant in deobfuscated(folded, signs):
        known = list(_marks(variant.text, _hits(variant.text, signs=False)))
        if variant.start == 0 and variant.end == len(folded):
            known = [mark for mark in known if mark.code not in seen]
        score = _summed(_weighed(variant.text, known))
        if model and score < MARKED:
            score, _ = _modelled(variant.text, score)
            if score < MARKED:
                continue
        innocent = variant.code in _INNOCENT
        if score >= (MARKED if innocent else _DISGUISED):
            weight = score if innocent else _either(score, _DISGUISED)
            yield Mark("encoded", f"encoded.{variant.code}", weight, variant.start, variant.end)


def _weighed(folded: str, marks: list[Mark]) -> list[Mark]:
    """Return the marks with their weights adjusted to the text around them."""
    if not marks:
        return marks
    quoted = quotations_of(folded)
    placed = [(mark, *weight_of(mark.kind, mark.language, folded, mark.start, mark.end, quoted)) for mark in marks]
    # An order outside the quotations refers to the quoted text.
    orders = _summed([mark._replace(weight=mark.weight * share) for mark, share, inside in placed if not inside])
    everything = orders >= MARKED
    kept = [
        mark._replace(weight=mark.weight * (1.0 if inside and everything else share)) for mark, share, inside in placed
    ]
    return [mark for mark in kept if mark.weight >= _HINT]


def _summed(marks: list[Mark]) -> float:
    """Return the weight of marks that are near each other; marks on the same words count once."""
    ordered = sorted(marks, key=lambda mark: (mark.start, -mark.weight))
    best, last = 0.0, 0
    for first, mark in enumerate(ordered):
        while last < len(ordered) and ordered[last].start < mark.start + _NEAR:
            last += 1
        best = max(best, _together(ordered[first:last]))
        if best > _SURE:
            break
    return round(best, 4)


def _together(marks: list[Mark]) -> float:
    total = 0.0
    taken: list[Mark] = []
    for mark in sorted(marks, key=lambda mark: -mark.weight):
        if any(_same_words(mark, one) for one in taken):
            continue
        taken.append(mark)
        total = _either(total, mark.weight)
    return total


def _same_words(mark: Mark, other: Mark) -> bool:
    """Return True for marks on the same words, so that they are one hint."""
    if not (mark.start < other.end and other.start < mark.end):
        return False
    within = (mark.start - other.start) * (mark.end - other.end) <= 0
    return mark.kind == other.kind or (within and min(mark.weight, other.weight) < _WEAK)


@functools.cache
def _model() -> Model:
    return shipped()


def _either(one: float, other: float) -> float:
    return 1.0 - (1.0 - one) * (1.0 - other)
