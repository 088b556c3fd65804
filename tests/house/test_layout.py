"""The tree holds what CONTRIBUTING says of names, waivers, addresses, requirements and tests."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(
    path
    for folder in ("genie", "agents", "tests", "tools", "benchmarks", ".ci")
    for path in (ROOT / folder).rglob("*.py")
)


def tracked() -> list[Path]:
    """Return every file of the repository, or of the folder where it is no repository."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if listed.returncode == 0 and listed.stdout:
        return [path for name in listed.stdout.splitlines() if (path := ROOT / name).is_file()]
    skipped = {".venv", "__pycache__", ".git", "build", "dist"}
    return [path for path in ROOT.rglob("*") if path.is_file() and not skipped & set(path.relative_to(ROOT).parts)]


def words_of(path: Path) -> str | None:
    content = path.read_bytes()
    return None if b"\0" in content else content.decode("utf-8", errors="replace")


def test_test_files_have_different_names() -> None:
    names = Counter(path.name for path in (ROOT / "tests").rglob("test_*.py"))
    assert [name for name, count in names.items() if count > 1] == []
    assert list((ROOT / "tests").rglob("__init__.py")) == []


def test_modules_are_nouns() -> None:
    vague = {"utils", "util", "helpers", "helper", "common", "manager", "misc", "base"}
    owned = [path for path in SOURCES if path.parts[len(ROOT.parts)] in {"genie", "agents"}]
    assert [str(path) for path in owned if path.stem in vague] == []


def test_every_waiver_gives_its_reason() -> None:
    bare = []
    waiver = re.compile(r"#\s*(noqa(?::\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*)?|type:\s*ignore(?:\[[\w,\- ]+\])?)(.*)")
    for path in SOURCES:
        if path.parent.name == "peers":
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            found = waiver.search(line)
            if found and not re.search(r"[-#]\s*`?\w", found[2]) and "re.compile" not in line:
                bare.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()}")
    assert bare == []


# A folder of the build's own is no address; a path or a URL is.
ADDRESS = re.compile(
    r"(?i)--(?:extra-)?index-url|--find-links[= ,\"]+\S*[/:]|\bpypi\.org|files\.pythonhosted\.org|/simple/?\s*$"
)
MACHINE = re.compile(r"(?<![\w.~/-])/(?:home|root|work|Users|opt|mnt)/\w")


def test_no_file_names_an_index_or_a_path_of_one_machine() -> None:
    found = []
    for path in tracked():
        if path == Path(__file__) or (text := words_of(path)) is None:
            continue
        found += [
            f"{path.relative_to(ROOT)}:{number}"
            for number, line in enumerate(text.splitlines(), 1)
            if ADDRESS.search(line) or MACHINE.search(line)
        ]
    assert found == []


def test_every_requirement_is_pinned_and_hashed() -> None:
    for name in ("run", "test", "dist"):
        text = (ROOT / "constraints" / f"{name}.txt").read_text()
        entries = re.split(r"\n(?=\S)", text.strip())
        assert all(re.match(r"[\w.-]+==[\w.]+ ?(;[^\\]*)?\\\n", entry) for entry in entries), name
        assert all("--hash=sha256:" in entry for entry in entries), name


def test_the_requirement_sets_agree() -> None:
    def pins(name: str) -> dict[str, str]:
        text = (ROOT / "constraints" / f"{name}.txt").read_text()
        return dict(re.findall(r"^([\w.-]+)==([\w.]+)", text, re.MULTILINE))

    run, test, dist = pins("run"), pins("test"), pins("dist")
    assert {name: test.get(name) for name in run} == run
    assert {name: run[name] for name in run.keys() & dist.keys()} == {
        name: dist[name] for name in run.keys() & dist.keys()
    }


def has_virtual_time(path: Path) -> bool:
    """True where a conftest on the way makes the clock jump: there a sleep is a date, and costs nothing."""
    return any(
        re.search(r"MockClock|genie\.simulation", conftest.read_text())
        for folder in path.parents
        if folder.is_relative_to(ROOT / "tests") and (conftest := folder / "conftest.py").is_file()
    )


def test_tests_neither_sleep_nor_mock() -> None:
    # A sleep of nothing is a checkpoint; any other, on a real clock, is a guess about how long something takes.
    sleep = re.compile(r"\bsleep\(\s*(?!0\)|0\.0\))")
    found = []
    for path in (ROOT / "tests").rglob("*.py"):
        if path != Path(__file__):
            text = path.read_text()
            if re.search(r"\b(unittest\.mock|MagicMock)\b", text):
                found.append(f"{path.relative_to(ROOT)}: mock")
            if not has_virtual_time(path):
                found += [f"{path.relative_to(ROOT)}: {match[0]}" for match in sleep.finditer(text)]
    assert found == []


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("pip install --find-links wheels x", False),
        ('"--find-links", str(wheels), "--no-compile"', False),
        ("pip install --find-links /srv/wheels x", True),
        ("--find-links=https://example.org/", True),
        ("pip install --index-url x", True),
    ],
)
def test_an_address_is_told_from_a_folder_of_the_build(line: str, found: bool) -> None:
    assert bool(ADDRESS.search(line)) == found
