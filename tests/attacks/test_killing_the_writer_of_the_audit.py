"""Attack: the process is killed with -9, so that what it wrote last can be forged: at most five seconds of it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import anyio
import pytest

from genie import Caller
from genie.contracts.ports.audit import AuditRecord
from genie.edges.audit.trail import AuditSettings, AuditTrail
from genie.edges.audit.verify import Verified, verify
from genie.edges.identity.keys import generate, public_keys
from tests.genie.policies_for_tests import Answer, Question, answerer, denying, running

pytestmark = pytest.mark.anyio
ANN = Caller(user="ann")


def killed(folder: Path) -> Verified:
    """Return what a verification says of the trail as a kill at this moment would leave it."""
    copy = folder / "killed"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(folder / "trail", copy)
    return verify([copy], keys=public_keys([folder / "key.pub"]), unfinished=True)


def trail(folder: Path, **settings: Any) -> AuditTrail:
    generate(folder / "key")
    return AuditTrail(AuditSettings(path=folder / "trail", key=folder / "key", **settings))


async def test_at_most_five_seconds_are_unsigned_and_verify_says_how_much(tmp_path: Path) -> None:
    async with running(answerer, policies=denying("answerer", Question), audit=trail(tmp_path)) as runtime:
        for second in range(1, 31):
            await runtime.publish(Question(number=second), caller=ANN)
            found = killed(tmp_path)
            assert found.intact, found.breaks
            assert found.signed == found.heads
            assert found.unsigned_tail <= 7  # one record a second, and the one that opens the trail
            assert found.unsigned_s <= 5
            await anyio.sleep(1)
        await anyio.sleep(5)
        assert killed(tmp_path).unsigned_tail == 0
        heads = killed(tmp_path).heads
        await anyio.sleep(3600)
        assert killed(tmp_path).heads == heads  # nothing happened, so nothing is signed again
    assert verify([tmp_path / "trail"], keys=public_keys([tmp_path / "key.pub"])).intact
    assert len(list((tmp_path / "trail").glob("*.jsonl"))) == 1  # heads inside a segment start no file


async def test_an_act_of_a_person_is_signed_at_once(tmp_path: Path) -> None:
    async with running(answerer, audit=trail(tmp_path)) as runtime:
        acts = (
            lambda: runtime.operations.pause("answerer", by="eve", reason="odd"),
            lambda: runtime.operations.resume("answerer", by="eve", reason="fine"),
            lambda: runtime.operations.kill(tenant="acme", by="eve", reason="leak"),
            lambda: runtime.operations.revive(tenant="acme", by="eve", reason="mended"),
        )
        for number, act in enumerate(acts, 1):
            act()
            found = killed(tmp_path)
            assert (found.intact, found.unsigned_tail, found.heads) == (True, 0, number)
        assert (await runtime.ask(Question(), Answer)).number == 0


async def test_a_forged_tail_is_named_as_unsigned(tmp_path: Path) -> None:
    """What somebody without the key writes behind the last head is intact as a chain, and counted as unsigned."""
    async with running(answerer, audit=trail(tmp_path)) as runtime:
        runtime.operations.pause("answerer", by="eve", reason="odd")
        copy = tmp_path / "copy"
        shutil.copytree(tmp_path / "trail", copy)
    (copy / "lock").unlink()
    with AuditTrail(AuditSettings(path=copy)) as forged:
        forged.record(AuditRecord(1.0, "approved", "hold-1", "ben", "fine", None, None, {}))
        found = verify([copy], keys=public_keys([tmp_path / "key.pub"]), unfinished=True)
        assert found.unsigned_tail == 2
    closed = verify([copy], keys=public_keys([tmp_path / "key.pub"]), unfinished=True)
    assert not closed.intact
    assert any("not signed" in one.problem for one in closed.breaks)
