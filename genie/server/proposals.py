"""Drafts of policy files, and proposals to put them into force."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

import anyio
from pydantic import Field

from genie.server.bodies import Body, Text
from genie.server.problems import Problem

if TYPE_CHECKING:
    from pathlib import Path

MOST_TEXT = 200_000
MOST_PROPOSALS = 200
State = Literal["proposed", "in force", "rejected", "replaced"]


def digest_of(text: str) -> str:
    """Return the SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


class Draft(Body):
    """A draft text for one policy file of a pipeline."""

    pipeline: Text
    file: Text = Field(description="Name of the file in the pipeline.")
    text: Annotated[str, Field(max_length=MOST_TEXT)] = Field(description="New content of the file.")


class Explained(Draft):
    """Body of ``POST /v1/policies/explain``."""

    message: Text = Field(description="Id of one of the latest messages.")


class Proposed(Draft):
    """Body of ``POST /v1/policies/proposals``."""

    base_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] = Field(
        description="Digest of the file that was edited."
    )
    reason: Text


@dataclass(slots=True)
class Proposal:
    """A proposal to put a draft into force."""

    id: str
    draft: Proposed
    path: Path
    by: str
    tenant: str | None
    at: float
    state: State = "proposed"
    decided_by: str = ""
    decided_because: str = ""

    @property
    def sha256(self) -> str:
        """Digest of its text."""
        return digest_of(self.draft.text)

    def record(self) -> dict[str, Any]:
        """Return it as JSON values, without its text."""
        return {
            "id": self.id, "pipeline": self.draft.pipeline, "file": self.draft.file, "state": self.state, "by": self.by,
            "at": self.at, "reason": self.draft.reason, "sha256": self.sha256, "base_sha256": self.draft.base_sha256,
            "decided_by": self.decided_by, "decided_because": self.decided_because,
        }  # fmt: skip


class Proposals:
    """The latest proposals; decided ones are dropped first."""

    def __init__(self) -> None:
        self.all: OrderedDict[str, Proposal] = OrderedDict()
        self.changing = anyio.Lock()
        """One file is written at a time."""

    def add(self, made: Proposal) -> None:
        """Store a proposal.

        Raises:
            Problem: Too many proposals are undecided.
        """
        if len(self.all) >= MOST_PROPOSALS:
            over = next((one.id for one in self.all.values() if one.state != "proposed"), None)
            if over is None:
                raise Problem("conflict", f"{MOST_PROPOSALS} proposals wait to be decided; decide some of them")
            del self.all[over]
        self.all[made.id] = made
