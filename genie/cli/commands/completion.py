"""`genie completion`: print the script that lets a shell complete words."""

from __future__ import annotations

import click
from click.shell_completion import ShellComplete, get_completion_class

from genie.cli.errors import guarded
from genie.cli.help import manual

VARIABLE = "_GENIE_COMPLETE"
"""Environment variable through which the script calls the command; click derives it from the name `genie`."""
_SHELLS = ("bash", "fish", "zsh")


@click.command(epilog=manual(
    ("For this shell: eval \"$(genie completion bash)\"", "genie completion bash"),
    ("For all shells: put that line into ~/.zshrc, after compinit", "genie completion zsh"),
    ("For fish: write it to ~/.config/fish/completions/genie.fish", "genie completion fish"),
))  # fmt: skip
@click.argument("shell", type=click.Choice(_SHELLS))
@guarded
def command(shell: str) -> None:
    """Print the completion script of SHELL.

    It completes commands, options and their choices, pipeline files, agents, topics and keys of --set.
    """
    kind = get_completion_class(shell)
    root = click.get_current_context().find_root().command
    if kind is None:
        raise click.UsageError(f"click does not support the shell {shell!r}")
    # Not the `source` of the class: for bash it calls bash, which may not be installed.
    click.echo(ShellComplete.source(kind(root, {}, "genie", VARIABLE)))
