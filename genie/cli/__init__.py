"""The command. Only click is imported here; the module of a subcommand is imported when the subcommand is called."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import click

from genie import __version__
from genie.cli.help import manual
from genie.cli.signals import INTERRUPTED
from genie.cli.start import process, quiet_pipe


class _Lazy(NamedTuple):
    """The module of a subcommand, and its line in the help."""

    about: str
    module: str
    name: str = "command"


_COMMANDS = {
    "agents": _Lazy("List the installed agents.", "agents"),
    "approvals": _Lazy("List, show, approve and deny pending approvals.", "approvals"),
    "ask": _Lazy("Ask one question on a topic and print the reply.", "ask"),
    "audit": _Lazy("Verify, search and export an audit trail; create its keys.", "audit"),
    "bench": _Lazy("Measure the bus against bare asyncio.", "bench"),
    "bom": _Lazy("List, sign and verify what a pipeline consists of.", "bom"),
    "check": _Lazy("Check a pipeline without starting it.", "check"),
    "completion": _Lazy("Print the completion script of a shell.", "completion"),
    "dlq": _Lazy("List, show, redrive and drop dead letters.", "dlq"),
    "doctor": _Lazy("Check this installation and this machine.", "doctor"),
    "effects": _Lazy("List and resolve outside effects whose result is unknown.", "effects"),
    "eval": _Lazy("Ask golden questions, and compare models and prompts.", "eval"),
    "graph": _Lazy("Draw a pipeline as a Mermaid graph.", "graph"),
    "inspect": _Lazy("Show what the detectors find in a file, and the verdicts.", "inspect"),
    "journal": _Lazy("Show, check and prune the log of a durable runtime.", "journal"),
    "keys": _Lazy("Create, list, rotate and revoke the API keys of a server.", "keys"),
    "kill": _Lazy("Stop an agent, a tenant, or everything.", "control", "kill"),
    "new": _Lazy("Create an agent or a project from templates.", "new"),
    "pipelines": _Lazy("List the shipped pipelines.", "shipped", "pipelines"),
    "scenarios": _Lazy("List the shipped scenarios.", "shipped", "scenarios"),
    "pause": _Lazy("Stop deliveries to an agent.", "control", "pause"),
    "policy": _Lazy("Explain, test and compare policies.", "policy"),
    "proxy": _Lazy("Serve models to clients in any language, within budgets.", "proxy"),
    "replay": _Lazy("Repeat a run from a log, and compare every payload.", "replay"),
    "resume": _Lazy("End the pause of an agent.", "control", "resume"),
    "revive": _Lazy("Lift a kill.", "control", "revive"),
    "run": _Lazy("Run a pipeline on one question and print the report.", "run"),
    "runs": _Lazy("List, show and cancel the runs of a journal or a log.", "runs"),
    "serve": _Lazy("Serve pipelines as an HTTP API and a web page.", "serve"),
    "serve-schedule": _Lazy("Run a pipeline on its schedule.", "serve_schedule"),
    "store": _Lazy("Prepare the database of a server, and shred its data.", "store"),
    "simulate": _Lazy("Simulate a pipeline in virtual time.", "simulate"),
    "spend": _Lazy("Show the spending of the proxy.", "proxy", "spend"),
    "tools": _Lazy("List, check and pin the tools of a pipeline's loops.", "tools"),
    "status": _Lazy("Show processes, switches and pending approvals.", "control", "status"),
}


_GROUPS = {
    "Build": ("new", "check", "graph", "agents", "inspect"),
    "Run": ("run", "ask", "runs", "pipelines", "serve", "serve-schedule", "proxy"),
    "Try": ("eval", "simulate", "scenarios", "replay", "bench"),
    "Govern": ("policy", "approvals", "audit", "bom", "keys", "tools"),
    "Operate": ("status", "pause", "resume", "kill", "revive", "dlq", "effects", "journal", "store", "spend"),
    "Install": ("doctor", "completion"),
}
"""The sections of the help; each command is in one."""


@contextlib.contextmanager
def _own_words() -> Iterator[None]:
    try:
        yield
    except click.exceptions.NoArgsIsHelpError:
        raise
    except click.UsageError as error:
        from genie.cli.usage import told  # noqa: PLC0415 - start-up: only for those who erred

        raise told(error) from None


class LazyGroup(click.Group):
    """A group that imports the module of a subcommand only when that subcommand is called."""

    def main(self, args: Any = None, *rest: Any, **more: Any) -> Any:
        """Run the command; without ``args`` the command is this process, which is prepared first."""
        if args is not None:
            return super().main(args, *rest, **more)
        with process():
            return super().main(args, *rest, **more)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the subcommand; in a program that calls ``main``, an interrupt of the import is one line."""
        try:
            with quiet_pipe(), _own_words():
                return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("interrupted", err=True)
            raise SystemExit(INTERRUPTED) from None

    def make_context(self, *args: Any, **more: Any) -> click.Context:
        """Parse the words; a help text whose reader has closed the pipe ends like other output."""
        with quiet_pipe(), _own_words():
            return super().make_context(*args, **more)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click passes it
        """Return the names of the subcommands."""
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click passes it
        """Return the subcommand of that name, importing its module."""
        if cmd_name not in _COMMANDS:
            return None
        lazy = _COMMANDS[cmd_name]
        command: click.Command = getattr(importlib.import_module(f"genie.cli.commands.{lazy.module}"), lazy.name)
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[click.shell_completion.CompletionItem]:
        """Return the subcommands and options that complete a word; no subcommand is imported."""
        from click.shell_completion import CompletionItem  # noqa: PLC0415 - start-up: only for completion

        found = [CompletionItem(name, help=lazy.about) for name, lazy in sorted(_COMMANDS.items())]
        options = click.Command.shell_complete(self, ctx, incomplete)
        return [one for one in found if one.value.startswith(incomplete)] + options

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - as above
        """Write the list of subcommands; none is imported."""
        widest = max(map(len, _COMMANDS))
        for title, names in _GROUPS.items():
            with formatter.section(title):
                formatter.write_dl([(f"{name:<{widest}}", _COMMANDS[name].about) for name in names])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]}, epilog=manual(
    ("List the shipped pipelines", "genie pipelines"),
    ("Check a pipeline before you run it", "genie check insights"),
    ("Run it in a script", "genie run insights --json"),
    ("Check the installation", "genie doctor"),
    notes="`genie COMMAND --help` shows examples and exit codes of each command.",
))  # fmt: skip
@click.version_option(__version__, package_name="genie-bus", prog_name="genie", message="%(prog)s %(version)s")
def main() -> None:
    """Run dozens of agents over a message bus that judges every message before it is delivered."""
