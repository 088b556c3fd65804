"""`genie check`: everything that is wrong with a pipeline, without starting it."""

from __future__ import annotations

import click

from genie.cli.drawing import plain
from genie.cli.ending import guarded
from genie.config import load
from genie.message import topic_of


@click.command()
@click.argument("pipeline", type=click.Path())
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Override a value of the pipeline.")
@guarded
def command(pipeline: str, overrides: tuple[str, ...]) -> None:
    """Check PIPELINE without starting it.

    Problems are written as file:line and end with exit code 2; warnings do not.
    """
    loaded = load(pipeline, overrides=overrides)
    for warning in loaded.warnings:
        click.echo(plain(f"warning: {warning}"), err=True)
    parts = f"{len(loaded.bindings)} agents"
    if loaded.joins:
        parts += f", {len(loaded.joins)} joins"
    way = f"{topic_of(loaded.entry).name} -> {topic_of(loaded.answer).name}"
    click.echo(f"{loaded.id}: {parts}, {len(loaded.policies.policies)} policies, {way}: it can run")
