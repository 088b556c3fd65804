"""Count the instructions of the canonical round trip, ours and bare asyncio's, under valgrind.

Each side runs at two lengths; the difference of the counts over the difference of the lengths is the cost of one round
trip, so start-up drops out. The runs are forks of one process, so start-up is paid once. Counts do not depend on how
busy the machine is. ``benchmarks/round_trips.py`` is that process, and states how the cycle collector is set.
"""

from __future__ import annotations

import functools
import platform
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import click
from pydantic import BaseModel, ConfigDict, TypeAdapter

from benchmarks.cachegrind import WAYS, Counts, counted_forks, installed, per_unit, run
from genie.benchmark.sanity import BenchmarkError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ROOT = Path(__file__).parents[1]
STORED = Path(__file__).with_suffix(".json")
TOLERANCE = 0.02
"""Share by which the ratio of instructions may differ from the stored one, in either direction."""
CHECKED = 3
"""Fan-out of ``--check``."""


Side = Literal["ours", "all"]
MOST_UNDER_ALL = 3.0
"""Instructions of a round trip under all policies over those of bare asyncio."""


class Lengths(NamedTuple):
    """Round trips of the two runs of one side."""

    short: int
    long: int


LENGTHS = {3: Lengths(100, 900), 60: Lengths(20, 120)}
"""By fan-out. Shorter runs would show one-time costs, longer ones would make ``--check`` slower."""


class Row(BaseModel):
    """The cost of one round trip at one fan-out, on both sides."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ours: Counts
    bare: Counts

    @property
    def ratio(self) -> float:
        """Our instructions over those of bare asyncio."""
        return self.ours.instructions / self.bare.instructions


class Stored(BaseModel):
    """Counts with one minor version of Python."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    build: str
    """The interpreter, because another compiler gives other counts."""
    fanouts: dict[int, Row]


class Outcome(StrEnum):
    """Comparison of a ratio with the stored one."""

    KEPT = "kept"
    WORSE = "worse"
    BETTER = "better"
    UNKNOWN = "unknown"


_FILE = TypeAdapter(dict[str, Stored])


def measured(
    fanout: int, progress: Callable[[str], None], *, simulated: bool, side: Side = "ours", ways: int = WAYS
) -> Row:
    """Count both sides at both lengths of a fan-out and return the costs of one round trip.

    A first run without valgrind compiles the modules, which would cost as much as what is counted.
    """
    lengths = LENGTHS[fanout]
    run(_command(side, fanout, 1), folder=ROOT)
    progress(f"fan-out {fanout}: {side} and bare, {' and '.join(map(str, lengths))} round trips")
    found = counted_forks(_command(side, fanout, *lengths), folder=ROOT, simulated=simulated, ways=ways)
    ours, bare = (
        per_unit(*(found[f"{one} {length}"] for length in lengths), units=lengths.long - lengths.short)
        for one in (side, "bare")
    )
    return Row(ours=ours, bare=bare)


def _command(side: Side, fanout: int, *lengths: int) -> list[str]:
    return [sys.executable, "-m", "benchmarks.round_trips", side, str(fanout), *map(str, lengths)]


def compared(row: Row, stored: Row | None) -> Outcome:
    """Compare the ratio of instructions with the stored one."""
    if stored is None:
        return Outcome.UNKNOWN
    change = row.ratio / stored.ratio - 1
    if abs(change) <= TOLERANCE:
        return Outcome.KEPT
    return Outcome.WORSE if change > 0 else Outcome.BETTER


def told(fanout: int, row: Row, stored: Row | None) -> str:
    """Return the outcome of a check as one line, with what to do next."""
    outcome = compared(row, stored)
    if stored is None:
        return f"fan-out {fanout}: {outcome}: no figure is stored for Python {_minor()}; run again with --store"
    line = f"fan-out {fanout}: {outcome}: ratio {row.ratio:.3f}, stored {stored.ratio:.3f}"
    if outcome is Outcome.BETTER:
        return f"{line}; run again with --store and commit {STORED.name}"
    return f"{line}, tolerance {TOLERANCE:.0%}"


def load(path: Path) -> dict[str, Stored]:
    """Return the stored counts by minor version of Python; empty if the file does not exist.

    Raises:
        ValueError: The file holds something else.
    """
    return _FILE.validate_json(path.read_bytes()) if path.exists() else {}


