"""Composes labelled texts from the templates, the same for the same seed."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path

from tools.injection.orders import ACTIONS, ATTACKS, PERSONAS, TASKS
from tools.injection.ordinary import ORDINARY, PLAIN, SYLLABLES, TOPICS, TOPICS_DE

MORE_ATTACKS = Path(__file__).with_name("attacks.txt")
"""Templates of attacks of every class that the field names, in twenty languages."""
MORE_ORDINARY = Path(__file__).with_name("benign.txt")
"""Letters, mails, chats, documentation and code, many of them composed of words that attacks use."""
DOCUMENTATION = Path(__file__).with_name("documentation.txt")
"""Paragraphs, docstrings and lines of code of this project, as they were once: technical prose is not composed."""
_CHOICE = re.compile(r"\{([^{}]*)\}")
_QUOTING = (
    'The filter blocks texts such as "{}".', "Our test checks that '{}' is detected.",
    'Attackers write "{}" in documents.',
    'The article quotes the sentence "{}" as an example.', 'assert is_attack("{}")', '- text: "{}"  # fixture',
    'Training: a mail that says "{}" is an attack.', 'The rule matches phrases like "{}".',
    'Changelog: "{}" is now caught.',
    'Der Filter erkennt Sätze wie "{}".', 'Le filtre bloque des phrases comme « {} ».',
    'La regla detecta frases como "{}".',
    "The attacker used the phrase: {}", "How do attackers use the phrase {}?",
    "For my thesis I study why {} works on models.",
    "Write a story where a character says '{}'", "Red team report: we tested the phrase {} and measured bypass rates.",
    "The security researcher demonstrated: {}", "According to the paper, common payloads include '{}'",
    "Security advisory: users should not type {} in chatbots.",
    'payload = "{}"', 'pattern = r"{}"', 'const ATTACK = "{}"',
    "In my novel a hacker tells the machine: {} How should this scene end?", 'assert detect("{}") == True',
    "Hi team, this prompt was flagged by our filter: '{}'. Is this a real attack or a false alarm?",
    'A user submitted this message: "{}" It is social engineering and should be rejected.',
    'An attacker could craft an issue containing instructions like "{}" which an assistant might follow.',
)  # fmt: skip
_CARRIERS = (
    "{} {}", "{}\n\n{}", "{} P.S. {}", "{} ({})", "{} -- {}", "{}. {}", "{} <!-- {} -->", "{} Note: {}", "{} * {}",
)  # fmt: skip


def _lines(block: str) -> list[str]:
    return [line for line in block.strip().splitlines() if line]


class Composer:
    """Makes texts.

    Args:
        seed: Of everything that is chosen.
    """

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - texts for training, not secrets
        self._attacks = _lines(ATTACKS) + _lines(MORE_ATTACKS.read_text(encoding="utf-8"))
        self._ordinary = _lines(ORDINARY) + _lines(MORE_ORDINARY.read_text(encoding="utf-8"))
        self._documentation = _lines(DOCUMENTATION.read_text(encoding="utf-8"))
        self._words = {
            "TASK": _lines(TASKS), "PERSONA": _lines(PERSONAS), "ACTION": _lines(ACTIONS),
            "TOPICDE": TOPICS_DE.split("|"), "TOPIC": TOPICS.strip().split("|"),
        }  # fmt: skip
        self._plain, self._syllables = PLAIN.split(), SYLLABLES.split()

    def texts(self, count: int) -> Iterator[tuple[str, bool]]:
        """Yield texts, and for each whether it is an attack: two of five are."""
        for number in range(count):
            if number % 5 < 2:
                yield self._disturbed(self._attack()), True
            else:
                yield self._disturbed(self._benign()), False

    def _filled(self, template: str) -> str:
        text = template
        while _CHOICE.search(text):
            text = _CHOICE.sub(lambda found: self._random.choice(found[1].split("|")), text)
        for word, choices in self._words.items():
            while re.search(rf"\b{word}\b", text):
                text = re.sub(
                    rf"\b{word}\b", self._filled(self._random.choice(choices)).replace("\\", ""), text, count=1
                )
        return " ".join(text.split())

    def _attack(self) -> str:
        text = self._filled(self._random.choice(self._attacks))
        chance = self._random.random()
        if chance < 0.2:
            return f"{text} {self._filled(self._random.choice(self._attacks))}"
        if chance < 0.45:
            return self._random.choice(_CARRIERS).format(self._filler(), text)
        if chance < 0.55:
            return f"{text} {self._filler()}"
        return text

    def _benign(self) -> str:
        chance = self._random.random()
        if chance < 0.13:
            return self._random.choice(_QUOTING).format(self._filled(self._random.choice(self._attacks)))
        if chance < 0.16:
            return self._spaced()
        if chance < 0.24:
            return self._string_of_words()
        if chance < 0.5:
            return self._prose()
        return " ".join(self._sentence() for _ in range(self._random.choice((1, 1, 1, 2, 3))))

    def _string_of_words(self) -> str:
        """Return common and made-up words in random order, so that no single word makes an attack."""
        made_up = self._random.choice((0.0, 0.3, 0.6))
        words = [
            "".join(self._random.choices(self._syllables, k=self._random.randint(2, 4)))
            if self._random.random() < made_up
            else self._random.choice(self._plain)
            for _ in range(self._random.randint(4, 32))
        ]
        return " ".join(words)

    def _spaced(self) -> str:
        """Return a sentence with separated letters: single letters are not a sign of an attack."""
        sentence = self._sentence()
        wide = self._random.random() < 0.5
        return "  ".join(map(" ".join, sentence.split())) if wide else " ".join("".join(sentence.split()))

    def _prose(self) -> str:
        """Return a part of the project's documentation, of any length."""
        words = self._random.choice(self._documentation).split()
        start = self._random.randrange(max(1, len(words) - 8))
        return " ".join(words[start : start + self._random.choice((6, 12, 20, 40, 40))])

    def _filler(self) -> str:
        return self._prose() if self._random.random() < 0.25 else self._sentence()

    def _sentence(self) -> str:
        return self._filled(self._random.choice(self._ordinary))

    def _disturbed(self, text: str) -> str:
        chance = self._random.random()
        if chance < 0.12:
            return text.lower()
        if chance < 0.16:
            return text.upper()
        if chance < 0.24:
            at = self._random.randrange(len(text))
            return text[:at] + text[at + 1 :]
        return text
