"""`genie pipelines` and `genie scenarios`: list the shipped files with one line each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import yaml

from genie.cli.errors import guarded
from genie.cli.help import manual
from genie.cli.terminal.json_text import to_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@click.command(epilog=manual(
    ("List them", "genie pipelines"),
    ("Run one by its name", "genie run insights"),
))  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
@guarded
def pipelines(*, as_json: bool) -> None:
    """List the shipped pipelines; `genie run NAME` runs one on its sample input."""
    from genie.config.examples import shipped  # noqa: PLC0415 - start-up: after the words are parsed

    show_shipped(shipped(), as_json=as_json)


@click.command(epilog=manual(
    ("List them", "genie scenarios"),
    ("Simulate one by its name", "genie simulate quiet-month --once"),
))  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
@guarded
def scenarios(*, as_json: bool) -> None:
    """List the shipped scenarios; `genie simulate NAME` simulates one."""
    from genie.simulation.scenario import shipped  # noqa: PLC0415 - as above

    show_shipped(shipped(), as_json=as_json)


def show_shipped(files: Mapping[str, Path], *, as_json: bool) -> None:
    """Print a table of shipped files: names and titles."""
    from genie.cli.terminal.layout import Column, Grid  # noqa: PLC0415 - only where a table is drawn
    from genie.cli.terminal.screen import show  # noqa: PLC0415 - as above

    titles = {name: _title(path) for name, path in sorted(files.items())}
    if as_json:
        click.echo(
            to_text([{"name": name, "title": title, "path": str(files[name])} for name, title in titles.items()])
        )
        return
    table = Grid((Column("name", whole=True), Column("what it does")))
    for name, title in titles.items():
        table.add(name, title)
    show([table])


def _title(path: Path) -> str:
    """Return the title of a shipped file, which is the library's own; the file is not loaded further."""
    for event in (document := iter(yaml.parse(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader))):
        if isinstance(event, yaml.ScalarEvent) and event.value == "title":
            value = next(document)
            return value.value if isinstance(value, yaml.ScalarEvent) else ""
    return ""
