"""`genie bench`: measure the bus against bare asyncio, in the same run."""

from __future__ import annotations

import gc
from typing import Any, cast

import click

from genie import benchmark
from genie.cli.errors import guarded
from genie.cli.help import Subcommands, manual
from genie.cli.options import completion as suggestions
from genie.cli.terminal.json_text import to_text
from genie.cli.terminal.progress import progress

_COLUMNS = {
    "fanout": "agents", "requests": "requests", "p50_us": "p50 us", "p95_us": "p95 us", "p99_us": "p99 us",
    "per_delivery_us": "a delivery", "baseline_p50_us": "bare p50", "ratio": "ratio",
}  # fmt: skip
_MOST = 10_000
_ORDINARY = (700, 10, 10)
"""Python's default thresholds of the garbage collector."""


class Fanouts(click.ParamType[tuple[int, ...]]):
    """A list of whole numbers from 1, joined by commas."""

    name = "n,n,…"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        """Return the numbers."""
        if isinstance(value, tuple):
            return value
        words = [word.strip() for word in str(value).split(",")]
        if not all(word.isascii() and word.isdigit() and 1 <= int(word) <= _MOST for word in words):
            self.fail(f"{value!r} is not a list of numbers from 1 to {_MOST}, for example 3,10,60", param, ctx)
        return tuple(int(word) for word in words)


@click.group(
    cls=Subcommands, epilog=manual(("Take a quick measurement", "genie bench fanout --fanout 3 --requests 100"))
)
def command() -> None:
    """Measure the bus against bare asyncio, in the same process and the same run."""


@command.command(epilog=manual(
    ("Measure the round trip at one size", "genie bench fanout --fanout 3"),
    ("Measure a thousand agents too", "genie bench fanout --fanout 3,1000 --requests 5"),
    ("Print JSON for a script", "genie bench fanout --fanout 3,10 --requests 100 --json"),
    ("Write a page to share", "genie bench fanout --fanout 3 --requests 100 --html fanout.html"),
))  # fmt: skip
@click.option(
    "--fanout",
    "fanouts",
    type=Fanouts(),
    default="3,10,60,1000",
    show_default=True,
    help="Numbers of agents.",
)
@click.option(
    "--requests",
    metavar="N",
    type=click.IntRange(1, 1_000_000),
    help="Round trips at each size; by default, all sizes take about the same time.",
)
@click.option(
    "--html",
    metavar="FILE",
    shell_complete=suggestions.files,
    help="Write the figures as one page with charts; it needs no network.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
@guarded
def fanout(*, fanouts: tuple[int, ...], requests: int | None, html: str | None, as_json: bool) -> None:
    """Time the round trip of a question through an analyser and N agents, under eight policies.

    Times are microseconds. "ratio" is the median divided by the median of the same work in bare asyncio. Other load on
    the machine affects the figures.
    """
    gc.set_threshold(*_ORDINARY)  # as in a program that embeds the bus; the command starts with others
    rows = _measured(fanouts, requests) if html is None else _on_page(fanouts, requests, html)
    if as_json:
        click.echo(to_text(rows))
        return
    from genie.cli.terminal.layout import Column, Grid, Line  # noqa: PLC0415 - only where a table is drawn
    from genie.cli.terminal.screen import show  # noqa: PLC0415 - as above

    table = Grid(tuple(Column(title, right=True) for title in _COLUMNS.values()))
    for row in rows:
        table.add(*(_figure(row[name]) for name in _COLUMNS))
    show([table, Line.of(f"judged by {', '.join(cast('list[str]', rows[0]['policies']))}")])


def _measured(fanouts: tuple[int, ...], requests: int | None) -> list[dict[str, object]]:
    with progress("measuring") as tell:
        return benchmark.fanout(fanouts, requests=requests, progress=tell)


def _on_page(fanouts: tuple[int, ...], requests: int | None, path: str) -> list[dict[str, object]]:
    import os  # noqa: PLC0415 - start-up: only with --html
    import platform  # noqa: PLC0415 - as above
    import time  # noqa: PLC0415 - as above

    from genie.backend.clock import Clock  # noqa: PLC0415 - as above
    from genie.cli.options.html import page_file  # noqa: PLC0415 - as above
    from genie.reports.html.bench import bench_page  # noqa: PLC0415 - as above

    machine = f"{platform.python_implementation()} {platform.python_version()}, {os.cpu_count()} cores"
    at = Clock(time.perf_counter).wall()
    with page_file(path) as page:
        rows = _measured(fanouts, requests)
        page.file.write(bench_page(rows, at=at, machine=machine))
    return rows


def _figure(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.2f}" if value < 100 else f"{value:,.0f}"
    return f"{value:,}"
