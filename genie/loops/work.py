"""Inputs and results of the nodes of a flow."""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from genie.loops.prompt import fenced

if TYPE_CHECKING:
    from genie.contracts.context import Context
    from genie.contracts.loop_call import LoopAnswer
    from genie.contracts.model_call import Document
    from genie.loops.budget import Share

_SLOT = re.compile(r"\{\{([a-z][a-z0-9_]*)\}\}")


class Status(enum.StrEnum):
    """Outcome of a node."""

    SUCCESS = "success"
    FAILURE = "failure"
    PARTIAL = "partial"
    """Some children succeeded."""
    CANCELLED = "cancelled"
    """It was no longer needed."""
    WAITING = "waiting"
    """It waits for a person."""
    SKIPPED = "skipped"
    TIMED_OUT = "timed_out"


@dataclass(frozen=True, slots=True)
class Result:
    """Result of a node, with the results of its children."""

    status: Status
    text: str = ""
    detail: str = ""
    answers: tuple[LoopAnswer, ...] = ()
    """Usage of every loop below it."""
    children: Mapping[str, Status] = field(default_factory=dict)

    @property
    def succeeded(self) -> bool:
        """True for a success."""
        return self.status is Status.SUCCESS


@dataclass(slots=True)
class Work:
    """Input of a node: its goal, its budget and earlier results."""

    context: Context
    goal: str
    share: Share
    results: dict[str, Result] = field(default_factory=dict)
    """Results of earlier nodes, by name."""
    depth: int = 0
    item: str = ""
    """Of a map."""
    reason: str = ""
    """Why the last round of a loop was refused."""
    documents: tuple[Document, ...] = ()
    """Documents of the task; every agent below gets them."""

    def within(self, share: Share, *, item: str | None = None, own: bool = False) -> Work:
        """Return the input of a child: another budget, and its own item or results."""
        return replace(
            self, share=share, item=self.item if item is None else item,
            results=dict(self.results) if own else self.results,
        )  # fmt: skip

    def fill(self, template: str) -> str:
        """Return a goal with its slots filled: goal, item, reason, or the name of an earlier node."""

        def value(match: re.Match[str]) -> str:
            name = match[1]
            if name == "goal":
                return self.goal
            if name in {"item", "reason"}:
                text = str(getattr(self, name))
                return fenced(text, name) if text else ""
            found = self.results.get(name)
            return "" if found is None or not found.text else fenced(found.text, name)

        return _SLOT.sub(value, template).strip()[:200_000]
