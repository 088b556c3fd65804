"""The command. Only click is imported here; each subcommand's module is loaded when it is called."""

from __future__ import annotations

import atexit
import contextlib
import errno
import gc
import importlib
import io
import os
import sys
from typing import Any, NoReturn

import click

from genie import __version__
from genie.cli.help import manual

_COMMANDS = {
    "agents": "List the agents that are installed.",
    "approvals": "List, show, approve and deny what waits for people.",
    "ask": "Ask one question of whoever answers its topic.",
    "audit": "Verify, search and export an audit trail; make its keys.",
    "bench": "Measure the bus beside bare asyncio.",
    "check": "Check a pipeline without starting it.",
    "completion": "Print the script that completes words in a shell.",
    "doctor": "Say whether this installation can run.",
    "graph": "Draw a pipeline as a Mermaid graph.",
    "inspect": "Show what detectors see in a file, and the verdicts.",
    "kill": "Stop an agent, a tenant, or everything.",
    "new": "Write the skeleton of something new.",
    "pause": "Deliver nothing to an agent.",
    "policy": "Explain, test and compare policies.",
    "resume": "Deliver to an agent again.",
    "revive": "Lift a kill.",
    "run": "Run a pipeline and report.",
    "simulate": "Try a pipeline out in virtual time.",
    "serve-schedule": "Ask a pipeline's question by the clock.",
    "status": "Say what runs, is switched off, and waits.",
}

_UNWRITABLE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})
"""What writing to a full disk, or to a terminal that has gone, raises."""


class LazyGroup(click.Group):
    """A group that imports the module of a subcommand only when that subcommand is called."""

    def main(self, args: Any = None, *rest: Any, **more: Any) -> Any:
        """Run the command; without ``args`` this is the process itself, which then starts and ends without delay."""
        if args is not None:
            return super().main(args, *rest, **more)
        _hasten()
        try:
            return super().main(args, *rest, **more)
        except OSError as error:
            if error.filename is not None or error.errno not in _UNWRITABLE:
                raise
            _give_up(error)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the subcommand; an interrupt while it is being loaded is one line, too."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("interrupted", err=True)
            raise SystemExit(130) from None

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click passes it
        """Return the names of the subcommands."""
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click passes it
        """Return the subcommand of that name, importing its module."""
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"genie.cli.commands.{cmd_name.replace('-', '_')}").command
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[click.shell_completion.CompletionItem]:
        """Return the subcommands that a word may become, without importing any of them, and the options."""
        from click.shell_completion import CompletionItem  # noqa: PLC0415 - only for whoever completes

        found = [CompletionItem(name, help=about) for name, about in sorted(_COMMANDS.items())]
        options = click.Command.shell_complete(self, ctx, incomplete)
        return [one for one in found if one.value.startswith(incomplete)] + options

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - as above
        """Write the list of subcommands without importing any of them."""
        with formatter.section("Commands"):
            formatter.write_dl(sorted(_COMMANDS.items()))


def _hasten() -> None:
    """Let the collector of cycles start late, and spare it what is still there when the process ends.

    Nearly all that is loaded lives as long as the process: looking through it again and again is a sixth of a short
    run's time. Streams that cannot write a character replace it; those that the caller has closed lead nowhere.
    """
    gc.set_threshold(200_000, 20, 100)
    atexit.register(gc.freeze)
    if None in (sys.stdin, sys.stdout, sys.stderr):
        _lead_nowhere()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _lead_nowhere() -> None:
    """Open what the caller has closed (``>&-``), or the first file to be opened would take its place."""
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        if getattr(sys, name) is None:
            nowhere = os.open(os.devnull, os.O_RDWR)
            if nowhere != number:
                os.dup2(nowhere, number)
                os.close(nowhere)
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115 - for good


def _give_up(error: OSError) -> NoReturn:
    """Say that standard output takes no more, and end: 2, as for any file that cannot be written."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what is still buffered goes there, or the end would complain anew
    with contextlib.suppress(OSError):  # stderr may be the same full disk
        click.echo(f"standard output: cannot be written ({error.strerror})", err=True)
    raise SystemExit(2)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]}, epilog=manual(
    ("Look at a pipeline, then run it", "genie check config/pipelines/insights.yaml"),
    ("Run it, for a script", "genie run config/pipelines/insights.yaml --json"),
    ("Is everything here?", "genie doctor"),
    notes="`genie COMMAND --help` has examples and exit codes of each command.",
))  # fmt: skip
@click.version_option(__version__, package_name="genie-bus", prog_name="genie", message="%(prog)s %(version)s")
def main() -> None:
    """Run dozens of agents over a bus on which every message is judged before it is delivered."""
