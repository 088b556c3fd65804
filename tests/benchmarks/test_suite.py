"""The suite behind `make bench`: that everything in it can be measured, and what it writes down."""

from __future__ import annotations

import csv
import datetime
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from packaging.requirements import Requirement

from benchmarks import bench_policy, catalogue, policy_admission, policy_audit, policy_recipients, suite
from benchmarks.__main__ import main, pace, shown, table
from benchmarks.figures import Figure, Limit
from benchmarks.installation import bare_install, wanted
from benchmarks.results import COLUMNS, Occasion, append, is_new, machine
from genie.cli.terminal.layout import laid_out
from genie.policies.index import POLICIES

ROOT = Path(__file__).parents[2]
OCCASION = Occasion(datetime.datetime(2025, 3, 1, 12, tzinfo=datetime.UTC), "0.1.0", "3.11.7", "Linux, 2 cores")
FIGURES = (
    Figure("fan-out 3, round trip p50", 47.25, "us", 22.0, 2.148, Limit(2.5, "ratio")),
    Figure("fan-out 3, 100 in flight", 17_000.0, "/s", 30_000.0, 1.6, Limit(18_000, least=True)),
    Figure("one way", 123_456.7, "/s"),
)


ALL = f"{len(POLICIES)} policies"
GOVERNED = {
    f"{ALL}, fan-out 3", f"{ALL}, fan-out 60", f"{ALL}, one more recipient",
    f"{ALL}, one unlike it", f"{ALL}, one of a new run", "100 mixed rules, one delivery",
    "100 rules about senders, one delivery", "100 nested rules, one delivery", "100 rules checked and compiled",
    "four eyes, others' deliveries", "hold, approve and deliver", "idle look at the control file",
    "audit append, no fsync", "audit verify, 2,000 records",
    *(f"{what}, {size} KB of {text}" for what in ("detectors", "injection model") for size in (1, 10)
      for text in ("ASCII", "other text")),
    *(f"{case}, {many}" for case in policy_admission.CASES for many in ("fan-out 60", "one recipient")),
}  # fmt: skip
"""What governance costs."""


HEAVY = {
    "scrape of 60 agents and 40 topics", "all agents loaded", "genie agents",
    "statements of 2,000 rows, read and analysed", "simulation, 10,000 paths of 360 months",
    "mules and rings among 2,000 transfers",
}  # fmt: skip
"""What a scrape and the catalogue take; the data is as large as `--quick` makes it."""


# --- limits ---


@pytest.mark.parametrize(
    ("limit", "figure", "missed"),
    [
        (Limit(2.5, "ratio"), Figure("x", 99, "us", 40, 2.5), False),
        (Limit(2.5, "ratio"), Figure("x", 1, "us", 40, 2.51), True),
        (Limit(2.5, "ratio"), Figure("x", 1, "us"), True),
        (Limit(18_000, least=True), Figure("x", 18_000, "/s"), False),
        (Limit(18_000, least=True), Figure("x", 17_999, "/s"), True),
        (Limit(60), Figure("x", 60.1, "MB"), True),
    ],
)
def test_a_limit_is_kept_or_missed(limit: Limit, figure: Figure, missed: bool) -> None:
    assert Figure(figure.name, figure.value, figure.unit, figure.baseline, figure.ratio, limit).missed is missed


def test_the_limits_are_those_of_the_specification() -> None:
    limits = [
        *suite.FANOUT_LIMITS.values(), suite.IN_FLIGHT_LIMIT, suite.WAITING_LIMIT, suite.BLOCKED_LIMIT,
        suite.IMPORT_LIMIT, suite.VERSION_LIMIT, suite.IDLE_LIMIT, suite.PACKAGES_LIMIT, suite.INSTALL_LIMIT,
    ]  # fmt: skip
    assert [str(limit) for limit in limits] == [
        "ratio <= 2.4", "ratio <= 2", "ratio <= 2.5", ">= 18000", "ratio <= 1.1", "<= 15000", "<= 115", "<= 90",
        "<= 60", "<= 25", "<= 40",
    ]  # fmt: skip
    assert str(bench_policy.ROUND_TRIP_LIMIT) == "ratio <= 4.5"
    seconds = (catalogue.BULK_LIMIT, catalogue.SIMULATION_LIMIT, catalogue.GRAPH_LIMIT)
    assert [limit.bound for limit in seconds] == [5, 0.3, 5]
    assert (catalogue.ROWS, catalogue.PATHS, catalogue.MONTHS) == (100_000, 10_000, 360)
    assert (policy_audit.APPEND_US, policy_audit.VERIFY_S, policy_recipients.LIMIT_US) == (6.0, 15.0, 2.0)


# --- what is written down ---


