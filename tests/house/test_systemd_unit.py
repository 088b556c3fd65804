"""The unit for systemd: it is valid, and exposes little."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

UNIT = Path(__file__).parents[2] / "config/serving/genie.service"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_the_unit_is_valid_and_its_exposure_is_low(tmp_path: Path) -> None:
    placed = tmp_path / UNIT.name
    placed.write_text(UNIT.read_text().replace("/usr/local/bin/genie", "/bin/true"))
    checked = subprocess.run(["systemd-analyze", "verify", placed], capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")
    scored = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", placed], capture_output=True, text=True, check=False
    )
    found = re.search(r"exposure level for genie.service: ([0-9.]+)", scored.stdout)
    assert found is not None
    assert float(found[1]) <= 2.0
