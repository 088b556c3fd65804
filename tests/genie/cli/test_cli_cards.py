"""Cards as data: the same as from the agents themselves, and only while their modules are unchanged."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from genie.cli.options import card_index as cards
from genie.config.plugins import Plugins

SHIPPED = Plugins.installed()


def test_what_the_catalogue_carries_is_what_its_agents_say() -> None:
    """When this fails, write the file again: ``python -m genie.cli.options.card_index agents``."""
    folder = cards.folder_of("agents")
    assert folder is not None
    assert (folder / cards.NAME).read_text(encoding="utf-8") == cards.written("agents", SHIPPED)


def test_all_agents_of_the_catalogue_are_known_without_loading_them() -> None:
    ours = {name for name, part in SHIPPED.agents.items() if str(part).startswith("agents.")}
    assert set(cards.known(SHIPPED)) == ours


@pytest.fixture
def carried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Plugins]:
    """Make a package of one agent that carries its card."""
    folder = tmp_path / "carrier"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "one.py").write_text("x = 1\n")
    (folder / cards.NAME).write_text(
        json.dumps({"modules": cards.digest(folder), "cards": {"carrier.one:one": {"id": "one"}}})
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    return folder, Plugins(agents={"one": "carrier.one:one"})


def test_a_card_is_known_while_nothing_has_changed(carried: tuple[Path, Plugins]) -> None:
    assert cards.known(carried[1]) == {"one": {"id": "one"}}


@pytest.mark.parametrize("change", ["edit", "add", "remove", "move", "break"])
def test_after_any_change_of_a_module_the_agents_are_asked(carried: tuple[Path, Plugins], change: str) -> None:
    folder, catalogue = carried
    match change:
        case "edit":
            (folder / "one.py").write_text("x = 2\n")
        case "add":
            (folder / "two.py").touch()
        case "remove":
            (folder / "one.py").unlink()
        case "move":
            shutil.move(folder / "one.py", folder / "uno.py")
        case "break":
            (folder / cards.NAME).write_text('{"modules": 1')
    assert cards.known(catalogue) == {}


def test_a_name_that_two_offer_is_nobodys(carried: tuple[Path, Plugins]) -> None:
    two = Plugins(agents=carried[1].agents, clashes={("agents", "one"): ("a", "b")})
    assert cards.known(two) == {}
