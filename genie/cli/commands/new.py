"""`genie new`: skeletons that pass their own tests at once."""

from __future__ import annotations

import contextlib
import keyword
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from genie import __version__
from genie.cli.errors import guarded
from genie.cli.files import whole_file
from genie.cli.help import USUAL, manual
from genie.cli.terminal.drawing import plain
from genie.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAME = re.compile(r"[a-z][a-z0-9_]*\Z")
_INDEX = Path("agents/genie_finance/index.py")
_PROJECT = Path("pyproject.toml")
_ENTRY = re.compile(r'^( +)"([^"\n]+)": "agents\.[\w.]+:\w+",\n', re.MULTILINE)
_FAMILIES = re.compile(r'^layers = \["index", "([\w |]+)", .*\]$', re.MULTILINE)

_FAMILY = '"""The {family} family."""\n'

_CONTRACT = '''"""What is asked of `{name}`, and what it answers."""

from __future__ import annotations

from genie.contracts.message import Payload


class {title}Request(Payload, topic="{family}.{name}_request", classification="internal"):
    """A question for `{name}`."""

    text: str


class {title}Result(Payload, topic="{family}.{name}_result", classification="internal"):
    """What `{name}` answers."""

    text: str
'''

_AGENT = '''"""The {name} agent."""

from __future__ import annotations

from genie_finance.contracts.{name} import {title}Request, {title}Result
from genie.contracts.agent import agent


@agent("{name}", capabilities=("{family}.{name}",))
async def {name}(request: {title}Request) -> {title}Result:
    """Answer with the text that was asked."""
    return {title}Result(text=request.text)
'''

_TEST = '''"""The {name} agent: on its own, and over the bus."""

from __future__ import annotations

import pytest

{imports}
from genie import Runtime


def test_{name}_is_found_by_name() -> None:
    assert AGENTS["{name}"] == "agents.{family}.{name}:{name}"


@pytest.mark.anyio
async def test_{name}_answers_over_the_bus() -> None:
    async with Runtime([{name}]) as runtime:
        reply = await runtime.ask({title}Request(text="hello"), {title}Result)
    assert reply == {title}Result(text="hello")
'''


