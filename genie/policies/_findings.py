"""Findings as verdicts: names of their places, and masking, or denial if a field cannot be masked."""

from __future__ import annotations

import operator
from collections.abc import Sequence

from genie.contracts.message import Finding, Path
from genie.policy.policy import Deny, Redact

_NAMED = 3  # places that a reason names; the rest is counted


_kind, _path, _maskable = map(operator.attrgetter, ("kind", "path", "maskable"))


def place(path: Path) -> str:
    """Return a path as people write it: ``transactions.3.narration``."""
    return ".".join(str(step) for step in path)


def places(findings: Sequence[Finding]) -> str:
    """Return kinds and places of findings, the first few by name; never the matched text."""
    # A zip reuses its tuple: tens of thousands of new ones would trigger the collector.
    found = list(dict.fromkeys(zip(map(_kind, findings), map(_path, findings), strict=True)))
    rest = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    return ", ".join([f"{kind} at {place(path)}" for kind, path in found[:_NAMED]]) + rest


def masked_or_denied(code: str, findings: Sequence[Finding], why: str) -> Redact | Deny:
    """Return the redaction of findings, or a denial if one of them is in a field that cannot be masked.

    Args:
        code: Code of the denial.
        findings: At least one.
        why: The reason, to follow "found pii.card at narration, ".
    """
    if not all(map(_maskable, findings)):
        fixed = [finding for finding in findings if not finding.maskable]
        return Deny(code, f"found {places(fixed)}, {why}, in a field that cannot be masked; use a plain str field")
    return Redact(frozenset(map(_path, findings)), f"found {places(findings)}, {why}")
