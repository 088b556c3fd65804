"""What the nodes of a flow work with, and what they come to."""

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
    """What a node came to."""

    SUCCESS = "success"
    FAILURE = "failure"
    PARTIAL = "partial"
    """Some children succeeded."""
    CANCELLED = "cancelled"
    """It was not needed any more."""
    WAITING = "waiting"
    """It waits for a person."""
    SKIPPED = "skipped"
    TIMED_OUT = "timed_out"


@dataclass(frozen=True, slots=True)
class Result:
    """What a node came to, with what its children came to."""

    status: Status
    text: str = ""
    detail: str = ""
    answers: tuple[LoopAnswer, ...] = ()
    """Of every loop below it."""
    children: Mapping[str, Status] = field(default_factory=dict)

    @property
    def succeeded(self) -> bool:
        """True for a success."""
        return self.status is Status.SUCCESS


@dataclass(slots=True)
class Work:
    """What a node works with: its goal, its budget and what came before it."""

    context: Context
    goal: str
    share: Share
    results: dict[str, Result] = field(default_factory=dict)
    """Of earlier nodes, by name."""
    depth: int = 0
    item: str = ""
    """Of a map."""
    reason: str = ""
    """Why the last round of a loop was refused."""
    documents: tuple[Document, ...] = ()
    """Of the task; every agent below gets them."""

    def within(self, share: Share, *, item: str | None = None, own: bool = False) -> Work:
        """Return what a child works with: another budget, and an item or results of its own."""
        return replace(
            self, share=share, item=self.item if item is None else item,
            results=dict(self.results) if own else self.results,
        )  # fmt: skip

    def fill(self, template: str) -> str:
        """Return a goal with its slots filled: goal, item, reason, or the name of a node before it."""

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
