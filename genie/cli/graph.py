"""`genie graph`: a pipeline as a Mermaid graph."""

from __future__ import annotations

import click

from genie.cli import suggestions
from genie.cli.ending import guarded
from genie.cli.manual import manual
from genie.config import load
from genie.diagram import mermaid


@click.command(epilog=manual(
    ("Markdown on many sites shows it as a picture", "genie graph config/pipelines/insights.yaml"),
))  # fmt: skip
@click.argument("pipeline", type=click.Path(), shell_complete=suggestions.pipelines)
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", shell_complete=suggestions.settings,
              help="Override a value of the pipeline.")  # fmt: skip
@guarded
def command(pipeline: str, overrides: tuple[str, ...]) -> None:
    """Draw PIPELINE as a Mermaid graph on standard output."""
    loaded = load(pipeline, overrides=overrides)
    click.echo(mermaid(loaded.graph, loaded.title))
