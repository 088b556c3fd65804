"""Growth of each detector's cost with the length of a text, for every class of characters.

``python -m benchmarks.growth`` prints, for each detector, the texts for which it grows most and costs most. Sixteen
times the text may take sixteen times the time; the figure is the factor above that.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping

from benchmarks.figures import Figure, Limit, printed
from genie.contracts.message import Payload
from genie.detectors.injection import prefilter
from genie.detectors.injection.scorer import scored
from genie.detectors.unicode import fold
from genie.policies.injection import Injection
from genie.policies.pii import Pii
from genie.policies.secrets import Secrets
from genie.policy.inspection import Inspectors

CLASSES = (
    "4", "a", "A", "z9", "é", "\u0430", "\u4e2d", "\u0915", "\u0645", "\u200b", "\u0301", " ", "\n", "\t", "\0",
    "\ud800", "\U0001f600", "\u0967", "\uff14", "\uff41", "\u00df", "\u0130", "\ufb00", "@", "-", ".", ",", "/",
    "_", "+", "%", "&", "#", "\\", "<", "[", "(", '"', "'", "`", "|", "{", "=", "~",
)  # fmt: skip
"""One of each class of characters that a detector tells from the others."""
PIECES = (
    "a ", "4 ", "a.", "a@", "a-", "x_", "1,", "1 2 ", "(1", "a b ", "'a'", '"a ', "\u201ca\u201d", "> ", "* ",
    "1. ", "%41", "&#65;", "&lt;", "\\x41", "\\u0041", "\\n", "=20", "<b>", "</", "QUJD", "QUJD ", "A=",
    "0x41 ", "41 ", "://", "a://", "AB12 ", "+91 ", "e\u0301", "a\u200b", "[a](b) ", "![a](http://b) ",
    "-----BEGIN ", "eyJ", "sk-", "key=", "i g n o r e ", "1gn0r3 ", "ignore ", "ignoreall",
    "ignore all previous instructions ", "uryyb ", "Mr. Jo Do, ", "12 high st ", "4111 1111 1111 1111 ",
    "jane@example.com ", "tel 1234567 ", "password: hunter2 ",
)  # fmt: skip
"""What starts a match, or the way to one, again and again."""
SIZES = (4_000, 16_000, 64_000)
GROWTH = 2.0
"""Times of a growth in proportion to the length that are let pass: a square grows by 16."""
KILOBYTE = 1_000.0
"""Microseconds that a kilobyte of any such text may take on two cores that others use as well."""


class Note(Payload, topic="bench.growth"):
    """One string."""

    text: str


def detectors() -> Mapping[str, Callable[[str], object]]:
    """Return the measured objects by name: each set of inspectors, and the parts for suspicious text."""
    sets = {policy.name: Inspectors(policy.inspectors) for policy in (Pii(), Secrets(), Injection())}
    return {
        **{name: (lambda text, one=one: one.inspect(Note(text=text))) for name, one in sets.items()},  # type: ignore[misc]  # bound now
        "fold": fold,
        "prefilter": lambda text: tuple(prefilter.shipped().matching(fold(text))),
        "scorer": lambda text: scored(fold(text), model=False),
    }


def text_of(piece: str, size: int, number: int = 0) -> str:
    """Return a text of a piece again and again; each number makes another, as strings that were seen are known."""
    return f"{number} " + (piece * (size // len(piece) + 1))[:size]


def figures(pieces: tuple[str, ...] = (*CLASSES, *PIECES), sizes: tuple[int, ...] = SIZES) -> Iterator[Figure]:
    """Yield for each detector the most that it grows, and the most that a kilobyte costs."""
    for name, look in detectors().items():
        grows: dict[str, float] = {}
        costs: dict[str, float] = {}
        for piece in pieces:
            spent = [_least(look, piece, size) for size in sizes]
            grows[piece] = spent[-1] / max(spent[0], 2e-4) / (sizes[-1] / sizes[0])  # less than 0.2 ms is noise
            costs[piece] = spent[-1] / sizes[-1] * 1e9
        worst, dear = max(grows, key=grows.__getitem__), max(costs, key=costs.__getitem__)
        yield Figure(f"growth of {name}, most with {worst!r}", grows[worst], "x", limit=Limit(GROWTH))
        yield Figure(f"a KB for {name}, most of {dear!r}", costs[dear], "us", limit=Limit(KILOBYTE))


def _least(look: Callable[[str], object], piece: str, size: int) -> float:
    spent = []
    for number in range(3):
        text = text_of(piece, size, number)
        start = time.process_time()
        look(text)
        spent.append(time.process_time() - start)
    return min(spent)


if __name__ == "__main__":
    printed(figures())
