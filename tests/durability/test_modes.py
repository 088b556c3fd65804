"""The guarantee of each mode of durability, kept by a process that is killed."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import pytest

from genie import Runtime, agent
from genie.journal.memory import MemoryLog
from genie.journal.sqlite import SqliteLog
from tests.durability.modes import Asked, Chatter, Noted, Said
from tests.durability.test_kill import records_in

if TYPE_CHECKING:
    from genie.contracts.ports.journal import DurabilityMode

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).parents[2]


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """Return a backend in real time: threads do not wait for a virtual clock."""
    return str(request.param)


def killed(path: Path, mode: str, lines: int) -> dict[str, set[int]]:
    """Run a process until it has said so many lines, kill it, and return what it had said."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.durability.modes", str(path), mode], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    said = [process.stdout.readline() for _ in range(lines)]
    process.kill()
    rest, _ = process.communicate()
    found: dict[str, set[int]] = {"handling": set(), "answered": set(), "published": set()}
    for line in "".join((*said, rest)).splitlines(keepends=True):
        if line.endswith("\n"):
            word, number = line.split()
            found[word].add(int(number))
    return found


def kept(path: Path, topic: str) -> set[int]:
    messages = [one for one in records_in(path) if one["kind"] == "message" and one["topic"] == topic]
    return {json.loads(one["payload"])["number"] for one in messages}


@pytest.mark.parametrize("lines", [7, 40, 90])
def test_batched_what_was_answered_is_in_the_log(tmp_path: Path, lines: int) -> None:
    said = killed(tmp_path / "log", "batched", lines)
    assert said["answered"]
    assert said["answered"] <= kept(tmp_path / "log", "modes.asked@1")
    assert said["answered"] <= kept(tmp_path / "log", "modes.said@1")


@pytest.mark.parametrize("lines", [7, 40, 90])
def test_every_message_is_in_the_log_before_a_handler_sees_it(tmp_path: Path, lines: int) -> None:
    said = killed(tmp_path / "log", "every_message", lines)
    there = kept(tmp_path / "log", "modes.asked@1") | kept(tmp_path / "log", "modes.noted@1")
    assert said["handling"] <= there
    assert said["published"] <= there
    assert said["answered"] <= kept(tmp_path / "log", "modes.said@1")


@pytest.mark.parametrize("mode", ["batched", "every_message"])
async def test_while_the_disk_stalls_only_every_message_keeps_handlers_waiting(
    tmp_path: Path, mode: DurabilityMode
) -> None:
    handled = anyio.Event()

    @agent("noter")
    async def noter(_noted: Noted) -> None:
        handled.set()

    async with Runtime([noter], log=SqliteLog(tmp_path / "log"), durability=mode) as runtime:
        other = sqlite3.connect(tmp_path / "log", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(runtime.publish, Noted(number=1))
            await anyio.wait_all_tasks_blocked()
            assert handled.is_set() == (mode == "batched")
            other.execute("COMMIT")
            await handled.wait()
        other.close()
    assert kept(tmp_path / "log", "modes.noted@1") == {1}


async def test_none_keeps_nothing() -> None:
    log = MemoryLog()

    @agent("noter")
    async def noter(_noted: Noted) -> None:
        """Nothing."""

    async with Runtime([noter], log=log, durability="none") as runtime:
        await runtime.publish(Noted(number=1))
    assert len(log) == 0


async def test_chatter_is_not_kept_and_runs_resume_without_it() -> None:
    log = MemoryLog()
    heard: list[int] = []

    @agent("answerer", publishes=(Chatter,))
    async def answerer(asked: Asked) -> tuple[Said, Chatter]:
        return Said(number=asked.number), Chatter(number=asked.number)

    @agent("listener")
    async def listener(chatter: Chatter) -> None:
        heard.append(chatter.number)

    def runtime() -> Runtime:
        return Runtime([answerer, listener], log=log, chatter=(Chatter,))

    async with runtime() as first:
        run = first.start(Asked(number=1), Said).id
    async with runtime() as second:
        assert (await second.run(run).result()).number == 1  # type: ignore[attr-defined]  # a Said
        await second.ask(Asked(number=2), Said)
        await second.drain(5)
    assert {1, 2} <= set(heard)
    assert not [one for one in log if one.get("topic") == "modes.chatter@1"]
    assert not [one for one in log if "listener" in str(one.get("delivery"))]
