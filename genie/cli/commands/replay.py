"""`genie replay`: repeat a run from a log, and compare every payload."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from genie.cli.errors import guarded
from genie.cli.help import USUAL, manual
from genie.cli.options import completion as suggestions
from genie.cli.options.identity import identity_options
from genie.cli.options.log import JSON
from genie.cli.options.past import eyes_of, past_of
from genie.cli.terminal.drawing import counted, plain
from genie.cli.terminal.json_text import to_text
from genie.cli.terminal.layout import Column, Grid
from genie.cli.terminal.progress import progress
from genie.cli.terminal.screen import show
from genie.contracts.problems import cause_of
from genie.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from genie.cli.terminal.layout import Part
    from genie.contracts.agent import Agent
    from genie.replay.replay import Replayed
    from genie.replay.sides import Side, Sides

DIFFERS = 1
"""Exit code where something is not the same."""
MOST_LISTED = 20


class Replacement(click.ParamType[tuple[str, str, str]]):
    """``ID=module:Class``, another implementation of an agent."""

    name = "id=module:class"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str, str]:
        """Return the id, the module and the name in it."""
        if isinstance(value, tuple):
            return value
        agent, _, place = str(value).partition("=")
        module, _, name = place.partition(":")
        if not (agent and name.isidentifier() and all(part.isidentifier() for part in module.split("."))):
            self.fail(f"{value!r} is not ID=module:Class", param, ctx)
        return agent, module, name


@click.command(
    epilog=manual(
        ("Check that a run gives the same result", "genie replay 9f3c01aa-1 --pipeline orders.yaml"),
        ("Show what other policies would have decided",
         "genie replay 9f3c01aa-1 --pipeline orders.yaml --policy stricter.yaml"),
        ("Try another implementation of one agent",
         "genie replay 9f3c01aa-1 --pipeline orders.yaml --agent price=shop.prices:NewPrice"),
        exits={
            **USUAL, 0: "every payload, verdict and outcome is the same", 1: "there is a difference",
            4: "the run cannot be replayed; the output has a reason code",
        },
        notes="A replay has no outside effects: messages of agents with ports, models and tools are read from the log.",
    )
)  # fmt: skip
@click.argument("run")
@click.option("--pipeline", required=True, metavar="FILE", shell_complete=suggestions.pipelines,
              help="Pipeline of the run; its agents run again, and its policies mask the output.")  # fmt: skip
@click.option("--log", metavar="LOG", shell_complete=suggestions.files,
              help="Log of the run: a SQLite file, or a postgresql: address; the pipeline's by default.")  # fmt: skip
@click.option("--keys", metavar="RING", help="Key ring of an encrypted --log: a file, or env:NAME.")
@click.option("--to", metavar="MESSAGE", help="Stop after this message.")
@click.option("--policy", metavar="FILE", shell_complete=suggestions.files,
              help="Use these policies, and show which verdicts change.")  # fmt: skip
@click.option("--agent", "agents", type=Replacement(), multiple=True, metavar="ID=MODULE:CLASS",
              help="Run another implementation of an agent; repeatable. The module is imported from here.")  # fmt: skip
@JSON
@identity_options
@guarded
def command(run: str, *, pipeline: str, as_json: bool, **given: Any) -> None:
    """Repeat RUN from a log, with its times, ids, randomness and effects, and compare every payload."""
    from genie.config.loader import load  # noqa: PLC0415 - start-up: after the words are parsed
    from genie.replay.replay import Parts, replay  # noqa: PLC0415 - as above
    from genie.replay.sides import sides  # noqa: PLC0415 - as above

    loaded = load(pipeline)
    reader = eyes_of(loaded, given)
    past = past_of(loaded, run, given["log"], given["keys"])
    policies = None
    if given["policy"] is not None:
        from genie.policy_tools.sources import sourced  # noqa: PLC0415 - as above

        policies = sourced(given["policy"], pipeline).policies
    agents = {name: _implementation(module, kind) for name, module, kind in given["agents"]}
    parts = Parts(loaded.bindings, loaded.policies, loaded.joins, loaded.limits, loaded.chatter)
    with progress("replaying"):
        found = replay(past, parts, to=given["to"], policies=policies, agents=agents)
    first = found.findings.first
    both = None if first is None else sides(past, first, reader)
    if as_json:
        click.echo(to_text(_as_json(found, both)))
    else:
        _shown(found, both)
    raise SystemExit(0 if found.same else DIFFERS)


def _implementation(module: str, name: str) -> Agent:
    """Return an agent from a module, made without arguments where it is a class.

    Raises:
        InputError: There is none.
    """
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    place = f"--agent {module}:{name}"
    try:
        found: Any = getattr(importlib.import_module(module), name)
        made: Any = found() if isinstance(found, type) else found
    except Exception as error:  # noqa: BLE001 - importing and making it runs the author's code
        raise InputError(place, f"cannot be loaded ({cause_of(error)})") from None
    if not hasattr(made, "card"):
        raise InputError(place, "is not an agent", "name a function with @agent, or a class of agents")
    agent: Agent = made
    return agent


def _as_json(found: Replayed, both: Sides | None) -> dict[str, Any]:
    findings, first = found.findings, found.findings.first
    return {
        "run": found.run_id, "same": found.same, "to": found.to, "messages": findings.messages,
        "recorded_s": found.recorded_s, "ran": dict(found.ran), "read": dict(found.read),
        "counts": dict(sorted(findings.counts.items())),
        "first": None if first is None or both is None else {
            "at": first.at, "code": first.code, "message": first.message, "topic": first.topic, "agent": first.agent,
            "path": both.path, "before": None if both.before is None else both.before._asdict(),
            "after": None if both.after is None else both.after._asdict(),
        },
        "verdicts": [one._asdict() for one in findings.changes],
        "notes": [{"code": code, "text": text} for code, text in found.notes],
    }  # fmt: skip


def _shown(found: Replayed, both: Sides | None) -> None:
    findings, first = found.findings, found.findings.first
    ran, read = sum(found.ran.values()), sum(found.read.values())
    outside = f"; {counted(read, 'handling')} of {', '.join(sorted(found.read))} from the record" if read else ""
    until = f" up to {found.to}" if found.to else ""
    compared = f"{counted(findings.messages, 'message')}, {counted(ran, 'handling')} again{outside}"
    click.echo(plain(f"run {found.run_id}{until}: {compared}"))
    counts = ", ".join(f"{count:,} {code}" for code, count in sorted(findings.counts.items()))
    click.echo("the same: every payload, verdict and outcome" if found.same else f"different: {counts}")
    if first is not None and both is not None:
        where = f" at {both.path}" if both.path else ""
        what = f"{first.code} of {first.topic}, {first.agent} ({first.message}){where}"
        click.echo(plain(f"first after {first.at * 1000:,.1f} ms: {what}"))
        for name, side in (("recorded", both.before), ("replayed", both.after)):
            click.echo(plain(f"  {name}: {_side(side)}"))
    if findings.changes:
        show(_changes(found))
    for code, text in found.notes:
        click.echo(plain(f"{code}: {text}"), err=True)


def _side(side: Side | None) -> str:
    if side is None:
        return "nothing"
    return f"{side.shown}  sha256 {side.sha256[:16]}" if side.sha256 else side.shown


def _changes(found: Replayed) -> Iterator[Part]:
    changes = found.findings.changes
    grid = Grid((Column("message"), Column("topic"), Column("recipient"), Column("verdict"), Column("now")))
    for one in _first(changes):
        grid.add(one.message, one.topic, one.agent, one.before, one.after)
    yield grid


def _first(changes: Iterable[Any]) -> list[Any]:
    return list(changes)[:MOST_LISTED]
