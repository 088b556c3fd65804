"""`genie simulate`: run a scenario in virtual time, under one seed or many."""

from __future__ import annotations

import contextlib
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from genie.cli.errors import guarded
from genie.cli.files import whole_file
from genie.cli.help import USUAL, manual
from genie.cli.options import completion as suggestions
from genie.cli.terminal.drawing import plain
from genie.cli.terminal.json_text import to_text
from genie.cli.terminal.progress import progress
from genie.cli.terminal.screen import show
from genie.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import IO

    from genie.simulation.record import Record
    from genie.simulation.scenario import Scenario
    from genie.simulation.shrinking import MinimalFailure
    from genie.simulation.simulation import Subset

BROKEN = 1
"""Exit code when an invariant does not hold."""
MOST_SEEDS = 100_000


class Numbers(click.ParamType[frozenset[int]]):
    """Numbers and ranges, separated by commas: ``3,7..9``; ``none`` is the empty set."""

    name = "n,n..n"

    def __init__(self, least: int) -> None:
        self._least = least

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> frozenset[int]:
        """Return the numbers."""
        if isinstance(value, frozenset):
            return value
        found: set[int] = set()
        for word in [] if value == "none" else str(value).split(","):
            first, dots, last = word.strip().partition("..")
            ends = (first, last if dots else first)
            if not all(one.isascii() and one.isdigit() and len(one) < 19 for one in ends):
                self.fail(f"{value!r} is not a list of numbers, for example 3,7..9", param, ctx)
            low, high = map(int, ends)
            if not self._least <= low <= high or high - low >= MOST_SEEDS:
                self.fail(f"{value!r} has a range that is empty, too long, or starts below {self._least}", param, ctx)
            found.update(range(low, high + 1))
        return frozenset(found)


@click.command(epilog=manual(
    ("Simulate a scenario under its own seed", "genie simulate config/simulations/quiet-month.yaml"),
    ("Try other interleavings", "genie simulate config/simulations/quiet-month.yaml --seeds 1..8"),
    ("Print JSON, and write the journal",
     "genie simulate config/simulations/quiet-month.yaml --json --journal month.jsonl"),
    exits={0: "every invariant holds", 1: "an invariant is violated", 2: USUAL[2], 130: USUAL[130]},
    notes="The same scenario, seed and code produce the same journal, byte for byte.",
))  # fmt: skip
@click.argument("scenario", type=click.Path(), shell_complete=suggestions.scenarios)
@click.option("--seed", metavar="N", type=click.IntRange(min=0), help="Use this seed instead of the one in the file.")
@click.option("--seeds", type=Numbers(0), help="Try many seeds, in parallel: 1..200.")
@click.option("--runs", type=Numbers(1), help="Simulate only these arrivals, as listed by a smallest failing scenario.")
@click.option("--trouble", type=Numbers(0), help="Apply only these entries of trouble, numbered from 0; or none.")
@click.option("--journal", metavar="FILE", shell_complete=suggestions.files,
              help="Write every record as a JSON line; `journal_sha256` is the hash of this file.")  # fmt: skip
@click.option("--html", metavar="FILE", shell_complete=suggestions.files,
              help="Write the report as one page with charts; it needs no network.")  # fmt: skip
