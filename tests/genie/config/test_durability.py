"""`durability:` and `log:` of a pipeline: what they give, and what is said where they cannot be used."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest

from genie.config.loader import load, parse
from genie.config.plugins import Plugins
from genie.contracts.agent import agent
from genie.contracts.message import Payload
from genie.errors import ConfigError
from genie.journal.sqlite import SqliteDatabase
from genie.journal.upkeep import exported
from genie.runtime.runtime import Runtime


class Ask(Payload, topic="desk.ask"):
    text: str = ""


class Step(Payload, topic="desk.step"):
    text: str = ""


class Reply(Payload, topic="desk.reply"):
    text: str = ""


@agent(id="writer", publishes=(Step,))
async def writer(ask: Ask) -> Reply:
    """Write."""
    return Reply(text=ask.text)


@agent(id="watcher")
async def watcher(step: Step) -> None:
    """Watch."""


PLUGINS = Plugins(agents={"writer": writer, "watcher": watcher})
FILE = """
version: 1
id: desk
agents: [writer, watcher]
policies: []
input: desk.ask
output: desk.reply
{more}
"""


def problems(more: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as refused:
        parse(FILE.format(more=more), plugins=PLUGINS)
    return refused.value.problems


def test_a_pipeline_without_it_keeps_nothing() -> None:
    found = parse(FILE.format(more=""), plugins=PLUGINS)
    assert (found.durability, found.log, found.chatter) == ("none", None, frozenset())


@pytest.mark.parametrize(
    ("more", "line", "word"),
    [
        ("durability: batched", 8, "needs `log:`"),
        ("log: state.log", 8, "no effect"),
        ("durability: sometimes\nlog: state.log", 8, "durability"),
        ("durability: batched\nlog: {path: state.log, chatter: [desk.none]}", 9, "desk.none"),
        ("durability: batched\nlog: {path: state.log, chatter: [desk.ask]}", 9, "no run can be resumed"),
        ("durability: batched\nlog: {path: state.log, chatter: [desk.reply]}", 9, "no run can be resumed"),
        ("durability: batched\nlog: {}", 9, "path"),
    ],
)
def test_what_cannot_be_used_is_named_with_its_line(more: str, line: int, word: str) -> None:
    found = problems(more)
    assert any(f":{line}: " in one and word in one for one in found), found


async def _round(path: Path) -> str:
    pipeline = load(path, plugins=PLUGINS)
    assert pipeline.chatter == {Step}
    async with Runtime.from_pipeline(pipeline) as runtime:
        return (await runtime.ask(Ask(text="x"), Reply)).text


@pytest.mark.parametrize("mode", ["batched", "every_message"])
def test_a_runtime_of_the_pipeline_writes_its_log_beside_the_file(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "desk.yaml"
    more = f"durability: {mode}\nlog: {{path: state.log, chatter: [desk.step], retention: {{days: 30}}}}"
    path.write_text(FILE.format(more=more))
    assert anyio.run(_round, path) == "x"
    assert anyio.run(_round, path) == "x"

    database = SqliteDatabase(tmp_path / "state.log")
    database.connect(create=False)
    found = {one["topic"] for one in exported(database, None) if one["kind"] == "message"}
    database.close()
    assert found == {"desk.ask@1", "desk.reply@1"}
