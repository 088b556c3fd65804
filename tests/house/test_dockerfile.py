"""The Dockerfile, read line by line: two stages, hashed pins, no root, nothing fetched by address, no secret kept."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def steps(text: str) -> list[tuple[str, str]]:
    """Return each instruction and what follows it, on one line."""
    lines = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    joined = re.sub(r"\\\n\s*", "", lines)
    return [(line.split(" ", 1)[0], line.split(" ", 1)[1]) for line in joined.splitlines() if line.strip()]


def faults(text: str) -> list[str]:
    """Return what is wrong with a Dockerfile."""
    found: list[str] = []
    listed = steps(text)
    starts = [position for position, (name, _) in enumerate(listed) if name == "FROM"]
    last = listed[starts[-1] :] if starts else []
    if len(starts) < 2:
        found.append("one stage")
    users = [words for name, words in last if name == "USER"]
    if not users or not re.fullmatch(r"[1-9]\d*(:[1-9]\d*)?", users[-1]):
        found.append("root")
    if any(name == "RUN" for name, _ in last):
        found.append("builds in the last stage")
    if ("ENTRYPOINT", '["genie"]') not in last:
        found.append("no entry")
    for name, words in listed:
        if name == "ADD" or re.search(r"\b(curl|wget)\b|https?://", words):
            found.append(f"fetches: {name}")
        if name in {"ARG", "ENV"} and re.search(r"(?i)token|secret|passw|index", words):
            found.append(f"keeps a secret: {name}")
        for command in re.split(r"&&", words) if name == "RUN" else ():
            if re.search(r"pip\b.* download\b", command):
                if not re.search(r"--require-hashes\b.*--requirement constraints/run\.txt", command):
                    found.append("unhashed download")
            elif re.search(r"pip\b.* (install|wheel)\b", command) and "--no-index" not in command:
                found.append("installs from an index")
    return found


def test_the_dockerfile_keeps_the_rules() -> None:
    assert faults(DOCKERFILE) == []


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("USER 10001:10001", "USER root", "root"),
        ("USER 10001:10001\n", "", "root"),
        ("USER 10001:10001", "USER 0", "root"),
        ("--require-hashes ", "", "unhashed download"),
        ("install --quiet --no-index", "install --quiet", "installs from an index"),
        ("WORKDIR /data", "ADD https://example.org/x /x", "fetches: ADD"),
        ("WORKDIR /data", "ENV API_TOKEN=x", "keeps a secret: ENV"),
        ("WORKDIR /data", "RUN true", "builds in the last stage"),
        ('ENTRYPOINT ["genie"]', 'ENTRYPOINT ["sh"]', "no entry"),
    ],
)
def test_a_broken_rule_is_seen(old: str, new: str, fault: str) -> None:
    assert old in DOCKERFILE
    assert fault in faults(DOCKERFILE.replace(old, new))


def test_what_is_copied_is_there_and_reaches_the_builder() -> None:
    allowed = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    copied = [words.split()[:-1] for name, words in steps(DOCKERFILE) if name == "COPY" and "--from" not in words]
    sources = [source for group in copied for source in group]
    assert sorted(sources) == sorted(allowed)
    assert all((ROOT / source).exists() for source in sources)