@click.option("--compare", metavar="FILE", shell_complete=suggestions.files,
              help="Compare with a result that --json printed.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
@click.option("--no-shrink", is_flag=True, help="Do not search for the smallest failing scenario.")
@click.option("--once", is_flag=True, help="Do not repeat the first seed in a second process to compare the journals.")
@guarded
def command(scenario: str, **given: Any) -> None:
    """Simulate SCENARIO: real agents and policies, in virtual time, with synthetic customers and trouble."""
    from genie.simulation.scenario import load  # noqa: PLC0415 - start-up: after the words are parsed

    seeds = given["seeds"]
    if seeds is not None:
        _refuse_beside(given)
    with progress("reading the scenario"):
        loaded = load(scenario)
    if not given["as_json"]:
        for warning in loaded.pipeline.warnings:
            click.echo(plain(f"warning: {warning}"), err=True)
    if seeds is None:
        _one(loaded, scenario, given)
    else:
        _many(loaded, scenario, sorted(seeds), given)


def _refuse_beside(given: dict[str, Any]) -> None:
    for name in ("seed", "runs", "trouble", "journal", "html", "compare"):
        if given[name] is not None:
            raise InputError(f"--{name}", "applies to one seed and cannot be used with --seeds", "omit one of them")


def _one(scenario: Scenario, path: str, given: dict[str, Any]) -> None:
    from genie.cli.terminal.simulation import render_difference, render_evidence  # noqa: PLC0415 - start-up, as above
    from genie.simulation.comparison import difference, saved  # noqa: PLC0415 - as above
    from genie.simulation.replay import simulate_twice  # noqa: PLC0415 - as above
    from genie.simulation.report import as_json, minimal_failure_as_json  # noqa: PLC0415 - as above
    from genie.simulation.runner import simulate  # noqa: PLC0415 - as above
    from genie.simulation.simulation import Subset  # noqa: PLC0415 - as above

    part = Subset(given["runs"], given["trouble"])
    most = len(scenario.section.trouble)
    if part.trouble and max(part.trouble) >= most:
        text = f"names entry {max(part.trouble)}, but the scenario has {most} entries of trouble"
        raise InputError("--trouble", text, "entries are numbered from 0")
    before = None if given["compare"] is None else saved(Path(given["compare"]))
    with _page(scenario, given["html"], given["journal"]) as page, _journal(given["journal"]) as journal:
        with progress("simulating"):
            run = simulate if given["once"] else simulate_twice
            evidence = run(scenario, given["seed"], part=part, journal=journal)
        if not evidence.runs and part.arrivals:
            raise InputError("--runs", f"names no run of seed {evidence.seed}", "runs are numbered from 1")
        smallest, replay = None, ""
        if evidence.violations and not given["no_shrink"]:
            smallest, replay = _smallest(scenario, path, evidence.seed, evidence, len(evidence.runs), part)
        if page is not None:
            page(evidence, smallest, replay, part)
    found = as_json(scenario, evidence)
    found["smallest"] = None if smallest is None else minimal_failure_as_json(smallest, replay)
    changed = None if before is None else difference(before, found)
    if given["as_json"]:
        click.echo(to_text(found if changed is None else {**found, "difference": changed}))
    else:
        show(render_evidence(scenario, evidence, smallest, replay))
        if changed is not None:
            show(render_difference(changed))
    raise SystemExit(BROKEN if evidence.violations else 0)


def _many(scenario: Scenario, path: str, seeds: list[int], given: dict[str, Any]) -> None:
    from genie.cli.terminal.simulation import render_explored  # noqa: PLC0415 - start-up, as above
    from genie.simulation.replay import simulate_twice  # noqa: PLC0415 - as above
    from genie.simulation.report import search_as_json  # noqa: PLC0415 - as above
    from genie.simulation.seed_search import search, summarise  # noqa: PLC0415 - as above

    with progress(f"0/{len(seeds)} seeds") as tell:
        first = [] if given["once"] else [summarise(simulate_twice(scenario, seeds[0]))]
        rest = seeds[len(first) :]
        tried = first + search(scenario, rest, told=lambda done, _: tell(f"{len(first) + done}/{len(seeds)} seeds"))
    broken = next((one for one in tried if one.broken), None)
    smallest, replay = None, ""
    if broken is not None:
        if not given["no_shrink"]:
            smallest, replay = _smallest(scenario, path, broken.seed, broken, broken.runs)
        replay = replay or _command(path, broken.seed)
    if given["as_json"]:
        click.echo(to_text(search_as_json(scenario, tried, smallest, replay)))
    else:
        show(render_explored(scenario, tried, smallest, replay))
    raise SystemExit(BROKEN if broken is not None else 0)


def _smallest(
    scenario: Scenario, path: str, seed: int, failed: Any, runs: int, part: Subset | None = None
) -> tuple[MinimalFailure | None, str]:
    from genie.simulation.shrinking import shrink  # noqa: PLC0415 - start-up, as above

    if part is not None and part != (None, None):
        return None, ""  # a replay of a smallest scenario
    names = {one.invariant for one in failed.violations if one.text != failed.difference}
    if not names:
        return None, ""  # one process alone does not show it
    with progress("shrinking") as tell:
        smallest = shrink(
            scenario, seed, names, failed=failed.violations, runs=runs,
            told=lambda tries, runs, trouble: tell(f"shrinking: {tries} tries, {runs} runs, {trouble} trouble"),
        )  # fmt: skip
    return smallest, "" if smallest is None else _command(path, seed, smallest.part)


def _command(path: str, seed: int, part: Subset | None = None) -> str:
    """Return the command that replays a failure."""
    words = ["genie", "simulate", path, "--seed", str(seed)]
    if part is not None and part.arrivals is not None:
        words += ["--runs", _ranges(sorted(part.arrivals)), "--trouble", _ranges(sorted(part.trouble or ())) or "none"]
    return shlex.join(words)


def _ranges(numbers: list[int]) -> str:
    """Return numbers in order as ``3,7..9``."""
    words: list[str] = []
    start = 0
    for place, number in enumerate(numbers):
        if place + 1 == len(numbers) or numbers[place + 1] != number + 1:
            first = numbers[start]
            words.append(str(first) if first == number else f"{first}..{number}")
            start = place + 1
    return ",".join(words)


@contextlib.contextmanager
def _journal(path: str | None) -> Iterator[IO[str] | None]:
    if path is None:
        yield None
        return
    with whole_file(Path(path)) as file:
        yield file


@contextlib.contextmanager
def _page(
    scenario: Scenario, path: str | None, journal: str | None
) -> Iterator[Callable[[Record, MinimalFailure | None, str, Subset], None] | None]:
    if path is None:
        yield None
        return
    from genie.cli.options.html import page_file  # noqa: PLC0415 - only for those who want a page

    with page_file(path, other=journal) as page:

        def write(evidence: Record, smallest: MinimalFailure | None, replay: str, part: Subset) -> None:
            from genie.simulation.page import failed_run, simulation_page  # noqa: PLC0415 - as above

            failed = failed_run(scenario, evidence, smallest, part)
            page.file.write(simulation_page(scenario, evidence, smallest, replay, failed))

        yield write
