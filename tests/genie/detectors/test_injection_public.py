"""The injection detector on texts of others: documentation that is installed, and collections of attacks where present.

Collections are not part of the repository. A folder ``build/corpora`` may hold some: one JSONL file a source with the
rows of ``tests/corpora/injection.jsonl``, and ``SHA256SUMS``, so that a figure belongs to known texts.
"""
# ruff: noqa: T201 - the figures are printed for people (pytest -s)

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from importlib import metadata
from pathlib import Path

import pytest

from genie.detectors.injection.scorer import assess

PRESENT = Path(__file__).parents[3] / "build" / "corpora"
_SHORTEST = 40


def paragraphs(text: str) -> set[str]:
    return {part.strip() for part in re.split(r"\n\s*\n", text) if len(part.strip()) > _SHORTEST}


def documentation() -> dict[str, set[str]]:
    """Return paragraphs that nobody wrote for this project, by their source."""
    from pydoc_data.topics import topics

    described = [paragraphs(str(one.metadata.get_payload() or "")) for one in metadata.distributions()]
    return {
        "the language reference of Python": set().union(*map(paragraphs, topics.values())),
        "descriptions of installed packages": set().union(*described),
    }


@pytest.mark.slow
def test_documentation_of_others_is_hardly_ever_marked() -> None:
    for source, texts in documentation().items():
        rules = sum(assess(text, model=False).marked for text in texts)
        model = sum(assess(text).marked for text in texts)
        print(f"\n{source}: {len(texts)} paragraphs, marked by rules {rules}, by rules and model {model}")
        assert len(texts) > 500
        assert max(rules, model) <= 0.01 * len(texts), source


@pytest.mark.slow
def test_collections_that_are_present_are_judged_by_source_class_and_language() -> None:
    files = sorted(PRESENT.glob("*.jsonl"))
    if not files:
        pytest.skip("build/corpora holds no collection; docs/policies/injection.md says what belongs there")
    sums = dict(line.split()[::-1] for line in (PRESENT / "SHA256SUMS").read_text().splitlines())
    false = benign = 0
    for file in files:
        raw = file.read_bytes()
        assert hashlib.sha256(raw).hexdigest() == sums[file.name], f"{file.name} is not the file of SHA256SUMS"
        total: Counter[tuple[str, ...]] = Counter()
        marked: Counter[tuple[str, ...]] = Counter()
        for line in raw.decode().splitlines():
            row = json.loads(line)
            key = (row["label"], row["class"], row["language"])
            total[key] += 1
            marked[key] += assess(row["text"]).marked
        print(f"\n{file.name}")
        for key, count in sorted(total.items()):
            print(f"  {' '.join(key):<36} {marked[key] / count:.3f} ({marked[key]}/{count})")
        false += sum(marked[key] for key in total if key[0] == "benign")
        benign += sum(total[key] for key in total if key[0] == "benign")
    assert false <= max(1, 0.01 * benign)
