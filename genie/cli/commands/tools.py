"""`genie tools`: list the tools of a pipeline's loops, pin them in a lock file, and check for changes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from genie.cli.errors import guarded
from genie.cli.files import whole_file
from genie.cli.help import Subcommands, manual
from genie.cli.terminal.drawing import counted, plain
from genie.cli.terminal.json_text import to_text
from genie.errors import InputError

if TYPE_CHECKING:
    from genie.edges.tools.lock import Change
    from genie.edges.tools.tool import Tool

CHANGED = 1
"""Exit code where a tool differs from its lock file."""


class _Loop(NamedTuple):
    name: str
    tools: tuple[Tool, ...]
    lock: Path | None


@click.group(cls=Subcommands, epilog=manual(
    ("List the tools of a pipeline", "genie tools list finance_assistant"),
    ("Pin them after a person has checked them", "genie tools lock desk.yaml"),
    ("Show changes since then", "genie tools check desk.yaml"),
    notes="A loop names its lock file with the key `lock`. A tool that differs from it is denied.",
))  # fmt: skip
def command() -> None:
    """List, check and pin the tools of a pipeline's loops."""


@command.command("list", epilog=manual(("List the tools of a pipeline", "genie tools list finance_assistant")))
@click.argument("pipeline")
@click.option("--json", "as_json", is_flag=True, help="Print the tools with their schemas as a JSON list.")
@guarded
def list_tools(pipeline: str, *, as_json: bool) -> None:
    """List the tools of a pipeline's loops, as models see them."""
    loops = _loops(pipeline)
    if as_json:
        shown = [
            {"loop": loop.name, "agent": tool.agent, "effect": str(tool.effect), "trusted": tool.trusted,
             **tool.spec.model_dump(mode="json")}
            for loop in loops for tool in loop.tools
        ]  # fmt: skip
        click.echo(to_text(shown))
        return
    from genie.cli.terminal.layout import Column, Grid  # noqa: PLC0415 - only where a table is drawn
    from genie.cli.terminal.screen import show  # noqa: PLC0415 - as above

    titles = (Column(title, whole=True) for title in ("loop", "tool", "effect", "hash"))
    table = Grid((*titles, Column("what the model is told")))
    for loop in loops:
        for tool in loop.tools:
            table.add(loop.name, tool.name, str(tool.effect), tool.spec.hash[:12], tool.spec.description)
    show([table])


@command.command(epilog=manual(
    ("Show the changes", "genie tools check desk.yaml"),
    notes="Exit code 1: a tool differs from its lock file.",
))  # fmt: skip
@click.argument("pipeline")
@guarded
def check(pipeline: str) -> None:
    """Compare the tools of a pipeline's loops with their lock files."""
    from genie.edges.tools.lock import Lock  # noqa: PLC0415 - start-up: after the words are parsed

    found = 0
    loops = _loops(pipeline)
    for loop in loops:
        if loop.lock is None:
            click.echo(f"loop {loop.name}: no lock file, so its tools are not checked")
    for path, tools in _by_lock(loops).items():
        changes = Lock.read(path).changes(tools)
        found += len(changes)
        click.echo(f"{plain(str(path))}: {counted(len(tools), 'tool')}, {counted(len(changes), 'change')}")
        for change in changes:
            _show(change)
    if found:
        raise SystemExit(CHANGED)


@command.command(epilog=manual(("Pin the tools of a pipeline", "genie tools lock desk.yaml")))
@click.argument("pipeline")
@guarded
def lock(pipeline: str) -> None:
    """Write the lock files of a pipeline's loops from the present tools."""
    from genie.edges.tools.lock import Lock  # noqa: PLC0415 - as above

    files = _by_lock(_loops(pipeline))
    if not files:
        raise InputError(pipeline, "has no loop with a lock file", "add the key `lock` to a loop")
    for path, tools in files.items():
        new = Lock.of(tools)
        if path.exists():
            for change in Lock.read(path).changes(tools):
                _show(change)
        with whole_file(path) as file:
            file.write(new.text())
        click.echo(f"{plain(str(path))}: {counted(len(tools), 'tool')} pinned")


def _by_lock(loops: list[_Loop]) -> dict[Path, list[Tool]]:
    """Return the tools of each lock file; one that several loops use under the same name stands there once."""
    files: dict[Path, dict[str, Tool]] = {}
    for loop in loops:
        if loop.lock is not None:
            files.setdefault(loop.lock, {}).update({tool.name: tool for tool in loop.tools})
    return {path: list(tools.values()) for path, tools in files.items()}


def _show(change: Change) -> None:
    click.echo(plain(str(change)))
    for line in change.diff:
        click.echo("  " + plain(line))


def _loops(pipeline: str) -> list[_Loop]:
    """Return the loops of a pipeline that have tools, with their lock files, whatever these say.

    Raises:
        ConfigError: The file cannot be run.
        InputError: It has no such loop.
    """
    from genie.config.examples import located  # noqa: PLC0415 - start-up: after the words are parsed
    from genie.config.loader import load  # noqa: PLC0415 - as above
    from genie.config.yaml import load_file  # noqa: PLC0415 - as above
    from genie.loops.react import React  # noqa: PLC0415 - as above

    path = located(Path(pipeline))
    found = load(path, locks=False)
    value = load_file(path, environ=os.environ).value
    sections = value.get("loops", {}) if isinstance(value, dict) else {}
    made = []
    for binding in found.bindings:
        if isinstance(binding.agent, React) and binding.agent.toolbox.tools:
            name = binding.card.id
            section = sections.get(name, {})
            given = section.get("lock") if isinstance(section, dict) else None
            made.append(_Loop(name, binding.agent.toolbox.tools, None if given is None else path.parent / str(given)))
    if not made:
        raise InputError(pipeline, "has no loop with tools", "add one under `loops`")
    return made
