"""The index of agent cards: it equals the cards of the agents, and is used only while it is unchanged and undamaged."""

from __future__ import annotations

import importlib
import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from genie.cli.options.card_index import cards_of, index_path, shown
from genie.config.plugins import Plugins

if TYPE_CHECKING:
    from collections.abc import Mapping

ONE = """
from genie.contracts.agent import agent
from genie.contracts.message import Payload

class {title}(Payload, topic="carrier.{name}"):
    text: str

@agent(id="{name}")
async def one({name}: {title}) -> {title}:
    \"\"\"{said}.\"\"\"
    return {name}
"""


class Carrier:
    """A package of one agent on ``sys.path``, and an own cache folder."""

    def __init__(self, folder: Path, cache: Path, name: str) -> None:
        self.folder, self.name = folder, name
        self.environ: Mapping[str, str] = {"XDG_CACHE_HOME": str(cache)}
        self.catalogue = Plugins(agents={"one": f"{name}.one:one"})
        path = index_path(self.environ)
        assert path is not None
        self.index = path

    def write(self, said: str) -> None:
        text = ONE.format(title=self.name.title().replace("_", ""), name=self.name, said=said)
        (self.folder / "one.py").write_text(text)

    def listed(self) -> dict[str, str]:
        """Return the descriptions that a process lists which has loaded none of the package's modules."""
        self._forget()
        cards, _ = cards_of(self.catalogue, (), self.environ)
        imported = str(f"{self.name}.one" in sys.modules)
        self._forget()
        return {"imported": imported, "said": " ".join(card.description for card in cards.values())}

    def _forget(self) -> None:
        for name in [name for name in sys.modules if name.split(".")[0] == self.name]:
            del sys.modules[name]
        importlib.invalidate_caches()


@pytest.fixture
def carrier(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Carrier:
    folder = tmp_path / "site" / "carrier"
    folder.mkdir(parents=True)
    monkeypatch.syspath_prepend(folder.parent)
    (folder / "__init__.py").touch()
    made = Carrier(folder, tmp_path / "cache", "carrier")
    made.write("First")
    return made


def test_the_index_says_what_the_agents_say(tmp_path: Path) -> None:
    """The first call imports the agents, the second one reads the index."""
    catalogue, environ = Plugins.installed(), {"XDG_CACHE_HOME": str(tmp_path)}
    first, problems = cards_of(catalogue, (), environ)
    assert not problems
    path = index_path(environ)
    assert path is not None
    assert path.stat().st_mode & 0o777 == 0o600
    second, _ = cards_of(catalogue, (), environ)
    asked = {name: shown(catalogue.family(name), catalogue.agent(name).card) for name in catalogue.agents}
    assert first == second == asked


def test_a_second_list_imports_no_agent(carrier: Carrier) -> None:
    assert carrier.listed() == {"imported": "True", "said": "First."}
    assert carrier.listed() == {"imported": "False", "said": "First."}


@pytest.mark.parametrize("change", ["edit", "add", "remove", "move"])
def test_after_any_change_of_a_module_the_agents_are_asked(carrier: Carrier, change: str) -> None:
    (carrier.folder / "two.py").touch()
    carrier.listed()
    match change:
        case "edit":
            carrier.write("Another")  # of another size: compiled files are told apart by second and size
        case "add":
            (carrier.folder / "three.py").touch()
        case "remove":
            (carrier.folder / "two.py").unlink()
        case "move":
            shutil.move(carrier.folder / "two.py", carrier.folder / "zwei.py")
    said = "Another." if change == "edit" else "First."
    assert carrier.listed() == {"imported": "True", "said": said}
    assert carrier.listed() == {"imported": "False", "said": said}


@pytest.mark.parametrize(
    "damage", ["empty", "cut", "list", "key", "field", "type", "binary", "large", "open", "folder"]
)
def test_a_damaged_index_is_not_used_and_written_again(carrier: Carrier, damage: str) -> None:
    carrier.listed()
    whole = carrier.index.read_text()
    content = json.loads(whole)
    card = content["cards"]["carrier.one:one"]
    match damage:
        case "empty":
            carrier.index.write_text("")
        case "cut":
            carrier.index.write_text(whole[:-20])
        case "list":
            carrier.index.write_text("[" * 100_000)
        case "key":
            carrier.index.write_text(json.dumps({**content, "key": "0" * 64}))
        case "field":
            card["more"] = "x"
            carrier.index.write_text(json.dumps(content))
        case "type":
            card["risk"] = 3
            carrier.index.write_text(json.dumps(content))
        case "binary":
            carrier.index.write_bytes(b"\xff\x00" * 100)
        case "large":
            carrier.index.write_text(whole + " " * (8 << 20))
        case "open":
            card["description"] = "Forged."
            carrier.index.write_text(json.dumps(content))
            carrier.index.chmod(0o666)
        case "folder":
            carrier.index.unlink()
            carrier.index.mkdir()
    assert carrier.listed() == {"imported": "True", "said": "First."}
    if damage != "folder":
        assert carrier.index.read_text() == whole


def test_a_cache_folder_that_cannot_be_written_costs_only_time(tmp_path: Path, carrier: Carrier) -> None:
    (tmp_path / "cache").write_text("not a folder")
    assert carrier.listed() == {"imported": "True", "said": "First."}


def test_one_named_agent_adds_to_the_index_and_takes_nothing_from_it(tmp_path: Path) -> None:
    catalogue, environ = Plugins.installed(), {"XDG_CACHE_HOME": str(tmp_path)}
    path = index_path(environ)
    assert path is not None
    for name in ("adviser", "reporter"):
        cards, _ = cards_of(catalogue, [name], environ)
        assert set(cards) == {name}
    assert [card["id"] for card in json.loads(path.read_text())["cards"].values()] == ["adviser", "reporter"]


def test_a_name_that_two_distributions_offer_is_a_problem_and_not_in_the_index(tmp_path: Path) -> None:
    shipped = Plugins.installed()
    clashing = Plugins(
        agents={"adviser": shipped.agents["adviser"], "reporter": shipped.agents["reporter"]},
        clashes={("agents", "adviser"): ("a", "b")},
    )
    for _ in range(2):
        cards, problems = cards_of(clashing, (), {"XDG_CACHE_HOME": str(tmp_path)})
        assert set(cards) == {"reporter"}
        assert len(problems) == 1


def test_the_cache_folder_keeps_a_bounded_number_of_indexes(carrier: Carrier) -> None:
    carrier.index.parent.mkdir(parents=True)
    for number in range(20):
        (carrier.index.parent / f"agent-cards-{number:016x}.json").touch()
    carrier.listed()
    kept = list(carrier.index.parent.iterdir())
    assert carrier.index in kept
    assert len(kept) == 8


@pytest.mark.parametrize("base", ["", "relative/folder"])
def test_without_an_absolute_cache_folder_the_index_is_below_the_home(base: str) -> None:
    path = index_path({"XDG_CACHE_HOME": base})
    assert path is not None
    assert path.parent == Path.home() / ".cache" / "genie"
