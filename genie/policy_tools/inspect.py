"""What the detectors find in strings, and the verdicts of the policies on findings, for `genie inspect`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from genie.contracts.card import AgentCard
from genie.contracts.classification import Classification
from genie.contracts.headers import NO_HEADERS
from genie.contracts.message import Finding, Path, Payload, stamp
from genie.contracts.text import masked
from genie.detectors.injection import scorer as marks
from genie.policies.injection import Injection
from genie.policies.pii import Pii
from genie.policies.secrets import Secrets
from genie.policy.policy import Environment, Inspectors, Policy, PolicySet
from genie.policy_tools.sources import sourced

NAMES = ("pii", "secrets", "injection")
"""Policies that judge by the text alone; other policies need headers, which a line does not have."""


class Inspected(Payload, topic="inspect.record", classification="public"):
    """The strings of one record."""

    texts: tuple[str, ...]


class Mark(NamedTuple):
    """The injection score of a text."""

    score: float
    """0 to 1."""
    marked: bool
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """One record, inspected and judged for a recipient without clearance."""

    injection: Mark
    findings: tuple[Finding, ...]
    """Paths are ``("texts", position)``."""
    verdict: str
    """``allow``, ``redact``, ``hold`` or ``deny``."""
    payload: Inspected

    def of(self, policy: str) -> tuple[Finding, ...]:
        """Return the findings of one policy's inspector."""
        return tuple(finding for finding in self.findings if finding.kind.startswith(f"{policy}."))

    def excerpt(self, width: int) -> str:
        """Return the first text with a finding, or else the first text, with findings masked, cut to ``width``."""
        spans = _spans_of(self.findings)
        texts = masked(self.payload, spans).texts if spans else self.payload.texts  # type: ignore[attr-defined]  # same class
        at = int(self.findings[0].path[1]) if self.findings else 0
        first = min((finding.start for finding in self.findings if finding.path[1] == at), default=0)
        start = max(0, min(first - width // 3, len(texts[at]) - width)) if texts else 0
        shown: str = texts[at][start : start + width + 1] if texts else ""
        return ("…" if start else "") + (shown if len(shown) <= width else f"{shown[: width - 1]}…")


def _spans_of(findings: Iterable[Finding]) -> dict[Path, tuple[tuple[int, int, str], ...]]:
    """Return what masking replaces at each path, as (start, end, word); a string with an instruction is one span."""
    spans: dict[Path, tuple[tuple[int, int, str], ...]] = {}
    instructed: set[Path] = set()
    for finding in findings:
        inspector, _, kind = finding.kind.rpartition(".")
        if finding.whole:
            instructed.add(finding.path)
            spans[finding.path] = ((0, sys.maxsize, inspector),)
        elif finding.path not in instructed:
            spans[finding.path] = (*spans.get(finding.path, ()), (finding.start, finding.end, kind))
    return spans


class Judgement:
    """Inspects and judges records.

    Args:
        policies: Those named in ``NAMES`` judge; the detectors of all of ``NAMES`` report findings.
    """

    def __init__(self, policies: Sequence[Policy]) -> None:
        chosen: Mapping[str, Policy] = {policy.name: policy for policy in policies if policy.name in NAMES}
        looking = [chosen.get(policy.name, policy) for policy in (Pii(), Secrets(), Injection())]
        self._inspectors = Inspectors(one for policy in looking for one in policy.inspectors)
        self._gate = PolicySet(tuple(chosen.values()), Environment()).evaluator(
            Inspected, AgentCard(id="inspect", clearance=Classification.PUBLIC)
        )

    def judge(self, texts: Sequence[str]) -> Judged:
        """Return the findings in the strings of one record, and the strongest verdict."""
        payload = Inspected(texts=tuple(text.encode(errors="replace").decode() for text in texts))
        inspection = self._inspectors.inspect(payload)
        message = stamp(1, payload, "file", None, None, 0, 0, NO_HEADERS, Classification.PUBLIC, inspection)
        decision = self._gate.judge(message, AgentCard(id="file"))
        assessed = [Mark(*marks.assess(text, model=True)) for text in payload.texts]
        top = max(assessed, key=lambda mark: (mark.marked, mark.score), default=Mark(0.0, marked=False, reasons=()))
        reasons = tuple(dict.fromkeys(reason for mark in assessed for reason in mark.reasons))
        mark = Mark(top.score, top.marked, reasons)
        return Judged(mark, inspection.findings, "allow" if decision is None else decision.verdict, payload)


def policies_of(path: str | None) -> tuple[Policy, ...]:
    """Return the policies of a file; without a file, the policies in ``NAMES`` with default settings.

    Args:
        path: A policy file, or a pipeline.

    Raises:
        ConfigError: The file is invalid; ``file:line`` for each problem.
    """
    if path is None:
        return (Pii(), Secrets(), Injection())
    return sourced(path).policies.policies
