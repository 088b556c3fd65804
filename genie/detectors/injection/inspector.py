"""The inspector of prompt injection: a prefilter for every text, and the grammar for suspicious ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from genie.contracts.classification import Classification
from genie.detectors.injection.pieces import PIECE
from genie.detectors.injection.prefilter import shipped
from genie.detectors.injection.thresholds import Sensitivity
from genie.detectors.unicode import fold, fold_with_origins
from genie.policy.inspection import Span

KINDS = ("delimiter", "encoded", "exfiltration", "model", "override", "role", "tool")
"""Every kind of a mark."""


_USUAL = Sensitivity()


class InjectionInspector:
    """Finds instructions in data.

    Args:
        label: Clearance needed to see a mark.
        usual: The sensitivity of topics without a rule.
        of_topic: Returns the sensitivity of a topic; by default every topic has the usual one.
    """

    name: ClassVar[str] = "injection"
    version: ClassVar[str] = "3"
    across: ClassVar[bool] = True

    def __init__(
        self,
        label: Classification,
        usual: Sensitivity = _USUAL,
        of_topic: Callable[[str], Sensitivity] | None = None,
    ) -> None:
        self._label = label
        self._usual = usual
        self._of_topic = of_topic
        self._others: dict[Sensitivity, InjectionInspector] = {usual: self}

    @property
    def always(self) -> bool:
        """True if the model reads every text, even if no pattern matches."""
        return self._usual.model

    def for_topic(self, topic: str) -> InjectionInspector:
        """Return the inspector with the sensitivity of a topic."""
        wanted = self._usual if self._of_topic is None else self._of_topic(topic)
        return self._others.setdefault(wanted, InjectionInspector(self._label, wanted))

    fold = staticmethod(fold)  # the same function for all detectors, so that a text is folded once

    @property
    def patterns(self) -> tuple[str, ...]:
        """Patterns of which a text with a mark matches at least one; other texts may match, too."""
        return shipped().patterns

    def confirm(self, text: str) -> bool:
        """Return False for folded text that passed the prefilter and has no mark; long text is examined in pieces."""
        return self._usual.model or len(text) > PIECE or shipped().finds(text)

    def examine(self, text: str) -> tuple[Span, ...]:
        """Return the marks in a string, in order; marks of different kinds may overlap."""
        from genie.detectors.injection.scorer import scored  # noqa: PLC0415 - start-up: for the first suspect

        score, marks = scored(fold(text), model=self._usual.model, enough=self._usual.threshold)
        if score < self._usual.threshold:
            return ()
        folded = fold_with_origins(text)
        found = {(*folded.span(mark.start, mark.end), mark.kind) for mark in marks if mark.end > mark.start}
        return tuple(Span(f"injection.{kind}", start, end, self._label, score) for start, end, kind in sorted(found))
