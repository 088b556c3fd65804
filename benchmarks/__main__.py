"""`make bench`: measure everything, show it beside its limits, write it down; exit 1 when a limit is missed."""

from __future__ import annotations

import datetime
import sys
from pathlib import Path

import click

from benchmarks.figures import Figure
from benchmarks.results import append, here, is_new
from benchmarks.suite import BARE_US, CANONICAL, QUICK, Effort, measured
from genie import __version__
from genie.cli.terminal.layout import Column, Grid, Text
from genie.cli.terminal.screen import show
from genie.errors import GenieError

RESULTS = Path(__file__).with_name("results.csv")


@click.command()
@click.option("--results", type=click.Path(path_type=Path), metavar="FILE", help="Append to this CSV file instead.")
@click.option(
    "--quick",
    is_flag=True,
    help="Check in seconds that everything can be measured; results are only recorded with --results.",
)
def main(*, results: Path | None, quick: bool) -> None:
    """Measure the bus beside bare asyncio, and its memory, start-up and installation.

    Ends with 0 when every limit is kept, 1 when one is missed, 2 when something could not be measured.
    """
    results = results or (None if quick else RESULTS)
    try:
        if results is not None:
            is_new(results)  # before a minute of measuring
        figures = list(measured(QUICK if quick else Effort(), lambda text: click.echo(text, err=True)))
        if results is not None:
            append(results, here(datetime.datetime.now(datetime.UTC), __version__), figures)
    except (GenieError, OSError, ValueError) as error:  # ValueError: the file of results holds something else
        click.echo(error, err=True)
        sys.exit(2)
    show([table(figures)])
    missed = [figure.name for figure in figures if figure.missed]
    if missed:
        click.echo(f"missed: {'; '.join(missed)}", err=True)
        if told := pace(figures):
            click.echo(told, err=True)
        sys.exit(1)


def pace(figures: list[Figure]) -> str:
    """Return how fast this machine is beside the one that absolute limits are for; empty when nothing tells."""
    bare = next((one.baseline for one in figures if one.name == CANONICAL and one.baseline), None)
    if bare is None:
        return ""
    return (
        f"bare asyncio took {bare:.0f} us for the canonical round trip, {bare / BARE_US:.1f} times what it takes where "
        "the absolute limits come from; ratios bear that, times do not"
    )


def table(figures: list[Figure]) -> Grid:
    """Return the figures beside their limits, for people."""
    right = (Column(name, right=True) for name in ("value", "bare", "ratio", "limit"))
    drawn = Grid((Column("figure"), *right, Column("kept")))
    for one in figures:
        mark = Text("") if one.limit is None else Text("NO", "red") if one.missed else Text("yes", "green")
        drawn.add(
            one.name, f"{shown(one.value)} {one.unit}".rstrip(), shown(one.baseline),
            "" if one.ratio is None else f"{one.ratio:.2f}", str(one.limit or ""), mark,
        )  # fmt: skip
    return drawn


def shown(value: float | None) -> str:
    """Return a number with as many digits as mean something."""
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 1000 or value == int(value) else f"{value:,.1f}"


if __name__ == "__main__":
    main()
