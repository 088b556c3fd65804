"""Every text of the injection model is known: whose it is, under which licence, and what it was used for."""

from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "tools" / "injection"
SOURCES = tomllib.loads((FOLDER / "sources.toml").read_text(encoding="utf-8"))


def test_every_file_of_texts_is_listed_with_its_hash_and_its_licence() -> None:
    listed = {file["name"]: file for file in SOURCES["file"]}

    assert set(listed) == {path.name for path in FOLDER.glob("*.txt")}
    for name, file in listed.items():
        assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == file["sha256"], (
            f"{name} changed: list it again"
        )
        assert (ROOT / file["licence"]).exists()
        assert file["use"] == "tuning"


def test_no_collection_of_others_is_both_tuned_on_and_evaluated_or_in_the_repository() -> None:
    names = [one["name"] for one in SOURCES["collection"]]

    assert len(names) == len(set(names))
    assert {one["use"] for one in SOURCES["collection"]} == {"tuning", "evaluation"}
    assert not any(one["in_repository"] for one in SOURCES["collection"])
    page = (ROOT / "docs" / "policies" / "injection.md").read_text(encoding="utf-8")
    assert [name for name in names if name.split(",")[0] not in page] == []