def store(path: Path, rows: Mapping[int, Row]) -> None:
    """Write the rows beside those of other fan-outs and other versions of Python.

    Raises:
        ValueError: The file holds something else.
    """
    kept = load(path)
    before = kept[_minor()].fanouts if _minor() in kept else {}
    kept[_minor()] = Stored(build=_build(), fanouts={**before, **rows})
    path.write_bytes(_FILE.dump_json(kept, indent=2) + b"\n")


def _minor() -> str:
    return ".".join(platform.python_version_tuple()[:2])


def _build() -> str:
    return f"{platform.python_version()}, {platform.python_compiler()}, {platform.machine()}"


def table(rows: Mapping[int, Row]) -> str:
    """Return the rows as text, one line a measure."""
    lines = [f"{'a round trip':36}{'ours':>12}{'bare':>12}{'ratio':>8}"]
    for fanout, row in rows.items():
        for name, title in _TITLES.items():
            ours, bare = getattr(row.ours, name), getattr(row.bare, name)
            if ours is None or bare is None:
                continue
            ratio = f"{ours / bare:.3f}" if bare else "-"
            lines.append(f"{f'fan-out {fanout}, {title}':36}{ours:12,.0f}{bare:12,.0f}{ratio:>8}")
    return "\n".join(lines)


_TITLES = {"instructions": "instructions", "mispredicted": "mispredicted branches", "misses": "misses of 512 KB"}


@click.command()
@click.option("--check", is_flag=True, help=f"Compare fan-out {CHECKED} with the stored figure; exit 1 on a change.")
@click.option("--all", "every", is_flag=True, help="With --check: compare every fan-out.")
@click.option("--policies", is_flag=True, help=f"Under all policies; exit 1 above {MOST_UNDER_ALL} times bare.")
@click.option("--ways", type=click.Choice(["4", "8", "16", "32", "64"]), default=str(WAYS), help="Of the cache.")
@click.option("--store", "storing", is_flag=True, help=f"Write the figures to {STORED.name}.")
@click.option("--file", "path", type=click.Path(path_type=Path), default=STORED, hidden=True)
def main(*, check: bool, every: bool, policies: bool, storing: bool, ways: str, path: Path) -> None:
    """Count instructions, mispredicted branches and cache misses of the canonical round trip under valgrind.

    With --check, which compares instructions, those alone: no processor is simulated.

    Exit codes: 0, done or within the tolerance; 1, the ratio changed or is not stored; 2, nothing could be measured.
    Without valgrind the command says so and exits with 0, or with 2 under --store.
    """
    if check and storing:
        raise click.UsageError("use either --check or --store")
    if every and not check:
        raise click.UsageError("--all needs --check")
    if policies and (check or storing):
        raise click.UsageError("--policies is counted by itself: the stored counts are of eight policies")
    if ways != str(WAYS) and (check or storing or policies):
        raise click.UsageError(f"--ways is for the printed table: the stored counts are of {WAYS} ways")
    if not installed():
        click.echo("valgrind is not installed; instructions are not counted")
        sys.exit(2 if storing else 0)
    try:
        stored = load(path)
        fanouts = (CHECKED,) if check and not every else tuple(LENGTHS)
        side: Side = "all" if policies else "ours"
        tell = functools.partial(click.echo, err=True)
        alone = check or policies
        rows = {fanout: measured(fanout, tell, simulated=not alone, side=side, ways=int(ways)) for fanout in fanouts}
        if storing:
            store(path, rows)
    except (BenchmarkError, OSError, ValueError) as error:  # ValueError: the stored file holds something else
        click.echo(error, err=True)
        sys.exit(2)
    click.echo(table(rows))
    if not alone:
        click.echo(f"misses of {ways} ways; with few ways they depend on where the modules lie in memory, see --ways")
    if policies:
        sys.exit(any(row.ratio > MOST_UNDER_ALL for row in rows.values()))
    if check:
        sys.exit(checked(rows, stored))


def checked(rows: Mapping[int, Row], stored: Mapping[str, Stored]) -> int:
    """Print how each row compares with the stored counts; return the exit code."""
    here = stored.get(_minor())
    before = {fanout: here.fanouts.get(fanout) if here else None for fanout in rows}
    for fanout, row in rows.items():
        click.echo(told(fanout, row, before[fanout]))
    kept = all(compared(row, before[fanout]) is Outcome.KEPT for fanout, row in rows.items())
    if not kept and here and here.build != _build():
        click.echo(f"the stored figures are from another interpreter: {here.build}; this is {_build()}")
    return 0 if kept else 1


if __name__ == "__main__":
    main()
