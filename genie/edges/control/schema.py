"""Models of the rows of a control file; every row is validated as untrusted input."""

from __future__ import annotations

from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

_Text = Annotated[str, Field(max_length=4_000)]
_Name = Annotated[str, Field(min_length=1, max_length=200)]
_Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
_Token = Annotated[str, Field(min_length=1, max_length=8_192)]
_Word = Literal["killed", "paused", "revived", "resumed"]


class Row(BaseModel):
    """Base of the rows of a control file: exact types, and no unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)


class _Need(Row):
    policy: _Text
    approvers: list[_Text]
    quorum: int


class _Vote(Row):
    by: _Name
    roles: list[_Name]
    approve: bool
    reason: _Text
    at: float
    payload_sha256: _Hash
    policies: list[_Text]
    recipient: _Text


class _Edit(Row):
    by: _Name
    before: _Hash
    after: _Hash
    at: float


class Asked(Row):
    """An approval in the control file, for people."""

    id: _Name
    state: Literal["pending", "approved", "denied", "expired", "cancelled", "stale"]
    """``stale``: the process that asked has ended, so a decision has no effect."""
    run_id: _Text
    message_id: _Text
    topic: _Text
    sender: _Text
    recipient: _Text
    requester: _Text | None
    reason: _Text
    label: _Text
    payload_sha256: _Hash
    policy_set: _Text
    opened: float
    expires: float
    needs: list[_Need]
    lacking: list[_Text]
    votes: list[_Vote]
    edits: list[_Edit]
    payload: dict[str, JsonValue] | None
    """The payload as approvers may see it; None if it is withheld, or the approval has ended."""
    masked: list[_Text]
    withheld: _Text | None


class Cast(Row):
    """A vote as it was cast."""

    by: _Name
    roles: list[_Name]
    approve: bool
    reason: _Text
    payload_sha256: _Hash
    policies: list[_Text]
    recipient: _Text
    edit: Annotated[str, Field(max_length=1 << 20)] | None = None
    token: _Token | None = None
    """Signed identity of the voter; erased when the vote is answered."""


class Switched(Row):
    """A switch that was turned on or off."""

    word: _Word
    kind: Literal["agent", "tenant", "all"]
    name: _Text
    by: _Name
    reason: _Text
    until: float | None
    token: _Token | None = None
    """Signed identity of the operator."""


class Process(Row):
    """A process that runs, or ran, with the file."""

    id: _Name
    pid: int
    host: _Name
    started: float
    seen: float
    state: Literal["running", "stale", "ended"]
    """``stale``: it gave no sign of life and did not end regularly."""
    agents: dict[_Name, _Text]
    """Every agent, with the reason why nothing is delivered to it; empty if it receives deliveries."""


Model = TypeVar("Model", bound=Row)


def read(model: type[Model], text: object) -> Model | None:
    """Return a row's JSON as a model, or None if it is not valid."""
    try:
        return model.model_validate_json(text) if isinstance(text, str) else None
    except ValidationError:
        return None
