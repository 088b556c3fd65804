"""An agent in this repository: module, payloads, test, index line, and its family in the import contracts."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import TYPE_CHECKING

from genie.cli.files import whole_file
from genie.cli.scaffold.rendering import rendered
from genie.cli.signals import cleaned_up
from genie.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

_CATALOGUE = Path("agents/genie_finance")
_INDEX = _CATALOGUE / "index.py"
_PROJECT = Path("pyproject.toml")
_ENTRY = re.compile(r'^( +)"([^"\n]+)": "genie_finance\.[\w.]+:\w+",\n', re.MULTILINE)
_FAMILIES = re.compile(r'^layers = \["index", "([\w |]+)", .*\]$', re.MULTILINE)
_RESERVED = frozenset({"contracts", "domain", "data", "index"})


def plan(root: Path, family: str, name: str, risk: str) -> list[Path]:
    """Write the files of an agent below ``root`` and return their paths; after an error nothing is changed.

    Raises:
        InputError: ``root`` is not the root of the repository, a file already exists, the index cannot be extended, or
            a file cannot be written.
    """
    if family in _RESERVED:
        raise InputError(f"family {family!r}", f"is reserved in {_CATALOGUE}", "choose another name")
    if not (root / _INDEX).is_file():
        raise InputError(str(_INDEX), "does not exist", "run this in the root of the repository")
    title = "".join(word.capitalize() for word in name.split("_"))
    imports = sorted((  # a family may come before the contracts or after the index
        f"from genie_finance.contracts.{name} import {title}Request, {title}Result",
        f"from genie_finance.{family}.{name} import {name}",
        "from genie_finance.index import AGENTS",
    ))  # fmt: skip
    words = {"family": family, "name": name, "title": title, "risk": risk, "imports": "\n".join(imports)}
    templates = rendered("agent", words)
    texts = {
        _CATALOGUE / family / f"{name}.py": templates[Path("agent.py")],
        _CATALOGUE / "contracts" / f"{name}.py": templates[Path("contract.py")],
        Path("tests/agents") / family / f"test_{name}.py": templates[Path("test_agent.py")],
    }
    taken = [path for path in texts if (root / path).exists()]
    taken += [path.relative_to(root) for path in (root / "tests").rglob(f"test_{name}.py")]
    if taken:
        raise InputError(str(taken[0]), "already exists", "choose another name")
    texts[_INDEX] = _indexed((root / _INDEX).read_text(encoding="utf-8"), family, name)
    if not (root / _CATALOGUE / family).is_dir():
        texts[_CATALOGUE / family / "__init__.py"] = templates[Path("__init__.py")]
        if (root / _PROJECT).is_file():
            texts[_PROJECT] = _kept_apart((root / _PROJECT).read_text(encoding="utf-8"), family)
    _write_all(root, texts)
    return list(texts)


def _write_all(root: Path, texts: Mapping[Path, str]) -> None:
    with contextlib.ExitStack() as undo, cleaned_up(undo.close):
        for path, text in texts.items():
            place = root / path
            for folder in reversed([one for one in place.parents if not one.exists()]):
                try:
                    folder.mkdir()
                except OSError as error:
                    raise InputError(str(folder), f"cannot be created ({error.strerror})") from None
                undo.callback(_remove_folder, folder)
            undo.callback(_restore, place, place.read_bytes() if place.exists() else None)
            with whole_file(place) as file:
                file.write(text)
        undo.pop_all()


def _remove_folder(folder: Path) -> None:
    with contextlib.suppress(OSError):
        folder.rmdir()


def _restore(place: Path, content: bytes | None) -> None:
    with contextlib.suppress(OSError):
        if content is None:
            place.unlink(missing_ok=True)
        elif place.read_bytes() != content:
            place.write_bytes(content)


def _indexed(text: str, family: str, name: str) -> str:
    entries = list(_ENTRY.finditer(text))
    if not entries:
        raise InputError(str(_INDEX), "has no table of agents", "add the line by hand")
    if any(entry[2] == name for entry in entries):
        raise InputError(f"agent {name!r}", f"is already in {_INDEX}", "choose another name")
    at = next((entry.start() for entry in entries if entry[2] > name), entries[-1].end())
    return f'{text[:at]}{entries[-1][1]}"{name}": "genie_finance.{family}.{name}:{name}",\n{text[at:]}'


def _kept_apart(text: str, family: str) -> str:
    """Return the project file with a new family in the contract that keeps families apart."""
    found = _FAMILIES.search(text)
    if found is None:
        raise InputError(str(_PROJECT), "has no import contract for families", "add the family by hand")
    return f"{text[: found.end(1)]} | {family}{text[found.end(1) :]}"
