"""The command. Only click is imported here; each subcommand's module is loaded when it is called."""

from __future__ import annotations

import importlib

import click

from genie import __version__

_COMMANDS = {
    "agents": "List the agents that are installed.",
    "ask": "Ask one question of whoever answers its topic.",
    "bench": "Measure the bus beside bare asyncio.",
    "check": "Check a pipeline without starting it.",
    "graph": "Draw a pipeline as a Mermaid graph.",
    "new": "Write the skeleton of something new.",
    "policy": "Explain, test and compare policies.",
    "run": "Run a pipeline and report.",
    "serve-schedule": "Ask a pipeline's question by the clock.",
}


class LazyGroup(click.Group):
    """A group that imports the module of a subcommand only when that subcommand is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click passes it
        """Return the names of the subcommands."""
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click passes it
        """Return the subcommand of that name, importing its module."""
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"genie.cli.{cmd_name.replace('-', '_')}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - as above
        """Write the list of subcommands without importing any of them."""
        with formatter.section("Commands"):
            formatter.write_dl(sorted(_COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, package_name="genie-bus", prog_name="genie", message="%(prog)s %(version)s")
def main() -> None:
    """Run dozens of agents over a bus on which every message is judged before it is delivered."""
