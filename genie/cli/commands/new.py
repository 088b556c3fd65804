"""`genie new`: create an agent or a project from templates; both pass their own tests at once."""

from __future__ import annotations

import keyword
import re
import shlex
from pathlib import Path
from typing import Any

import click

from genie import __version__
from genie.cli.errors import guarded
from genie.cli.help import USUAL, Subcommands, manual
from genie.cli.terminal.drawing import plain
from genie.contracts.card import Risk

_NAME = re.compile(r"[a-z][a-z0-9_]*\Z")


class Name(click.ParamType[str]):
    """A lower-case Python name."""

    name = "name"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name."""
        text = str(value)
        if not _NAME.match(text) or keyword.iskeyword(text):
            self.fail(f"{text!r} is not a valid name: use lower-case letters, digits and '_'", param, ctx)
        return text


@click.group(cls=Subcommands, epilog=manual(
    ("Create a package of your own, outside this repository", "genie new project ledger"),
    ("Create an agent in this repository", "genie new agent insights rain_gauge --risk low"),
))  # fmt: skip
def command() -> None:
    """Create an agent or a project from templates."""


@command.command(epilog=manual(
    ("Create a package named ledger, in a folder of that name", "genie new project ledger"),
    exits={**USUAL, 0: "created"},
))  # fmt: skip
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@guarded
def project(folder: Path) -> None:
    """Create a project in DIR: package, agent, payloads, pipeline, policies, tests and CI.

    The project lives outside this repository. Genie finds its agents by entry point after `pip install`. The name of
    DIR becomes the name of the package. DIR must be new or empty; it is created completely or not at all.
    """
    from genie.cli.scaffold.project import checkout, make_project  # noqa: PLC0415 - start-up: after the words are parsed

    for path in make_project(folder, version=__version__):
        click.echo(plain(f"wrote {path}"))
    source = checkout()
    first = "" if source is None else f"pip install {shlex.quote(f'{source}[governance]')} && "
    made = "python3 -m venv .venv && . .venv/bin/activate"
    tried = "pip install -e '.[test]' && genie run pipeline.yaml && pytest"
    steps = f"cd {shlex.quote(str(folder))} && {made} && {first}{tried}"
    click.echo(plain(f"next: {steps}"))


@command.command(
    epilog=manual(("Create an agent of the insights family", "genie new agent insights rain_gauge --risk low"))
)
@click.argument("family", type=Name())
@click.argument("name", type=Name())
@click.option("--risk", required=True, type=click.Choice([one.value for one in Risk]),
              help="Harm that a wrong answer can do.")  # fmt: skip
@guarded
def agent(family: str, name: str, risk: str) -> None:
    """Create the agent NAME of FAMILY: module, payloads, index line and a test that passes.

    The agent is a sketch: staging and production refuse it until its card names another tier. Run the command in the
    root of the repository. Existing files are never overwritten.
    """
    from genie.cli.scaffold.agent import plan  # noqa: PLC0415 - as above

    written = plan(Path(), family, name, risk)
    for path in written:
        click.echo(f"wrote {path}")
    test = next(path for path in written if path.parts[0] == "tests")
    click.echo(f"next: python -m pytest {test} (`make test` installs pytest)")
