"""`genie graph`: a pipeline as a Mermaid graph."""

from __future__ import annotations

import click

from genie.cli.ending import guarded
from genie.config import load
from genie.diagram import mermaid


@click.command()
@click.argument("pipeline", type=click.Path())
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Override a value of the pipeline.")
@guarded
def command(pipeline: str, overrides: tuple[str, ...]) -> None:
    """Draw PIPELINE as a Mermaid graph on standard output."""
    loaded = load(pipeline, overrides=overrides)
    click.echo(mermaid(loaded.graph, loaded.title))
