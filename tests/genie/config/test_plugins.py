"""Parts by name."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from genie.config.plugins import Plugins, settings_of
from genie.contracts.agent import Handlers, agent, handles
from genie.contracts.message import Payload
from genie.errors import DefinitionError
from genie.policy.policy import PolicySettings


class Word(Payload, topic="catalogue.word"):
    text: str = ""


@agent(id="echo")
async def echo(word: Word) -> Word:
    """Echo."""
    return word


class Counting(Handlers, id="counting"):
    """Counts."""

    @handles
    async def count(self, word: Word) -> None:
        """Count."""


class Broken:
    def __init__(self) -> None:
        raise OSError("no disk\nreally")


class Limits(PolicySettings):
    most: int = 1


class Rule:
    Settings = Limits


def test_an_agent_is_a_thing_a_class_or_a_place() -> None:
    catalogue = Plugins(agents={"echo": echo, "counting": Counting})
    assert catalogue.agent("echo") is echo
    first, second = catalogue.agent("counting"), catalogue.agent("counting")
    assert isinstance(first, Counting)
    assert first is not second  # no two bindings share what one keeps


def test_a_place_is_imported_when_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = (
        "from genie.contracts.message import Payload\nfrom genie.contracts.agent import agent\n"
        "class Far(Payload, topic='catalogue.far'):\n    text: str = ''\n"
        "@agent(id='far')\nasync def far(word: Far) -> None:\n    'Far.'\n"
    )
    (tmp_path / "genie_far_module.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    catalogue = Plugins(agents={"far": "genie_far_module:far"})
    assert "genie_far_module" not in sys.modules
    assert catalogue.agent("far").card.id == "far"
    sys.modules.pop("genie_far_module")


@pytest.mark.parametrize("part", ["no.such:thing", "genie.errors:nothing", "genie.errors", Broken, Word])
def test_a_part_that_cannot_be_used_is_a_definition_error_of_one_line(part: object) -> None:
    with pytest.raises(DefinitionError) as caught:
        Plugins(agents={"x": part}).agent("x")  # type: ignore[dict-item]  # on purpose
    assert "\n" not in str(caught.value)


def test_an_unknown_name_is_a_key_error() -> None:
    catalogue = Plugins()
    for look_up in (catalogue.agent, catalogue.policy, catalogue.edge):
        with pytest.raises(KeyError):
            look_up("x")


def test_a_name_that_two_distributions_offer_is_refused_when_it_is_used() -> None:
    catalogue = Plugins(agents={"echo": echo}, clashes={("agents", "echo"): ("finance", "other")})
    with pytest.raises(DefinitionError, match="finance and other"):
        catalogue.agent("echo")


def test_policies_and_edges_are_made_by_what_is_callable() -> None:
    assert Plugins(policies={"rule": Rule}).policy("rule") is Rule
    with pytest.raises(DefinitionError, match="not callable"):
        Plugins(edges={"e": "genie.errors:__doc__"}).edge("e")
    assert settings_of(Rule) is Limits
    assert settings_of(Broken) is None


def test_what_is_installed_is_read_from_entry_points(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info = tmp_path / "genie_probe-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: genie-probe\nVersion: 1\n")
    (info / "entry_points.txt").write_text(
        "[genie.agents]\nprobe = genie_probe_index:AGENTS\n[genie.edges]\nprobe = genie_probe_index:EDGES\n"
    )
    (tmp_path / "genie_probe_index.py").write_text("AGENTS = {'probe.echo': 'nowhere:echo'}\nEDGES = {'probe': dict}\n")
    monkeypatch.syspath_prepend(tmp_path)
    installed = Plugins.installed()
    assert installed.agents["probe.echo"] == "nowhere:echo"
    assert installed.edge("probe") is dict
    sys.modules.pop("genie_probe_index")
