"""The street door: what `genie` exports, and what importing it costs."""

from __future__ import annotations

import ast
import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import genie
from genie import contracts

ROOT = Path(__file__).parents[2]
HEAVY = (
    "httpx",
    "prometheus_client",
    "rich",
    "click",
    "yaml",
    "asyncio.subprocess",
    "trio",
    "pydantic.plugin._loader",
)  # the last is loaded for the first schema


def seen_by_type_checkers(facade: ModuleType) -> list[str]:
    assert facade.__file__ is not None
    tree = ast.parse(Path(facade.__file__).read_text())
    block = next(node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
    names = [alias for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names]
    assert all(alias.asname == alias.name for alias in names), "re-export with `as`, or strict checkers do not see it"
    return [alias.name for alias in names]


FACADES = (genie, contracts)


@pytest.mark.parametrize("facade", FACADES)
def test_type_checkers_see_what_is_exported(facade: ModuleType) -> None:
    assert sorted(seen_by_type_checkers(facade)) == list(facade.__all__) == sorted(facade.__all__)


def test_the_door_is_narrow() -> None:
    assert len(genie.__all__) <= 40


@pytest.mark.parametrize("facade", FACADES)
def test_what_is_exported_is_what_the_snapshot_says(facade: ModuleType) -> None:
    """A name that goes breaks somebody's import: it leaves the snapshot together with a line in the changelog."""
    snapshot = Path(__file__).with_name(f"{facade.__name__}.txt").read_text(encoding="utf-8").split()
    assert snapshot == list(facade.__all__)


@pytest.mark.parametrize(("facade", "name"), [(facade, name) for facade in FACADES for name in facade.__all__])
def test_every_name_can_be_had(facade: ModuleType, name: str) -> None:
    assert getattr(facade, name) is not None
    assert name in dir(facade)


def test_a_name_in_both_means_the_same() -> None:
    assert all(getattr(genie, name) is getattr(contracts, name) for name in set(genie.__all__) & set(contracts.__all__))


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Agnet'"):
        genie.Agnet  # noqa: B018 - reading it is the test


@pytest.mark.parametrize("facade", FACADES)
def test_no_module_shares_a_name_with_an_export(facade: ModuleType) -> None:
    # `from genie import agent` would mean the module or the decorator, depending on what was imported before.
    assert facade.__file__ is not None
    folder = Path(facade.__file__).parent
    modules = {path.stem for path in folder.iterdir() if path.suffix == ".py" or path.is_dir()}
    assert modules & set(facade.__all__) == set()


def loaded_after(statement: str) -> set[str]:
    program = f"{statement}\nimport sys\nprint('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_what_payloads_and_agents_are_defined_with_loads_nothing_heavy_and_no_bus() -> None:
    loaded = loaded_after("from genie import Payload, Runtime, agent")
    assert loaded & {*HEAVY, "genie.bus.bus", "genie.policy.policy", "anyio"} == set()


def test_an_open_bus_loads_nothing_heavy() -> None:
    loaded = loaded_after(
        "import anyio\nfrom genie import Runtime\nasync def opened():\n    async with Runtime():\n        pass\n"
        "anyio.run(opened)"
    )
    assert "genie.bus.bus" in loaded
    assert loaded & set(HEAVY) == {"asyncio.subprocess"}  # which asyncio loads itself


def test_the_bare_facade_loads_nothing_at_all() -> None:
    loaded = loaded_after("import genie")
    assert not any(name.startswith("genie.") for name in loaded)
    assert "pydantic" not in loaded


def test_the_command_loads_only_what_its_first_screen_needs() -> None:
    loaded = loaded_after("import genie.cli")
    assert loaded & {"pydantic", "rich", "anyio", "yaml", "httpx"} == set()


def test_the_catalogue_leaves_the_import_name_agents_to_others() -> None:
    import genie_finance

    assert Path(genie_finance.__file__ or "").parent == ROOT / "agents" / "genie_finance"
    assert importlib.util.find_spec("agents") is None or not (ROOT / "agents" / "__init__.py").exists()
