"""The audit port: governance decisions that must be provable later."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Mapping


class AuditRecord(NamedTuple):
    """One act of governance. Its fields contain names and codes, never payload text.

    ``kind`` is ``verdict`` (of a delivery or an answer), ``identity_refused`` (a handler tried something that its card
    does not allow), ``paused``, ``resumed``, ``quarantined``, ``killed``, ``revived``, ``revoked``, ``reloaded``,
    ``reload_refused`` (the files could not be used), ``held``, ``voted``, ``approved``, ``refused``, ``expired`` or
    ``withdrawn`` (of a hold: a vote that does not decide it or does not count, its end, and the end of its run),
    ``redriven``, ``incident`` (opened, risen, acknowledged or closed), ``declassified`` (an agent's output left with a
    lower label than its input), ``lapsed`` (a consent that expired), ``drain`` (an operator requested the end of the
    process).
    """

    at: float
    """Seconds since the epoch."""
    kind: str
    subject: str
    """The object of the act: an agent, a tenant, a hold, a policy set's hash, or ``topic -> recipient``."""
    by: str
    """The actor: a person, an agent, or the component that decided (``policy``, ``supervisor``)."""
    reason: str
    run_id: str | None
    message_id: str | None
    detail: Mapping[str, object]
    """Codes, versions, hashes, paths and offsets."""


@runtime_checkable
class Audit(Protocol):
    """A sink for audit records; the bus calls it directly.

    Beyond ``record`` an implementation may have: ``open()``, ``close()`` and ``is_open``, called when the runtime opens
    and closes; ``sampling``, the fraction (0 to 1) of plain allows that it also records; ``refusal``, why no run may be
    admitted, None while it can write; and ``sign()`` with ``head_s``: the runtime calls it after each act of a person,
    and at most ``head_s`` seconds after any other record.
    """

    def record(self, entry: AuditRecord) -> None:
        """Store one record; must not block for long and must not raise."""
        ...
