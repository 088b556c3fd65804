"""Build the word list of the segmenter: words of the templates and of the grammar, by how often they occur."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from genie.detectors.injection.languages import english
from genie.detectors.unicode import fold
from tools.injection.orders import ACTIONS, ATTACKS, PERSONAS, TASKS
from tools.injection.ordinary import ORDINARY, PLAIN, TOPICS, TOPICS_DE
from tools.injection.prefilter import PROSE
from tools.injection.spelled import WORDS

_WORD = re.compile(r"[a-z]{2,16}")
BENIGN = Path(__file__).with_name("benign.txt")
"""Ordinary texts about everything, whose frequent words are listed too."""
_OFTEN = 2
_SINGLE = ("a", "i", "y", "e", "o", "u")


def listed() -> str:
    """Return the list, the most frequent word first; the same for the same sources."""
    texts = (
        ATTACKS,
        TASKS,
        PERSONAS,
        ACTIONS,
        ORDINARY,
        PLAIN,
        TOPICS,
        TOPICS_DE,
        PROSE.read_text(encoding="utf-8"),
        WORDS,
    )
    found: Counter[str] = Counter()
    for text in texts:
        found.update(_WORD.findall(fold(str(text)).lower()))
    for name, value in vars(english).items():  # classes of words, as alternatives
        if isinstance(value, str) and not name.startswith("__"):  # the path of the module is not a word
            found.update(word for word in _WORD.findall(value.lower()) if len(word) > 3)
    for row in english.PHRASES:
        found.update({word for word in _WORD.findall(row.phrase.lower()) if len(word) > 3})
    prose = Counter(_WORD.findall(fold(BENIGN.read_text(encoding="utf-8")).lower()))
    found.update({word: count for word, count in prose.items() if len(word) > 3 and count >= _OFTEN})
    ordered = sorted(found, key=lambda word: (-found[word], word))
    return "\n".join((*_SINGLE, *(word for word in ordered if word not in _SINGLE))) + "\n"