def test_results_are_appended_under_one_header(tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    append(path, OCCASION, FIGURES)
    append(path, OCCASION, FIGURES[:1])
    with path.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert tuple(rows[0]) == COLUMNS
    assert [row["figure"] for row in rows] == [figure.name for figure in (*FIGURES, FIGURES[0])]
    assert rows[0] == {
        "date": "2025-03-01T12:00:00+00:00", "version": "0.1.0", "python": "3.11.7", "machine": "Linux, 2 cores",
        "figure": "fan-out 3, round trip p50", "value": "47.25", "unit": "us", "baseline": "22", "ratio": "2.148",
        "limit": "ratio <= 2.5", "kept": "yes",
    }  # fmt: skip
    assert [(row["value"], row["kept"]) for row in rows[1:3]] == [("17000", "no"), ("123457", "")]


@pytest.mark.parametrize("content", [b"a,b,c\n1,2,3\n", b"\x00\xff\xfe\n"])
def test_a_file_of_something_else_is_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "mine.csv"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="other columns"):
        is_new(path)
    result = CliRunner().invoke(main, ["--quick", "--results", str(path)])
    assert result.exit_code == 2
    assert "Traceback" not in result.output
    assert path.read_bytes() == content


def test_rows_can_be_added_to_the_recorded_results() -> None:
    path = ROOT / "benchmarks/results.csv"
    assert is_new(path) is not path.exists()


def test_a_machine_is_described_and_not_named() -> None:
    assert "cores" in machine()
    assert os.uname().nodename not in machine()


# --- the whole ---


@pytest.mark.slow
def test_everything_can_be_measured(tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    result = CliRunner().invoke(main, ["--quick", "--results", str(path)])
    assert result.exit_code in {0, 1}, result.output
    with path.open(newline="") as stream:
        rows = {row["figure"]: row for row in csv.DictReader(stream)}
    assert {name for name, row in rows.items() if row["limit"]} == {
        "fan-out 3, round trip p50", "fan-out 3, 100 in flight", "fan-out 60, handlers wait 10 ms",
        "run blocked in 3 handlers", "60 idle agents", "import, over bare Python", "import, heavy modules loaded",
        "genie --version", "bare install, packages", "bare install, size",
        *(name for name in rows if name in GOVERNED), *HEAVY,
        *(name for name in rows if name.startswith(("a KB full of ", "a message with a new "))),
    }  # fmt: skip
    assert set(rows) >= GOVERNED
    assert (result.exit_code == 1) == any(row["kept"] == "no" for row in rows.values())


def test_people_see_what_was_missed() -> None:
    widest = Figure("fan-out 60, handlers wait 10 ms", 12_079.4, "us", 11_115.5, 1.11, Limit(1.1, "ratio"))
    lines = list(laid_out([table([*FIGURES, widest])], width=None))
    marks = {figure.name: next(line for line in lines if figure.name in line).split()[-1] for figure in FIGURES[:2]}
    assert marks == {"fan-out 3, round trip p50": "yes", "fan-out 3, 100 in flight": "NO"}
    assert [shown(value) for value in (None, 2.0, 64.83, 18_638.6)] == ["", "2", "64.8", "18,639"]


def test_a_miss_is_told_beside_how_fast_the_machine_is() -> None:
    slow = Figure("fan-out 3, round trip p50", 80.0, "us", 44.0, 1.82)
    assert "took 44 us for the canonical round trip, 2.0 times" in pace([slow, *FIGURES[1:]])
    assert pace([*FIGURES[1:]]) == ""


# --- the bare install ---


def test_the_bare_install_is_small_and_counts_us() -> None:
    packages, size = bare_install()
    assert 9 <= packages <= 25  # eight are required by name
    assert 1_000_000 < size <= 30_000_000  # without bytecode; a fifth is this library


@pytest.mark.parametrize(
    ("line", "extras", "applies"),
    [
        ("x", set(), True),
        ("x; python_version >= '3.8'", set(), True),
        ("x; sys_platform == 'plan9'", set(), False),
        ("x; extra == 'test'", set(), False),
        ("x; extra == 'test'", {"test"}, True),
    ],
)
def test_a_requirement_counts_where_its_marker_holds(line: str, extras: set[str], applies: bool) -> None:
    assert wanted(Requirement(line), extras) is applies


# --- the peer ---


def test_the_peer_runs_from_any_directory(tmp_path: Path) -> None:
    code = (
        "import asyncio, json, sys; sys.path.insert(0, sys.argv[1])\n"
        "import common, genie_peer\n"
        "async def main():\n"
        "    figures = await common.m_latency(genie_peer.GeniePeer, 3, 5, 1.0)\n"
        "    sent = await common.m_oneway(genie_peer.GeniePeer, 600, 1.0)\n"
        "    print(json.dumps([figures['n'], sent['n'] >= 500]))\n"
        "asyncio.run(main())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(ROOT / "benchmarks/peers")],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [5, True]


def test_the_peer_imports_genie_common_and_the_standard_library_alone() -> None:
    lines = (ROOT / "benchmarks/peers/genie_peer.py").read_text().splitlines()
    roots = {line.split()[1].split(".")[0] for line in lines if line.startswith(("import ", "from "))}
    assert roots - sys.stdlib_module_names == {"common", "genie"}
    assert lines[-1] == "    main(GeniePeer)"
