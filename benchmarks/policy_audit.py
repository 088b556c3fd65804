"""Cost of the audit: appending a record, and verifying a million of them.

``python -m benchmarks.policy_audit`` prints one line a figure. The fastest of many repetitions counts: a machine that
does something else as well makes a figure worse, never better.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figures import Figure, Limit, printed
from genie.contracts.ports.audit import AuditRecord
from genie.edges.audit.trail import AuditSettings, AuditTrail
from genie.edges.audit.verify import spread, verify

APPEND_US = 6.0
VERIFY_S = 15.0
RECORDS = 1_000_000

VERDICT = AuditRecord(
    1_700_000_000.123456, "verdict", "insights.analysis -> forecaster", "policy", "clearance: restricted", "abcd-1",
    "abcd-12",
    {
        "verdict": "redact", "policy_set": "a" * 64, "paths": ["text"],
        "reasons": [{"policy": "clearance", "version": "1", "verdict": "redact", "code": "redact"}],
    },
)  # fmt: skip
"""A record as the bus makes one for a masked delivery."""


def appended(folder: Path, records: int, batch: int = 1_000) -> float:
    """Return the microseconds of one append in the fastest batch."""
    fastest = float("inf")
    with AuditTrail(AuditSettings(path=folder, fsync="never")) as trail:
        for _ in range(records // batch):
            before = time.perf_counter()
            for _ in range(batch):
                trail.record(VERDICT)
            fastest = min(fastest, (time.perf_counter() - before) / batch)
        assert trail.failure is None
    return fastest * 1e6


def verified(folder: Path) -> float:
    """Return the seconds to verify the content of a folder."""
    before = time.perf_counter()
    with spread([folder]) as mapped:  # as the command does
        found = verify([folder], mapped=mapped)
    assert found.intact, found.breaks
    return time.perf_counter() - before


def figures(records: int = RECORDS) -> Iterator[Figure]:
    """Yield what appending takes, and verifying that many records; the limit of the latter is for a million."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "trail"
        yield Figure("audit append, no fsync", appended(folder, records), "us", limit=Limit(APPEND_US))
        share = records / RECORDS
        yield Figure(f"audit verify, {records:,} records", verified(folder), "s", limit=Limit(VERIFY_S * share))


if __name__ == "__main__":
    printed(figures())
