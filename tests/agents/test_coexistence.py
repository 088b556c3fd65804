"""Another distribution may own the top-level name ``agents``, as openai-agents does: both can be imported."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
IMPORTS = """
import json
import agents, genie_finance, genie_finance.index
from agents import Agent
from genie_finance.insights.adviser import adviser
print(json.dumps([agents.__file__, Agent.owner, genie_finance.__file__, adviser.card.id]))
"""


@pytest.fixture(params=["first", "last"])
def environ(tmp_path: Path, request: pytest.FixtureRequest) -> dict[str, str]:
    """Return the environment of a process that has a foreign package ``agents`` first or last on its path."""
    package = tmp_path / "site" / "agents"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text('class Agent:\n    owner = "somebody else"\n')
    ours = [str(ROOT), str(ROOT / "agents")]
    theirs = [str(package.parent)]
    path = [*theirs, *ours] if request.param == "first" else [*ours, *theirs]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path), "XDG_CACHE_HOME": str(tmp_path / "cache")}


def ran(environ: dict[str, str], *words: str) -> str:
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, check=False, env=environ, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_both_packages_are_imported(environ: dict[str, str], tmp_path: Path) -> None:
    theirs, owner, ours, card = json.loads(ran(environ, "-c", IMPORTS))
    assert Path(theirs) == tmp_path / "site" / "agents" / "__init__.py"
    assert owner == "somebody else"
    assert Path(ours).parent.name == "genie_finance"
    assert card == "adviser"


def test_the_command_lists_our_agents(environ: dict[str, str]) -> None:
    for _ in range(2):  # from the agents, then from the index of cards
        listed = json.loads(ran(environ, "-m", "genie", "agents", "adviser", "--json"))
        assert [(card["use"], card["family"]) for card in listed] == [("adviser", "insights")]


def test_the_folder_of_the_catalogue_is_not_a_package_of_its_own() -> None:
    assert not (ROOT / "agents" / "__init__.py").exists()
    assert (ROOT / "agents" / "genie_finance" / "__init__.py").is_file()
