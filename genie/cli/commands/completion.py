"""`genie completion`: the script by which a shell completes commands, options, files, agents and topics."""

from __future__ import annotations

import click
from click.shell_completion import ShellComplete, get_completion_class

from genie.cli.errors import guarded
from genie.cli.help import manual

VARIABLE = "_GENIE_COMPLETE"
"""Environment variable by which the script asks the command; click derives the same from the command's name."""
_SHELLS = ("bash", "fish", "zsh")


@click.command(epilog=manual(
    ("Once, in this shell: eval \"$(genie completion bash)\"", "genie completion bash"),
    ("For good: put that line into ~/.zshrc, after compinit", "genie completion zsh"),
    ("Fish keeps it in ~/.config/fish/completions/genie.fish", "genie completion fish"),
))  # fmt: skip
@click.argument("shell", type=click.Choice(_SHELLS))
@guarded
def command(shell: str) -> None:
    """Print the script that makes SHELL complete this command.

    Commands, options and their choices are completed, and pipeline files, agents, topics and keys of --set.
    """
    kind = get_completion_class(shell)
    root = click.get_current_context().find_root().command
    if kind is None:
        raise click.UsageError(f"click knows no shell {shell!r}")
    # Not the class's own `source`: for bash that asks bash for its version, which need not be installed here.
    click.echo(ShellComplete.source(kind(root, {}, "genie", VARIABLE)))
