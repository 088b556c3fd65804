"""What a process of the command loads, and what it leaves alone when a program calls it."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO

import pytest
from click.testing import Result

ROOT = Path(__file__).parents[3]
PIPELINE = str(ROOT / "config/pipelines/insights.yaml")
NEEDLESS = (
    "jinja2", "rich.live", "httpx", "prometheus_client", "openpyxl", "genie.benchmark", "genie.reports.html",
    "genie.edges.telemetry.prometheus",
    "click.shell_completion", "genie_finance.insights.reading.camt", "genie_finance.insights.reading.workbook",
)  # fmt: skip


COMMAND = "from genie.cli import main; main()"


def process(
    code: str, *words: str, stdout: int | IO[str] = subprocess.PIPE, closed: tuple[int, ...] = (), **environ: str
) -> subprocess.CompletedProcess[str]:
    def close() -> None:
        for number in closed:
            os.close(number)

    return subprocess.run(
        [sys.executable, "-c", code, *words], stdout=stdout, stderr=subprocess.PIPE, text=True, check=False,
        encoding="utf-8", stdin=subprocess.DEVNULL, preexec_fn=close if closed else None,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environ},
    )  # fmt: skip


def test_a_run_in_a_pipe_loads_nothing_that_it_does_not_need() -> None:
    code = (
        "import atexit, sys; from genie.cli import main;"
        f"atexit.register(lambda: print([one for one in {NEEDLESS!r} if one in sys.modules], file=sys.stderr));"
        "main()"
    )
    done = process(code, "run", PIPELINE, "--quiet")
    assert (done.returncode, done.stderr) == (0, "[]\n")
    assert "125,000.00" in done.stdout


def test_nothing_is_loaded_before_the_signals_are_handled() -> None:
    """An interrupt before that ends in a traceback of Python; `signal` itself loads what is not named here."""
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); import os, signal; before = set(sys.modules);"
        "import genie.__main__; print(sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "['__future__', 'genie', 'genie.__main__']\n"


def test_a_run_for_a_script_does_not_load_rich() -> None:
    code = (
        "import atexit, sys; from genie.cli import main;"
        "atexit.register(lambda: print('rich' in sys.modules, file=sys.stderr)); main()"
    )
    done = process(code, "run", PIPELINE, "--json")
    assert (done.returncode, done.stderr) == (0, "False\n")


def test_a_program_that_calls_the_command_keeps_its_collector(genie: Callable[..., Result]) -> None:
    before = (gc.get_threshold(), gc.isenabled(), gc.get_freeze_count())
    assert genie("check", PIPELINE).exit_code == 0
    assert (gc.get_threshold(), gc.isenabled(), gc.get_freeze_count()) == before


@pytest.mark.slow
def test_a_benchmark_measures_with_the_collector_that_programs_have() -> None:
    code = (
        "import atexit, gc, sys; from genie.cli import main;"
        "atexit.register(lambda: print(gc.get_threshold(), file=sys.stderr)); main()"
    )
    assert process(code, "bench", "fanout", "--fanout", "3", "--requests", "50", "--json").stderr == "(700, 10, 10)\n"


def test_an_encoding_that_lacks_a_character_stops_nothing() -> None:
    done = process("from genie.cli import main; main()", "run", PIPELINE, "--quiet", PYTHONIOENCODING="latin-1")
    assert (done.returncode, done.stderr) == (0, "")
    assert "125,000.00" in done.stdout
    assert "\\u2588" in done.stdout


@pytest.mark.parametrize("words", [("run", PIPELINE, "--quiet"), ("run", PIPELINE, "--json"), ("doctor",), ("--help",)])
def test_a_full_disk_behind_standard_output_is_one_line(words: tuple[str, ...]) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = process(COMMAND, *words, stdout=full)
    assert (done.returncode, done.stderr) == (2, "standard output: cannot be written (No space left on device)\n")


@pytest.mark.slow
@pytest.mark.parametrize("closed", [(0,), (1,), (0, 1), (0, 1, 2)])
def test_a_stream_that_the_caller_has_closed_stops_nothing(closed: tuple[int, ...], tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    done = process(COMMAND, "run", PIPELINE, "--quiet", "--journal", str(journal), closed=closed)
    assert (done.returncode, done.stderr) == (0, "")
    lines = journal.read_text().splitlines()
    assert lines
    assert all(line.startswith("{") for line in lines)  # nothing else was written where a stream had been
    done = process(COMMAND, "run", PIPELINE, "--quiet", "--input", "-", closed=closed)
    assert (done.returncode, done.stderr) == (2, "" if 2 in closed else "-: is empty; give a file with content\n")


def test_python_runs_the_package_as_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "genie", "run", "no.yaml"], capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (2, "", "no.yaml: there is no such file\n")
    done = subprocess.run(
        [sys.executable, "-m", "genie", "--help"], capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.stdout.startswith("Usage: genie [OPTIONS]")
