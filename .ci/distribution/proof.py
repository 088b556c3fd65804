"""That the single file runs: a bare Python, an empty environment and folder, no network where that can be had."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

_RUN = ("run", "insights", "--json")
_TOGETHER = 4


def prove(pyz: Path, folder: Path) -> list[str]:
    """Run the file in every way that is promised, and return a line on each.

    Raises:
        SystemExit: It did not run as promised.
    """
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder / "bare")], check=True)
    trial = Trial(pyz, folder)
    seen = [f"network: {'cut off' if trial.apart else 'NOT cut off, since this machine has no unshare for it'}"]
    began = perf_counter()
    first = trial.run("first", *_RUN)
    middle = perf_counter()
    again = trial.run("first", *_RUN)
    _same(_status(first), _status(again))
    seen.append(f"first start {middle - began:.1f} s, the next {perf_counter() - middle:.1f} s: {_status(first)}")
    with ThreadPoolExecutor(_TOGETHER) as pool:
        together = list(pool.map(lambda _: trial.run("together", *_RUN), range(_TOGETHER)))
    _same({_status(one) for one in together}, {"complete"})
    seen.append(f"{_TOGETHER} first starts at once: all complete")
    refused = trial.run(None, *_RUN, code=2)
    if len(refused.stderr.splitlines()) != 1 or "SHIV_ROOT" not in refused.stderr:
        raise SystemExit(f"without a place to unpack it said: {refused.stderr}")
    seen.append("no place to unpack: one line, exit 2")
    trial.run("first", "check", "insights")
    trial.run("first", "run", "insihgts", code=2)
    wrong = JsonStrictValidator(SchemaVersion.V1_6).validate_str(trial.run("first", "bom", "assistant").stdout)
    if wrong is not None:
        raise SystemExit(f"the bill of materials of a pipeline is no CycloneDX 1.6: {wrong}")
    seen.append("bill of materials of a pipeline: CycloneDX 1.6")
    return seen


class Trial:
    """A bare Python, and one empty folder in which the file is run.

    Args:
        pyz: The file.
        folder: Where the bare Python is, as ``bare``, and where the file may unpack itself.
    """

    def __init__(self, pyz: Path, folder: Path) -> None:
        self._folder = folder
        self._empty = folder / "empty"
        self._empty.mkdir()
        self._start = [str(folder / "bare" / "bin" / "python"), str(shutil.copy(pyz, folder))]
        apart = ["unshare", "--map-root-user", "--net"]
        self.apart = (
            shutil.which("unshare") is not None
            and not subprocess.run([*apart, "true"], capture_output=True, check=False).returncode
        )
        if self.apart:
            self._start = [*apart, *self._start]

    def run(self, root: str | None, *words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        """Run the file with a home that cannot be written to, and unpacked below ``root`` if that is given."""
        environ = {"HOME": os.devnull, "LANG": "C.UTF-8", "PATH": os.defpath}
        if root is not None:
            environ["SHIV_ROOT"] = str(self._folder / root)
        done = subprocess.run(
            [*self._start, *words], env=environ, cwd=self._empty, capture_output=True, text=True, check=False
        )
        if done.returncode != code:
            raise SystemExit(f"{' '.join(words)} ended with {done.returncode}, not {code}:\n{done.stdout}{done.stderr}")
        if list(self._empty.iterdir()):
            raise SystemExit(f"{' '.join(words)} left something in the folder it was started in")
        return done


def _status(done: subprocess.CompletedProcess[str]) -> str:
    said = json.loads(done.stdout)
    return "complete" if said["status"] == "complete" and said["report"] else f"{said['status']}: {said['missing']}"


def _same(found: object, wanted: object) -> None:
    if found != wanted:
        raise SystemExit(f"expected {wanted}, found {found}")
