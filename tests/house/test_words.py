"""Words of the private language that the glossary replaced do not come back as names.

Read from the tokens of every module of the library: texts, comments and what detectors look for are not names.
"""

from __future__ import annotations

import io
import re
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
REPLACED = {
    "alarm": "timers", "barred": "suspended", "bury": "add", "crew": "tasks", "door": "boundary",
    "entangled": "may_deadlock", "exhume": "take", "laned": "behind_key", "lineage": "message",
    "noisy": "observed", "parker": "waiter", "purse": "account", "ruled": "verdict", "scene": "context",
    "seat": "compiled policy", "shelf": "store", "sight": "view", "specimen": "sample", "stain": "taint",
    "stake": "reservation", "stations": "instrumentation", "steward": "remote control", "tolls": "charges",
    "tongue": "language", "trees": "runs", "turnstile": "admission controller", "veil": "partial", "visit": "check",
}  # fmt: skip
"""Word -> the field's word for the same thing."""
FOLDERS = ("genie", "tools", "benchmarks")


def words_of(name: str) -> set[str]:
    """Return the words of a name, in small letters and without the s of a plural."""
    found = {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)}
    return found | {word.removesuffix("s") for word in found}


def replaced(text: str) -> list[str]:
    """Return the names of a module that hold a word of the private language, as ``line: name``."""
    lowered = text.lower()
    if not any(word in lowered for word in REPLACED):
        return []  # most modules: to read one as tokens takes a hundred times as long
    return [
        f"{token.start[0]}: {token.string}"
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type == tokenize.NAME and words_of(token.string) & REPLACED.keys()
    ]


def test_no_name_is_of_the_private_language() -> None:
    paths = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")]
    found = {str(path): names for path in paths if (names := replaced(path.read_text(encoding="utf-8")))}
    assert found == {}
    assert [path for path in paths for part in path.relative_to(ROOT).parts if words_of(part) & REPLACED.keys()] == []


@pytest.mark.parametrize(
    "line", ["scene = None", "def exhume(): pass", "class OpenDoor: pass", "x.trees", "f(stakes=1)"]
)
def test_a_name_of_the_private_language_is_found(line: str) -> None:
    assert replaced(line) != []


@pytest.mark.parametrize("line", ["context = 'a scene'", "# a steward", "insight = 1", "staked = 1", "crewed = 2"])
def test_what_is_no_name_is_not(line: str) -> None:
    assert replaced(line) == []
