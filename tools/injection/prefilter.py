"""Build the prefilter of the injection detector: for each pattern, the sets of words that every match contains.

``python -m tools.injection`` writes the result beside ``genie.detectors.injection.prefilter``, which reads it. Of the
sets that a pattern allows, the scan of every text uses the one whose words are rarest in ordinary text. A pattern
without a set, or whose rarest set is common, is part of the scan itself.

A set is sound by construction. The pattern is parsed as a sequence; runs of letters, word boundaries, small character
classes and alternatives are expanded, and each run that every match must contain is a set. Where alternatives have sets
of their own, their union is one set.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from re import _constants as kinds  # type: ignore[attr-defined]  # the only reader of patterns that Python has
from re import _parser as reader  # type: ignore[attr-defined]  # as above
from typing import Any, TypedDict

from genie.detectors.injection.obfuscation import TRIGGERS
from genie.detectors.injection.prefilter import EDGE, GAP, Words, sought
from genie.detectors.injection.scorer import PATTERNS
from genie.detectors.unicode import fold

PROSE = Path(__file__).with_name("everyday.txt")
"""Ordinary questions and reports as agents exchange them."""
STATEMENT = Path(__file__).parents[2] / "config/statements/sample.csv"
"""An ordinary bank statement."""
SCRIPTS = "[\u0370-\u1fff\u3040-\ud7ff]"
"""Letters that are not Latin: a text with one passes, because words of many scripts make a large automaton."""
_GAPS = next(iter(reader.parse(r"[\W_]")))[1]
Node = tuple[Any, Any]
_MOST_WORDS, _MOST_CLASS, _MOST_RANGE, _MOST_TIMES = 64, 6, 8, 4
_SHORTEST = 2
SIDE = "\1"
"""In a word: its edge, or something between words."""
_MARKS = {EDGE: r"\b", GAP: r"(?:\b|_)", SIDE: r"(?:\b|_)"}  # separators of words have no word beside them
_DIGIT = "\2"
"""In a word: any digit. The scan does not tell them apart, or each new number in a text would be a new state."""
_WRITTEN = {**_MARKS, _DIGIT: "[0-9]"}
_DIGITS = str.maketrans("0123456789", _DIGIT * 10)
_IN_STATEMENTS, _IN_PROSE = 2_000.0, 50.0  # cost of a line with a word, in addition to 0.05 for the word itself
_WORD = 0.05
_BY_CHANCE, _LETTER, _EDGE = 500.0, 15.0, 4.0  # a word of two letters costs 2.2 for unseen lines
_DEAR = 2000.0  # a set that costs more is dropped, and its pattern is searched instead
_IDS, _ID, _ID_LENGTH = 1_000, "abcdefghijklmnop", 20  # ids are random letters, and a statement holds hundreds


def patterns() -> tuple[str, ...]:
    """Return the patterns that the gate must let through."""
    return (*(known.pattern for known in PATTERNS), *TRIGGERS)


def required(pattern: str) -> list[Words]:
    """Return sets of words in lower case: every match of the pattern holds a word of each."""
    return [words for words in _runs(list(reader.parse(pattern))) if min(map(_letters, words)) >= _SHORTEST]


def written(word: str) -> str:
    """Return the pattern of a word."""
    return "".join(_WRITTEN.get(letter) or re.escape(letter) for letter in word)


def _letters(word: str) -> int:
    return sum(letter not in _MARKS for letter in word)


def _product(left: Words, right: Words | None) -> Words | None:
    if right is None or len(left) * len(right) > _MOST_WORDS:
        return None
    return frozenset(one + other for one in left for other in right)


def _spelled(node: Node) -> Words | None:
    """Return every text that a node can match, None where they are too many to spell out."""
    kind, value = node
    found: Words | None = None
    if kind is kinds.LITERAL:
        found = frozenset({chr(value).lower()})
    elif kind is kinds.IN:
        found = _class(value)
    elif kind is kinds.SUBPATTERN:
        found = _spelled_all(value[3])
    elif kind is kinds.BRANCH:
        found = _union(_spelled_all(branch) for branch in value[1])
    elif kind is kinds.AT:
        found = frozenset({EDGE if value is kinds.AT_BOUNDARY else ""})
    elif kind in {kinds.MAX_REPEAT, kinds.MIN_REPEAT}:
        least, most, item = value
        inside = _spelled_all(item)
        if (least, most) == (0, 1):
            found = None if inside is None else inside | {""}
        elif least == most <= _MOST_TIMES:
            found = frozenset({""})
            for _ in range(least):
                found = None if found is None else _product(found, inside)
    return found


def _class(members: Sequence[Node]) -> Words | None:
    if members == _GAPS:
        return frozenset({GAP})
    found: set[str] = set()
    for kind, value in members:
        if kind is kinds.LITERAL:
            found.add(chr(value).lower())
        elif kind is kinds.RANGE and value[1] - value[0] < _MOST_RANGE:
            found |= {chr(code).lower() for code in range(value[0], value[1] + 1)}
        else:
            return None
    return frozenset(found) if len(found) <= _MOST_CLASS else None


def _union(parts: Iterable[Words | None]) -> Words | None:
    found: Words = frozenset()
    for part in parts:
        if part is None or len(found | part) > _MOST_WORDS:
            return None
        found |= part
    return found


def _spelled_all(sequence: Iterable[Node]) -> Words | None:
    found: Words | None = frozenset({""})
    for node in sequence:
        found = None if found is None else _product(found, _spelled(node))
    return found


def _runs(sequence: Sequence[Node], before: str = "", after: str = "") -> Iterator[Words]:
    """Yield what must stand in every match of a sequence, run by run.

    Args:
        sequence: Of a pattern.
        before: The mark that stands before every match, if any.
        after: The mark that stands behind it.
    """
    run = frozenset({before})
    for place, node in enumerate(sequence):
        longer = _product(run, _spelled(node))
        if longer is not None:
            run = longer
            continue
        yield frozenset(word + _opening(sequence[place:], after) for word in run)
        ends = {word[-1:] for word in run}
        mark = ends.pop() if len(ends) == 1 and ends <= {*_MARKS} else ""
        yield from _inside(node, mark, _opening(sequence[place + 1 :], after))
        run = _spelled(node) or frozenset({_closing([node], mark)})
    yield frozenset(word + after for word in run)


def _inside(node: Node, before: str, after: str) -> Iterator[Words]:
    kind, value = node
    if kind is kinds.SUBPATTERN:
        yield from _runs(value[3], before, after)
    elif kind in {kinds.MAX_REPEAT, kinds.MIN_REPEAT} and value[0] >= 1:
        yield from _runs(value[2], before)
    elif kind is kinds.BRANCH:
        chosen = [min(_runs(branch, before, after), key=_cost) for branch in value[1]]
        yield frozenset().union(*chosen)


def _opening(sequence: Sequence[Node], after: str) -> str:
    """Return the mark with which every match of a sequence begins, or what follows where it matches nothing."""
    return _mark(list(sequence), after, first=0)


def _closing(sequence: Sequence[Node], before: str) -> str:
    """Return the mark with which every match of a sequence ends, or what comes before where it matches nothing."""
    return _mark(list(sequence), before, first=-1)


def _mark(sequence: list[Node], beyond: str, first: int) -> str:
    if not sequence:
        return beyond
    kind, value = sequence[first]
    rest = sequence[1:] if first == 0 else sequence[:-1]
    found = ""
    if kind is kinds.AT:
        found = EDGE if value is kinds.AT_BOUNDARY else ""
    elif kind is kinds.IN:
        found = GAP if value == _GAPS else ""
    elif kind is kinds.SUBPATTERN:
        found = _mark(list(value[3]), _mark(rest, beyond, first), first)
    elif kind is kinds.BRANCH:
        behind = _mark(rest, beyond, first)
        found = _either(_mark(list(branch), behind, first) for branch in value[1])
    elif kind in {kinds.MAX_REPEAT, kinds.MIN_REPEAT}:
        found = _mark(list(value[2]), "", first)
        if value[0] == 0:
            found = _either((found, _mark(rest, beyond, first)))
    return found


def _either(marks: Iterable[str]) -> str:
    different = set(marks)
    return "" if "" in different else different.pop() if len(different) == 1 else SIDE


_ordinary: list[tuple[str, float]] = []
"""Lines in lower case, and the cost of a word in them."""


@cache
def _cost_of(word: str) -> float:
    pattern, letters = re.compile(written(word), re.ASCII), _letters(word)
    chance = _BY_CHANCE / _LETTER**letters / _EDGE ** (len(word) - letters)
    lines = sum(cost for line, cost in _ordinary if pattern.search(line))
    marks = (word[0] in _MARKS) + (word[-1] in _MARKS)
    if marks < 2 and set(word) <= {*_ID, *_MARKS}:
        lines += _IN_STATEMENTS * _IDS * (1 if marks else _ID_LENGTH) / len(_ID) ** letters
    return lines + chance + _WORD


def _cost(words: Words) -> float:
    return 1e9 if min(map(_letters, words)) < _SHORTEST else math.fsum(map(_cost_of, words))


class Data(TypedDict):
    """The package data."""

    patterns: list[str]
    sets: list[list[str]]
    needs: list[tuple[str, list[int], bool]]


def chosen(statements: Iterable[str], prose: Iterable[str]) -> Data:
    """Return the package data.

    Args:
        statements: Lines of bank statements, which are long: no word that is common there will do.
        prose: Lines of questions and reports.
    """
    _ordinary[:] = [(fold(line).lower(), _IN_STATEMENTS) for line in statements]
    _ordinary.extend((fold(line).lower(), _IN_PROSE) for line in prose)
    _cost_of.cache_clear()
    numbers: dict[Words, int] = {}
    needs: dict[str, tuple[str, list[int], bool]] = {}
    words: set[str] = set()
    whole: dict[str, None] = {}
    for pattern in patterns():
        sets = required(pattern)
        rarest = min(sets, key=_cost, default=None)
        if rarest is None or _cost(rarest) > _DEAR:
            whole[pattern] = None
        else:
            words |= {word.translate(_DIGITS) for word in rarest if word.isascii()}
        plain = [frozenset(sought(word) for word in each) for each in sets]
        foreign = any(not any(map(str.isascii, each)) for each in sets)
        needs[pattern] = (pattern, [numbers.setdefault(each, len(numbers)) for each in plain], foreign)
    shortest = frozenset(word for word in words if not any(other != word and other in word for other in words))
    return {
        "patterns": [f"(?i){any_of(shortest)}", SCRIPTS, *whole],
        "sets": [sorted(each) for each in numbers],
        "needs": list(needs.values()),
    }


def any_of(words: Words) -> str:
    """Return the pattern of texts that contain a word; words between the same marks are grouped."""
    groups: dict[tuple[str, str], list[str]] = {}
    for word in sorted(words):
        bare = word.lstrip("".join(_MARKS))
        first, bare = word[: len(word) - len(bare)], bare.rstrip("".join(_MARKS))
        groups.setdefault((first, word[len(first) + len(bare) :]), []).append(bare)
    return "|".join(
        f"{written(first)}(?:{'|'.join(map(written, inside))}){written(last)}" if len(inside) > 1 else
        written(first + inside[0] + last)
        for (first, last), inside in groups.items()
    )  # fmt: skip


def made() -> Data:
    """Return the data of the prefilter."""
    return chosen(*(path.read_text(encoding="utf-8").splitlines() for path in (STATEMENT, PROSE)))


def packed() -> bytes:
    """Return the data of the prefilter as the package ships it."""
    return (json.dumps(made(), ensure_ascii=False, separators=(",", ":")) + "\n").encode()
