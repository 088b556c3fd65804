"""The count of instructions: parsing of cachegrind, arithmetic, and comparison with the stored figure."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks.cachegrind import Counts, counted, counted_forks, installed, parse, per_unit, run
from benchmarks.instructions import (
    CHECKED,
    LENGTHS,
    STORED,
    Outcome,
    Row,
    Stored,
    checked,
    compared,
    load,
    main,
    store,
    table,
    told,
)
from genie.benchmark.sanity import BenchmarkError

ROOT = Path(__file__).parents[2]
OUTPUT = """\
desc: I1 cache:         32768 B, 64 B, 8-way associative
desc: D1 cache:         32768 B, 64 B, 8-way associative
desc: LL cache:         524288 B, 64 B, 8-way associative
cmd: python -m something
events: Ir I1mr ILmr Dr D1mr DLmr Dw D1mw DLmw Bc Bcm Bi Bim
fl=/usr/lib/summary.c
fn=main
12 1000 9 1 300 8 4 200 7 2 90 20 10 5
summary: 1000 9 1 300 8 4 200 7 2 90 20 10 5
"""
"""As cachegrind writes it, with numbers that are easy to add."""
BARE = Counts(instructions=100_000, mispredicted=1_000, misses=10)
HERE = ".".join(map(str, sys.version_info[:2]))


def row(ratio: float) -> Row:
    return Row(ours=Counts(instructions=100_000 * ratio, mispredicted=2_000, misses=500), bare=BARE)


def stored(ratio: float, *, build: str = "any") -> dict[str, Stored]:
    return {HERE: Stored(build=build, fanouts={3: row(ratio)})}


# --- parsing ---


def test_totals_add_both_kinds_of_branches_and_three_kinds_of_misses() -> None:
    assert parse(OUTPUT) == Counts(instructions=1_000, mispredicted=20 + 5, misses=1 + 4 + 2)


def test_columns_are_read_by_name() -> None:
    text = OUTPUT.replace("events: Ir I1mr ILmr", "events: ILmr I1mr Ir")
    assert parse(text) == Counts(instructions=1, mispredicted=25, misses=1_000 + 4 + 2)


@pytest.mark.parametrize(
    "text",
    [
        "",
        OUTPUT.replace("summary: 1000", "summary:"),
        OUTPUT.replace("summary: 1000", "summary: many"),
        OUTPUT.replace("\nsummary:", "\ntotals:"),
        OUTPUT.replace("Bim\n", "\n").replace(" 10 5\n", " 10\n"),
        OUTPUT.replace("desc: LL cache:", "desc: L2 cache:"),
        OUTPUT.replace("524288 B", "1048576 B"),
    ],
    ids=["empty", "one short", "no number", "no totals", "no branches", "no cache", "another cache"],
)
def test_an_incomplete_output_is_no_measurement(text: str) -> None:
    with pytest.raises(BenchmarkError):
        parse(text)


def test_where_no_processor_is_simulated_instructions_are_read_alone() -> None:
    text = "events: Ir\nsummary: 1000\n"
    assert parse(text, simulated=False) == Counts(instructions=1_000, mispredicted=None, misses=None)
    with pytest.raises(BenchmarkError):
        parse(text)


# --- arithmetic ---


def test_what_was_not_counted_stays_unknown() -> None:
    short, long = (Counts(instructions=count, mispredicted=None, misses=None) for count in (10, 30))
    assert per_unit(short, long, units=10) == Counts(instructions=2, mispredicted=None, misses=None)
    assert len(table({3: Row(ours=short, bare=long)}).splitlines()) == 2


def test_what_both_lengths_share_drops_out() -> None:
    short = Counts(instructions=1_000_000 + 10 * 500, mispredicted=70 + 10 * 3, misses=40 + 10 * 2)
    long = Counts(instructions=1_000_000 + 30 * 500, mispredicted=70 + 30 * 3, misses=40 + 30 * 2)
    assert per_unit(short, long, units=20) == Counts(instructions=500, mispredicted=3, misses=2)


def test_fewer_misses_in_the_longer_run_count_as_none() -> None:
    short, long = Counts(instructions=10, mispredicted=5, misses=9), Counts(instructions=20, mispredicted=5, misses=4)
    assert per_unit(short, long, units=10) == Counts(instructions=1, mispredicted=0, misses=0)


def test_a_longer_run_that_costs_nothing_is_no_measurement() -> None:
    with pytest.raises(BenchmarkError):
        per_unit(BARE, BARE, units=10)


def test_the_lengths_differ_and_the_checked_fanout_has_some() -> None:
    assert CHECKED in LENGTHS
    assert all(0 < short < long for short, long in LENGTHS.values())


# --- comparison ---


@pytest.mark.parametrize(
    ("ratio", "outcome"),
    [
        (2.0, Outcome.KEPT),
        (2.039, Outcome.KEPT),
        (1.961, Outcome.KEPT),
        (2.041, Outcome.WORSE),
        (1.959, Outcome.BETTER),
    ],
)
def test_a_ratio_is_kept_within_two_percent(ratio: float, outcome: Outcome) -> None:
    assert compared(row(ratio), row(2.0)) is outcome
    assert checked({3: row(ratio)}, stored(2.0)) == (0 if outcome is Outcome.KEPT else 1)


def test_only_the_ratio_is_held() -> None:
    ours = Counts(instructions=400_000, mispredicted=90_000, misses=90_000)
    twice = Row(ours=ours, bare=Counts(instructions=200_000, mispredicted=1, misses=1))
    assert compared(twice, row(2.0)) is Outcome.KEPT


@pytest.mark.parametrize("found", [{}, {"0.1": stored(2.0)[HERE]}, {HERE: Stored(build="any", fanouts={60: row(2.0)})}])
def test_a_ratio_without_a_stored_one_fails(found: dict[str, Stored], capsys: pytest.CaptureFixture[str]) -> None:
    assert checked({3: row(2.0)}, found) == 1
    assert Outcome.UNKNOWN in capsys.readouterr().out


def test_one_fanout_outside_the_tolerance_fails_the_check() -> None:
    found = {HERE: Stored(build="any", fanouts={3: row(2.0), 60: row(2.0)})}
    assert checked({3: row(2.0), 60: row(2.1)}, found) == 1
    assert checked({3: row(2.0), 60: row(2.0)}, found) == 0


def test_a_better_ratio_asks_to_be_stored_and_a_worse_one_does_not() -> None:
    assert "--store" in told(3, row(1.5), row(2.0))
    assert "--store" not in told(3, row(2.5), row(2.0))


def test_a_failed_check_names_another_interpreter(capsys: pytest.CaptureFixture[str]) -> None:
    checked({3: row(2.5)}, stored(2.0, build="another build"))
    assert "another build" in capsys.readouterr().out


def test_the_table_has_a_line_for_each_measure() -> None:
    lines = table({3: row(2.0), 60: row(1.5)}).splitlines()
    assert len(lines) == 1 + 2 * len(Counts.model_fields)
    assert lines[1].split()[-3:] == ["200,000", "100,000", "2.000"]
    free = Row(ours=BARE, bare=Counts(instructions=1, mispredicted=1, misses=0))
    assert table({3: free}).splitlines()[-1].split()[-1] == "-"


# --- storing ---


def test_stored_rows_come_back_and_others_stay(tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    assert load(path) == {}
    store(path, {3: row(2.0), 60: row(1.8)})
    store(path, {3: row(1.5)})
    assert load(path)[HERE].fanouts == {3: row(1.5), 60: row(1.8)}


def test_a_file_of_something_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    path.write_text('{"3": 2.0}')
    with pytest.raises(ValueError, match="validation error"):
        store(path, {3: row(2.0)})
    assert path.read_text() == '{"3": 2.0}'


def test_every_measured_fanout_is_in_the_stored_file() -> None:
    found = load(STORED)
    assert found
    assert all(set(one.fanouts) == set(LENGTHS) for one in found.values())


# --- the command ---


@pytest.mark.parametrize(("words", "code"), [([], 0), (["--check"], 0), (["--check", "--all"], 0), (["--store"], 2)])
def test_without_valgrind_one_line_says_so(words: list[str], code: int, tmp_path: Path) -> None:
    result = CliRunner().invoke(main, [*words, "--file", str(tmp_path / "none.json")], env={"PATH": str(tmp_path)})
    assert result.exit_code == code
    assert "valgrind" in result.output
    assert len(result.output.splitlines()) == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("words", [["--check", "--store"], ["--all"], ["--policies", "--check"]])
def test_options_that_contradict_each_other_are_refused(words: list[str]) -> None:
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 2
    assert "Usage" in result.output


# --- the processes ---


@pytest.mark.slow
def test_the_counted_process_names_its_forks_and_one_that_fails() -> None:
    words = [sys.executable, "-m", "benchmarks.round_trips"]
    said = run([*words, "all", "3", "2", "4"], folder=ROOT).splitlines()
    assert [line.rsplit(" ", 1)[0] for line in said] == ["all 2", "all 4", "bare 2", "bare 4"]
    with pytest.raises(BenchmarkError, match="ours, fan-out none, 2 round trips"):
        run([*words, "ours", "none", "2"], folder=ROOT)


@pytest.mark.skipif(not installed(), reason="valgrind is not installed")
def test_cachegrind_counts_a_small_process(tmp_path: Path) -> None:
    counts = counted(["true"], folder=tmp_path)
    assert counts.instructions > 10_000 > counts.misses > 0
    assert not list(tmp_path.iterdir())


FORKS = """
(exit 0) & echo "short $!"; wait $!
(i=0; while [ $i -lt 500 ]; do i=$((i + 1)); done) & echo "long $!"; wait $!
"""


@pytest.mark.skipif(not installed(), reason="valgrind is not installed")
@pytest.mark.parametrize("simulated", [False, True])
def test_each_fork_is_counted_with_what_came_before_it(tmp_path: Path, simulated: bool) -> None:
    found = counted_forks(["sh", "-c", FORKS], folder=tmp_path, simulated=simulated)
    assert list(found) == ["short", "long"]
    assert 10_000 < found["short"].instructions < found["long"].instructions - 10_000
    assert (found["long"].misses is not None) == simulated
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not installed(), reason="valgrind is not installed")
@pytest.mark.parametrize("said", ["word", "short 1", "short one"])
def test_a_process_that_does_not_name_its_forks_is_no_measurement(tmp_path: Path, said: str) -> None:
    with pytest.raises(BenchmarkError):
        counted_forks(["echo", said], folder=tmp_path, simulated=False)
