"""A linear model over character n-grams of words and over pairs of words, for injections that no rule has a row for.

A text's logit is ``bias + sum / sqrt(words)``, where each word adds the weights of its n-grams (2 to 5 letters, with
marked ends), divided by the square root of their number, and each pair of neighbours adds its own weight. The value of
a word or a pair depends on nothing else, so it is cached, and a text of known words costs one look-up for each. Texts
of more than ``WINDOW`` words are judged by their heaviest window, or by a sentence that is clearly heavier.

The weights are trained by ``python -m tools.injection`` from texts composed for the purpose.
"""

from __future__ import annotations

import gzip
import hashlib
import math
import re
from array import array
from collections.abc import Iterator
from importlib import resources
from itertools import accumulate, chain, pairwise
from typing import NamedTuple
from zlib import crc32

BUCKETS = 1 << 17
WINDOW = 32
"""Number of words that are judged together."""
WEIGHTS = "ngrams.bin.gz"
SHA256 = "ceb54f4ffdecf00a25f4b18bfba1e00dd2d38439a1c150a8c131cad061ea5b66"
"""SHA-256 of the unpacked weights."""

_WORD = re.compile(r"[^\W_]+")
_words = _WORD.findall
_STEP = WINDOW // 2
_END = re.compile(r"(?<=[.!?:;])\s+|\n")  # words of a sentence: an order among ordinary sentences is judged separately
_SHORTEST, _APART = 3, 0.5  # words of such a sentence, and the logit that it must be heavier than its window
_LONGEST_WORD = 48  # maximum letters of a word; longer ones are texts without spaces, whose beginning suffices
_REMEMBERED = 60_000


class Window(NamedTuple):
    """The heaviest part of a text."""

    logit: float
    start: int
    """Number of its first word."""
    end: int
    """One past the number of its last word."""


def words(text: str) -> list[str]:
    """Return the words of folded text, in lower case."""
    found: list[str] = _words(text.lower())
    return found


def word_places(text: str) -> Iterator[re.Match[str]]:
    """Return the positions of the words of folded text."""
    return _WORD.finditer(text)


def grams(word: str) -> list[int]:
    """Return the buckets of a word's n-grams; duplicates are possible."""
    marked = f"<{word[:_LONGEST_WORD]}>"
    size = len(marked)
    pieces = [marked[at : at + n] for n in (2, 3, 4, 5) for at in range(size - n + 1)]
    return [crc32(piece.encode(errors="replace")) % BUCKETS for piece in (*pieces, f"={marked}")]


def pair(first: str, second: str) -> int:
    """Return the bucket of two neighbouring words."""
    return crc32(f"{first} {second}".encode()) % BUCKETS


class Model:
    """Weights, and a bounded cache of the values of words and pairs.

    Args:
        weights: One for each bucket, in units of ``scale``.
        scale: Value of a weight of one.
        bias: The logit of a text of unknown words.
    """

    def __init__(self, weights: array[int], scale: float, bias: float) -> None:
        self._weights = weights
        self._scale = scale
        self._bias = bias
        self._of_word: dict[str, float] = {}
        self._of_pair: dict[tuple[str, str], float] = {}

    def heaviest(self, text: str) -> Window:
        """Return the heaviest window of folded text.

        Args:
            text: Folded text of any length; the cost is linear in it.
        """
        parts = [words(part) for part in _END.split(text)]
        found = list(chain.from_iterable(parts))
        if not found:
            return Window(self._bias, 0, 0)
        known, pairs = self._of_word, self._of_pair
        try:
            adds = [known[word] for word in found]
        except KeyError:
            adds = [self._word(word) for word in found]
        neighbours = list(pairwise(found))
        try:
            links = [pairs[two] for two in neighbours]
        except KeyError:
            links = [self._pair(two) for two in neighbours]
        total = len(found)
        links.append(0.0)
        sums = [0.0, *accumulate(map(float.__add__, adds, links))]
        if total <= WINDOW:
            best = Window(self._bias + sums[total] / math.sqrt(total), 0, total)
        else:
            starts = range(0, total - WINDOW + _STEP, _STEP)
            best = max(self._window(sums, start, min(start + WINDOW, total)) for start in starts)
        start = 0
        for part in parts:
            end = start + len(part)
            if _SHORTEST <= len(part) <= WINDOW and len(part) < total:
                size = math.sqrt(len(part))
                alone = self._bias - _APART + (sums[end] - sums[start] - links[end - 1]) / size
                if alone > best.logit:
                    best = Window(alone, start, end)
            start = end
        return best

    def _window(self, sums: list[float], start: int, end: int) -> Window:
        return Window(self._bias + (sums[end] - sums[start]) / math.sqrt(end - start), start, end)

    def _word(self, word: str) -> float:
        value = self._of_word.get(word)
        if value is None:
            buckets = grams(word)
            weights = self._weights
            value = self._scale * sum(weights[bucket] for bucket in buckets) / math.sqrt(len(buckets))
            if len(self._of_word) >= _REMEMBERED:
                self._of_word.clear()
            self._of_word[word] = value
        return value

    def _pair(self, two: tuple[str, str]) -> float:
        value = self._of_pair.get(two)
        if value is None:
            value = self._scale * self._weights[pair(*two)]
            if len(self._of_pair) >= _REMEMBERED:
                self._of_pair.clear()
            self._of_pair[two] = value
        return value


def packed(weights: array[int], scale: float, bias: float) -> bytes:
    """Return a model as bytes: scale and bias as text in the first line, then one signed byte a weight."""
    return f"{scale!r} {bias!r}\n".encode() + weights.tobytes()


def unpacked(raw: bytes) -> Model:
    """Return the model of ``packed`` bytes.

    Raises:
        ValueError: They are of another size.
    """
    head, _, body = raw.partition(b"\n")
    scale, bias = map(float, head.split())
    weights = array("b")
    weights.frombytes(body)
    if len(weights) != BUCKETS:
        raise ValueError(
            f"the weights have {len(weights)} entries, and {BUCKETS} are needed; install the package again"
        )
    return Model(weights, scale, bias)


def shipped() -> Model:
    """Return the model that ships with the package.

    Raises:
        ValueError: The file is not the one that belongs to this version.
    """
    raw = gzip.decompress(resources.files(__package__).joinpath(WEIGHTS).read_bytes())
    if hashlib.sha256(raw).hexdigest() != SHA256:
        raise ValueError(f"{WEIGHTS} is not the file of this version; install the package again")
    return unpacked(raw)
