"""The audit port: governance decisions that must be provable later."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Mapping


class AuditRecord(NamedTuple):
    """One act of governance. It names, it never quotes: no payload text is in any of its fields.

    ``kind`` is ``verdict`` (of a delivery or an answer), ``identity_refused`` (a handler tried what its card does not
    allow), ``paused``, ``resumed``, ``quarantined``, ``killed``, ``revived``, ``revoked``, ``reloaded``,
    ``reload_refused`` (the files could not be used), ``held``,
    ``voted``, ``approved``, ``refused``, ``expired`` or ``withdrawn`` (of a hold: a vote that decides nothing yet or
    does not count, how it ended, and that its run is over), ``redriven``, ``incident`` (opened, risen, acknowledged or
    closed), ``declassified`` (what an agent sent left with a lower label than what it read), ``lapsed`` (a consent
    whose time was over), ``drain`` (an operator asked for the end of the process).
    """

    at: float
    """Seconds since the epoch."""
    kind: str
    subject: str
    """What it happened to: an agent, a tenant, a hold, a policy set's hash, or ``topic -> recipient``."""
    by: str
    """Who did it: a person, an agent, or the machine that decided (``policy``, ``supervisor``)."""
    reason: str
    run_id: str | None
    message_id: str | None
    detail: Mapping[str, object]
    """Codes, versions, hashes, paths and offsets."""


@runtime_checkable
class Audit(Protocol):
    """The chain of evidence; it sits inside the bus.

    Beyond ``record`` an implementation may have: ``open()``, ``close()`` and ``is_open``, called by the runtime round
    its own life; ``sampling``, the part of the plain allows (0 to 1) that it wants as well; ``refusal``, why no run may
    be admitted, None while it can write; and ``sign()`` with ``head_s``: the runtime calls it after each act of a
    person, and ``head_s`` seconds after any other record at the latest.
    """

    def record(self, entry: AuditRecord) -> None:
        """Keep one record; must not block for long and must not raise."""
        ...
