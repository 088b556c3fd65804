"""The suite of audits: ours pass, and each check catches an audit that breaks it."""

from __future__ import annotations

import json
import os
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from genie.contracts.ports.audit import AuditRecord
from genie.edges.audit.trail import AuditSettings, AuditTrail
from genie.edges.audit.verify import records_of, verify
from genie.testing import RecordingAudit
from genie.testing.conformance import AuditUnderTest, check_audit
from genie.testing.conformance.audit import CHECKS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence
    from pathlib import Path

pytestmark = pytest.mark.anyio
OWN = {"opened", "head"}
"""Kinds of the lines that a trail writes for itself."""


def recorded(line: Mapping[str, Any]) -> AuditRecord:
    named = {name: line[name] for name in ("kind", "subject", "by", "reason", "detail")}
    return AuditRecord(at=line["at"] / 1e6, run_id=line["run"], message_id=line["message"], **named)


async def test_the_audit_trail_passes(tmp_path: Path) -> None:
    folders = iter(range(100))

    @asynccontextmanager
    async def make() -> AsyncIterator[AuditUnderTest]:
        folder = tmp_path / str(next(folders))
        trail = AuditTrail(AuditSettings(path=folder, fsync="never"))

        def read() -> Sequence[AuditRecord]:
            return [recorded(line) for line in records_of([folder], lambda line: line["kind"] not in OWN)]

        def fail() -> None:
            os.close(trail._file)
            trail._file = os.open(os.devnull, os.O_RDONLY)

        with trail:
            yield AuditUnderTest(trail, read, fail)
        assert verify([folder], unfinished=True).intact

    await check_audit(make)


def audits(kind: type[RecordingAudit]) -> Any:
    @asynccontextmanager
    async def make() -> AsyncIterator[AuditUnderTest]:
        audit = kind()

        def fail() -> None:
            audit.refusal = "the disk is full"

        yield AuditUnderTest(audit, lambda: list(audit.records), fail)

    return make


async def test_the_recording_audit_passes() -> None:
    await check_audit(audits(RecordingAudit))


class Backwards(RecordingAudit):
    def record(self, entry: AuditRecord) -> None:
        super().record(entry)
        self.records.insert(0, self.records.pop())


class Anonymous(RecordingAudit):
    def record(self, entry: AuditRecord) -> None:
        super().record(entry._replace(by=""))


class Lines(RecordingAudit):
    """Writes a record as lines of text."""

    def record(self, entry: AuditRecord) -> None:
        for subject in entry.subject.splitlines():
            super().record(entry._replace(subject=subject))


class Encoding(RecordingAudit):
    def record(self, entry: AuditRecord) -> None:
        json.dumps(dict(entry.detail))
        super().record(entry)


class Silent(RecordingAudit):
    """Drops what it cannot write, and says nothing of it."""

    failed: str | None = None

    @property
    def refusal(self) -> str | None:
        return None

    @refusal.setter
    def refusal(self, why: str | None) -> None:
        self.failed = why

    def record(self, entry: AuditRecord) -> None:
        if self.failed is None:
            super().record(entry)


BROKEN = {
    "keeps_records_in_order": Backwards,
    "keeps_records_unchanged": Anonymous,
    "keeps_hostile_text_in_its_field": Lines,
    "accepts_any_detail": Encoding,
    "states_a_failure": Silent,
}


@pytest.mark.parametrize(("check", "broken"), BROKEN.items(), ids=BROKEN)
async def test_a_broken_audit_is_caught(check: str, broken: type[RecordingAudit], caught: Any) -> None:
    assert await caught(check_audit(audits(broken))) == check


def test_every_check_has_a_double_that_it_catches() -> None:
    assert [check.__name__ for check in CHECKS] == list(BROKEN)
