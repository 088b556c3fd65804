"""Policies read anew: checked first, swapped whole between two messages, refused whole when anything is wrong."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import anyio
import pytest

from genie.config.loader import parse
from genie.config.pipeline import Pipeline
from genie.config.plugins import Plugins
from genie.contracts.agent import agent
from genie.contracts.message import Payload
from genie.contracts.ports.audit import AuditRecord
from genie.errors import ConfigError, InputError
from genie.journal.memory import MemoryJournal
from genie.policies.index import POLICIES
from genie.runtime.runtime import Runtime
from tests.genie.policies_for_tests import running

pytestmark = pytest.mark.anyio


class Pay(Payload, topic="reload.pay"):
    amount: int


class Paid(Payload, topic="reload.paid"):
    amount: int


@agent("payer", concurrency=4)
async def payer(pay: Pay) -> Paid:
    """Pay."""
    await anyio.lowlevel.checkpoint()
    return Paid(amount=pay.amount)


@agent("booker")
async def booker(paid: Paid) -> None:
    """Book."""


class Kept:
    """An audit that keeps its records, and lets a test wait for one."""

    def __init__(self) -> None:
        self.records: list[AuditRecord] = []
        self._seen: dict[str, anyio.Event] = {}

    def record(self, entry: AuditRecord) -> None:
        self.records.append(entry)
        self._seen.setdefault(entry.kind, anyio.Event()).set()

    async def seen(self, kind: str) -> AuditRecord:
        await self._seen.setdefault(kind, anyio.Event()).wait()
        return next(one for one in self.records if one.kind == kind)


def rules(limit: int, count: int = 100, *, wrong: str = "") -> str:
    lines = ["version: 1", "id: limits", "rules:"]
    for number in range(count):
        when = f"{{topic: reload.pay, payload.amount{wrong if number == count - 1 else ''}: {{gte: {limit + number}}}}}"
        lines.append(f"- {{name: r{number}, when: {when}, then: {{deny: limit_{limit}}}, because: above {limit}}}")
    return "\n".join(lines) + "\n"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "limits.yaml"
    path.write_text(rules(1000))
    return path


def loaded() -> Pipeline:
    text = (
        "version: 1\nid: pay\nagents: [payer, booker]\npolicies: limits.yaml\ninput: reload.pay\noutput: reload.paid\n"
    )
    catalogue = Plugins(agents={"payer": payer, "booker": booker}, policies=POLICIES)
    return parse(text, environ={}, plugins=catalogue)


def governed(pipeline: Pipeline, audit: Kept) -> Runtime:
    return Runtime(pipeline.bindings, policies=pipeline.policies, audit=audit, source=pipeline.policy_source)


async def test_a_reload_judges_by_the_new_rules_and_names_both_hashes(file: Path) -> None:
    audit, pipeline = Kept(), loaded()
    async with governed(pipeline, audit) as runtime:
        assert (await runtime.ask(Pay(amount=500), Paid)).amount == 500
        assert not await runtime.operations.reload()
        file.write_text(rules(100))
        assert await runtime.operations.reload(by="ann", reason="new limits")
        run = runtime.start(Pay(amount=500), Paid)
        await run.settled()
        assert run.messages().denied == 1
        after = runtime.bus.policies.sha256
    (record,) = [one for one in audit.records if one.kind == "reloaded"]
    assert (record.subject, record.by, record.reason) == (after, "ann", "new limits")
    assert record.detail == {"before": pipeline.policies.sha256}


@pytest.mark.parametrize("content", [rules(5, wrong="s"), "version: 1\n", "{", None])
async def test_a_wrong_file_is_refused_whole(file: Path, content: str | None, caplog: pytest.LogCaptureFixture) -> None:
    audit, pipeline = Kept(), loaded()
    async with governed(pipeline, audit) as runtime:
        file.unlink() if content is None else file.write_text(content)
        with pytest.raises(ConfigError):
            await runtime.operations.reload()
        assert runtime.bus.policies is pipeline.policies
        assert runtime.bus.epoch == 0
        assert (await runtime.ask(Pay(amount=500), Paid)).amount == 500
    (record,) = [one for one in audit.records if one.kind == "reload_refused"]
    assert record.subject == pipeline.policies.sha256
    assert "limits.yaml" in str(record.detail["problems"])
    assert "limits.yaml" in caplog.text
    if content == rules(5, wrong="s"):
        assert "limits.yaml:103: reload.pay has no field 'amounts'; did you mean 'amount'?" in caplog.text


async def test_a_runtime_without_a_file_says_so() -> None:
    async with running(payer) as runtime:
        with pytest.raises(InputError, match="replace_policies"):
            await runtime.operations.reload()
        runtime.operations.watch_policies()  # nothing to watch
        with pytest.raises(ValueError, match="every_s"):
            runtime.operations.watch_policies(every_s=0)


async def test_a_reload_in_the_middle_of_a_storm_loses_nothing_and_no_message_meets_half_a_set(file: Path) -> None:
    pipeline, journal = loaded(), MemoryJournal()
    sets, senders, each = {pipeline.policies.sha256}, 20, 50
    async with Runtime(
        pipeline.bindings, policies=pipeline.policies, journal=journal, source=pipeline.policy_source
    ) as runtime:

        async def storm(number: int) -> None:
            for turn in range(each):
                await runtime.publish(Pay(amount=50 + (number * each + turn) % 2000))

        async def reloads() -> None:
            for limit in (100, 1500, 60):
                file.write_text(rules(limit))
                assert await runtime.operations.reload()
                sets.add(runtime.bus.policies.sha256)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(reloads)
            for number in range(senders):
                tasks.start_soon(storm, number)
        await runtime.drain(10.0)
        totals = runtime.statistics().totals
        paid = runtime.statistics().agents["payer"]
    assert totals.balanced
    assert totals.in_flight == 0
    assert paid.accepted == senders * each
    assert paid.handled + paid.denied == senders * each
    assert len(sets) == 4
    judged: list[Any] = [one for one in journal if one.kind == "judged"]
    assert {one.detail["policy_set"] for one in judged} <= sets
    for one in judged:  # every reason of a decision speaks of the limit of one and the same file
        assert len({reason["code"] for reason in one.detail["reasons"]}) == 1


async def test_a_watched_file_is_reloaded_when_its_content_changes(file: Path) -> None:
    audit, pipeline = Kept(), loaded()

    async with governed(pipeline, audit) as runtime:
        runtime.operations.watch_policies(every_s=0.001)
        file.write_text(rules(100, wrong="s"))  # wrong first: the old set stays, and the watch goes on
        assert (await audit.seen("reload_refused")).by == "watch"
        assert runtime.bus.policies is pipeline.policies
        file.write_text(rules(100))
        assert (await audit.seen("reloaded")).detail == {"before": pipeline.policies.sha256}
        os.utime(file, ns=(1, 1))  # touched, and the same: nothing follows
        await runtime.ask(Pay(amount=50), Paid)
    assert [one.kind for one in audit.records if "reload" in one.kind].count("reloaded") == 1
