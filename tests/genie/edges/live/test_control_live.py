"""A runtime at its control file, in real time: votes of several processes, and a file that is busy."""

from __future__ import annotations

import os
import sqlite3
import sys
import threading
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import anyio.to_thread
import pytest

from genie.approvals.request import State
from genie.contracts.card import Caller
from genie.contracts.ports.control import ControlReport
from genie.edges.control.database import Ledger
from genie.edges.control.sqlite import ControlFile, ControlSettings
from genie.errors import InputError
from genie.policy.policy import Hold, PolicySet
from genie.runtime.runtime import Runtime
from tests.genie.policies_for_tests import Answer, Question, answerer, verdict_for

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).parents[4]
VOTER = """
import sys
from pathlib import Path
from genie.edges.control.database import Ledger
ledger = Ledger(Path(sys.argv[1]), create=False)
[asked] = ledger.requests(float(sys.argv[3]))
for _ in range(20):
    ledger.vote(asked, by=sys.argv[2], roles=(), approve=True, reason="fine", edit=None, at=1.0)
"""


def asking(quorum: int) -> PolicySet:
    return PolicySet((verdict_for("answerer", Question, Hold("ask", quorum=quorum)),))


def control_at(path: Path) -> ControlFile:
    return ControlFile(ControlSettings(path=path, interval_s=0.05))


async def test_two_processes_that_vote_at_once_count_once_each(tmp_path: Path) -> None:
    path = tmp_path / "control.db"
    with anyio.fail_after(60):
        async with Runtime([answerer], policies=asking(3), control=control_at(path)) as runtime:
            run = runtime.start(Question(), Answer, caller=Caller(user="ann"))
            while not (path.exists() and (seen := Ledger(path, create=False)).requests(0.0)):
                await anyio.lowlevel.checkpoint()
            seen.close()
            now = str(runtime.bus.clock.wall().timestamp())
            environment = {**os.environ, "PYTHONPATH": str(ROOT)}
            async with anyio.create_task_group() as tasks:
                for name in ("ben", "carla"):
                    command = [sys.executable, "-c", VOTER, str(path), name, now]
                    tasks.start_soon(lambda command=command: anyio.run_process(command, env=environment))
            ledger = Ledger(path, create=False)
            while any(ledger.answer(number) is None for number in range(1, 41)):
                await anyio.lowlevel.checkpoint()
            answers = [ledger.answer(number) for number in range(1, 41)]
            ledger.close()
            assert sum(counted for counted, _ in filter(None, answers)) == 2
            [request] = runtime.approvals.requests()
            assert sorted(vote.by for vote in request.votes) == ["ben", "carla"]
            assert request.state is State.PENDING
            runtime.approvals.approve(request.id, by="dan", reason="fine")
            await run.result()


async def test_a_busy_file_blocks_nobody(tmp_path: Path) -> None:
    path = tmp_path / "control.db"
    with anyio.fail_after(60):
        async with Runtime([answerer], policies=asking(1), control=control_at(path)) as runtime:
            run = runtime.start(Question(), Answer, caller=Caller(user="ann"))
            other = sqlite3.connect(path, isolation_level=None)
            other.execute("BEGIN EXCLUSIVE")
            runtime.operations.kill(tenant="acme")  # something to write, so that the steward waits for the file
            await run.settled()
            runtime.approvals.approve(runtime.approvals.requests()[0].id, by="ben", reason="fine")
            await run.result()
            other.execute("ROLLBACK")
            other.close()
    ledger = Ledger(path, create=False)
    assert [one.state for one in ledger.requests(0.0)] == ["approved"]
    assert [act.name for act in ledger.switches(0.0)] == ["acme"]
    ledger.close()


async def test_closing_waits_for_the_exchange_that_is_under_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection that was closed in one thread while another committed ended the process with a fault of memory."""
    order: list[str] = []
    begun, go = threading.Event(), threading.Event()
    exchange, close = Ledger.exchange, Ledger.close

    def slowly(self: Ledger, *args: Any, **kwargs: Any) -> Any:
        begun.set()
        assert go.wait(30)
        order.append("exchanged")
        return exchange(self, *args, **kwargs)

    def closed(self: Ledger) -> None:
        order.append("closed")
        close(self)

    monkeypatch.setattr(Ledger, "exchange", slowly)
    monkeypatch.setattr(Ledger, "close", closed)
    control = control_at(tmp_path / "control.db")
    report = ControlReport(1.0, {}, {}, (), {})
    await control.open("p", report)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(control.exchange, report)
        await anyio.to_thread.run_sync(begun.wait)
        tasks.start_soon(control.close, report)
        await anyio.wait_all_tasks_blocked()
        go.set()
    assert order == ["exchanged", "closed"]
    with pytest.raises(InputError, match="is closed"):
        await control.exchange(report)
