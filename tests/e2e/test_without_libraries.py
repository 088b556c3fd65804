"""Without the libraries of the extra `catalogue`, a shipped pipeline runs whole, or its check names what to install."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = """
import json, sys
import importlib.abc

class Blocked(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] in {"networkx", "numpy", "pyxirr", "tldextract"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Blocked())
from click.testing import CliRunner
from genie.cli import main

for path in sys.argv[1:]:
    checked = CliRunner().invoke(main, ["check", path])
    ran = CliRunner().invoke(main, ["run", path, "--quiet"]) if checked.exit_code == 0 else checked
    print(json.dumps([path, checked.exit_code, checked.stderr, "ModuleNotFoundError" in ran.output]), flush=True)
"""


@pytest.mark.slow
def test_a_pipeline_that_lacks_a_library_is_refused_before_it_runs(tmp_path: Path) -> None:
    paths = sorted(map(str, (ROOT / "config/pipelines").glob("*.yaml")))
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *paths], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=120
    )
    found = {Path(path).stem: rest for path, *rest in map(json.loads, done.stdout.splitlines())}
    assert len(found) == len(paths)
    assert [name for name, (_, _, failed) in found.items() if failed] == []
    refused = {name: said for name, (code, said, _) in found.items() if code}
    assert {"fraud_ring", "investing", "sme_loan"} <= set(refused)
    assert all("genie-bus[catalogue]" in said for said in refused.values())
    assert "insights" not in refused