class Name(click.ParamType[str]):
    """A lower-case Python name."""

    name = "name"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name."""
        text = str(value)
        if not _NAME.match(text) or keyword.iskeyword(text):
            self.fail(f"{text!r} is no name: lower-case letters, digits and '_', and no word of Python's", param, ctx)
        return text


@click.group(epilog=manual(
    ("A package of your own, outside this repository", "genie new project ledger"),
    ("An agent in this repository", "genie new agent insights rain_gauge"),
))  # fmt: skip
def command() -> None:
    """Write the skeleton of something new."""


@command.command(epilog=manual(
    ("A package called ledger, in a folder of that name", "genie new project ledger"),
    exits={**USUAL, 0: "written, whole"},
))  # fmt: skip
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@guarded
def project(folder: Path) -> None:
    """Write a project of your own into DIR: package, agent, payloads, pipeline, policies, tests and CI.

    It stands outside this repository: install it with pip, and Genie finds its agents by entry point. The name of DIR
    names the package, so it must be new and empty, and its name free. DIR appears whole or not at all.
    """
    from genie.cli.scaffold.project import make_project  # noqa: PLC0415 - only for whoever starts a project

    for path in make_project(folder, version=__version__):
        click.echo(plain(f"wrote {path}"))
    click.echo(
        plain(f"next: cd {shlex.quote(str(folder))} && pip install -e '.[test]' && genie run pipeline.yaml && pytest")
    )


@command.command(epilog=manual(("An agent of the insights family", "genie new agent insights rain_gauge")))
@click.argument("family", type=Name())
@click.argument("name", type=Name())
@guarded
def agent(family: str, name: str) -> None:
    """Write the agent NAME of FAMILY: module, payloads, index line and a test, all of which pass at once.

    Run it in the root of the repository. Nothing that exists is overwritten.
    """
    for path in plan(Path(), family, name):
        click.echo(f"wrote {path}")


def plan(root: Path, family: str, name: str) -> list[Path]:
    """Write an agent's files below ``root`` and return their paths; where one fails, nothing is left changed.

    Raises:
        InputError: ``root`` is not the repository's, a file is there already, the index cannot be extended, or a file
            cannot be written.
    """
    title = "".join(word.capitalize() for word in name.split("_"))
    imports = sorted((  # a family may come before the contracts or behind the index
        f"from genie_finance.contracts.{name} import {title}Request, {title}Result",
        f"from agents.{family}.{name} import {name}",
        "from genie_finance.index import AGENTS",
    ))  # fmt: skip
    words = {"family": family, "name": name, "title": title, "imports": "\n".join(imports)}
    new = {
        Path("agents") / family / f"{name}.py": _AGENT,
        Path("agents/genie_finance/contracts") / f"{name}.py": _CONTRACT,
        Path("tests/agents") / family / f"test_{name}.py": _TEST,
    }
    if family in {"contracts", "domain", "rules", "index"}:
        raise InputError(f"family {family!r}", "is a place of its own in agents/", "choose another name")
    if not (root / _INDEX).is_file():
        raise InputError(str(_INDEX), "is not here", "run this in the root of the repository")
    taken = [path for path in new if (root / path).exists()]
    taken += [path.relative_to(root) for path in (root / "tests").rglob(f"test_{name}.py")]
    if taken:
        raise InputError(str(taken[0]), "is there already", "choose another name")
    texts = {path: template.format(**words) for path, template in new.items()}
    texts[_INDEX] = _indexed((root / _INDEX).read_text(encoding="utf-8"), family, name)
    if not (root / "agents" / family).is_dir():
        texts[Path("agents") / family / "__init__.py"] = _FAMILY.format(**words)
        if (root / _PROJECT).is_file():
            texts[_PROJECT] = _kept_apart((root / _PROJECT).read_text(encoding="utf-8"), family)
    _write_all(root, texts)
    return list(texts)


def _write_all(root: Path, texts: Mapping[Path, str]) -> None:
    with contextlib.ExitStack() as undo:
        for path, text in texts.items():
            place = root / path
            for folder in reversed([one for one in place.parents if not one.exists()]):
                try:
                    folder.mkdir()
                except OSError as error:
                    raise InputError(str(folder), f"cannot be made ({error.strerror})") from None
                undo.callback(_without, folder)
            undo.callback(_as_before, place, place.read_bytes() if place.exists() else None)
            with whole_file(place) as file:
                file.write(text)
        undo.pop_all()


def _without(folder: Path) -> None:
    with contextlib.suppress(OSError):
        folder.rmdir()


def _as_before(place: Path, content: bytes | None) -> None:
    with contextlib.suppress(OSError):
        if content is None:
            place.unlink(missing_ok=True)
        elif place.read_bytes() != content:
            place.write_bytes(content)


def _indexed(text: str, family: str, name: str) -> str:
    entries = list(_ENTRY.finditer(text))
    if not entries:
        raise InputError(str(_INDEX), "holds no table of agents that could be extended", "add the line by hand")
    if any(entry[2] == name for entry in entries):
        raise InputError(f"agent {name!r}", f"is in {_INDEX} already", "choose another name")
    at = next((entry.start() for entry in entries if entry[2] > name), entries[-1].end())
    return f'{text[:at]}{entries[-1][1]}"{name}": "agents.{family}.{name}:{name}",\n{text[at:]}'


def _kept_apart(text: str, family: str) -> str:
    """Return the project file with a new family among those that may not import each other."""
    found = _FAMILIES.search(text)
    if found is None:
        raise InputError(str(_PROJECT), "has no contract that keeps families apart", "add the family by hand")
    return f"{text[: found.end(1)]} | {family}{text[found.end(1) :]}"
