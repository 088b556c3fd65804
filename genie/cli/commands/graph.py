"""`genie graph`: a pipeline as a Mermaid graph."""

from __future__ import annotations

import click

from genie.cli.errors import guarded
from genie.cli.help import manual
from genie.cli.options import completion as suggestions
from genie.config.environment import hidden
from genie.config.loader import load
from genie.graph.mermaid import mermaid


@click.command(epilog=manual(
    ("Print a graph that Markdown viewers draw", "genie graph config/pipelines/insights.yaml"),
))  # fmt: skip
@click.argument("pipeline", type=click.Path(), shell_complete=suggestions.pipelines)
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", shell_complete=suggestions.settings,
              help="Override a value of the pipeline.")  # fmt: skip
@guarded
def command(pipeline: str, overrides: tuple[str, ...]) -> None:
    """Draw PIPELINE as a Mermaid graph on standard output."""
    loaded = load(pipeline, overrides=overrides)
    click.echo(hidden(mermaid(loaded.graph, loaded.title)))
