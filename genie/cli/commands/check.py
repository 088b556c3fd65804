"""`genie check`: report all errors of a pipeline without starting it."""

from __future__ import annotations

import click

from genie.cli.errors import guarded
from genie.cli.help import USUAL, manual
from genie.cli.options import completion as suggestions
from genie.cli.terminal.drawing import counted, plain
from genie.config.loader import load
from genie.contracts.message import topic_of


@click.command(epilog=manual(
    ("Check a pipeline before you commit it", "genie check config/pipelines/insights.yaml"),
    ("Check it for production", "genie check config/pipelines/insights.yaml --set environment=production"),
    exits={**USUAL, 0: "it can run; warnings are on stderr", 2: "it cannot run, or wrong usage"},
))  # fmt: skip
@click.argument("pipeline", type=click.Path(), shell_complete=suggestions.pipelines)
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", shell_complete=suggestions.settings,
              help="Override a value of the pipeline.")  # fmt: skip
@guarded
def command(pipeline: str, overrides: tuple[str, ...]) -> None:
    """Check PIPELINE without starting it.

    Each problem is one line: file:line: problem; did you mean ...
    """
    loaded = load(pipeline, overrides=overrides)
    for warning in loaded.warnings:
        click.echo(plain(f"warning: {warning}"), err=True)
    parts = counted(len(loaded.bindings), "agent")
    if loaded.joins:
        parts += f", {counted(len(loaded.joins), 'join')}"
    way = f"{topic_of(loaded.entry).name} -> {topic_of(loaded.answer).name}"
    click.echo(
        f"{loaded.id}: {parts}, {counted(len(loaded.policies.policies), 'policy', 'policies')}, {way}: it can run"
    )
