"""What a recipient gets after a decision: the payload, a masked copy or nothing, and the notices that go with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from genie.policy.policy import mask

if TYPE_CHECKING:
    from genie.contracts.card import AgentCard
    from genie.contracts.message import Envelope, Path, Payload
    from genie.policy.policy import Decision


class Disclosure(NamedTuple):
    """What one recipient may see of one message."""

    payload: Payload | None
    """The original or a masked copy; None where nothing may be seen."""
    why: str = ""
    """Why nothing may be seen."""
    notices: tuple[str, ...] = ()
    """What must stand beside the payload, each once, in the order of the policies."""


def masked(message: Envelope[Payload], paths: frozenset[Path]) -> Payload | None:
    """Return a masked copy; None for what cannot be masked, for whatever reason, so that it is not shown."""
    try:
        return mask(message, paths)
    except BaseException:  # noqa: BLE001 - fail closed
        return None


def seen(message: Envelope[Payload], decision: Decision | None, card: AgentCard, *, carries: bool) -> Disclosure:
    """Return what a recipient gets of a message.

    Obligations take effect where a message leaves. Toward an agent they are part of the recorded verdict and no more:
    what it makes of the message is judged again where that leaves.

    Args:
        message: The original.
        decision: What the policies said; None for a plain allow. A hold shows nothing: nobody waits here.
        card: Of the recipient.
        carries: The recipient can write notices beside the payload; one that cannot gets nothing that carries some.
    """
    if decision is None:
        return Disclosure(message.payload)
    if decision.verdict in {"deny", "hold", "consult"}:
        return Disclosure(None, decision.summary)
    notices = tuple(dict.fromkeys(decision.obligations)) if card.egress else ()
    if notices and not carries:
        return Disclosure(None, f"a notice is due beside it, which {card.id!r} cannot carry")
    if decision.verdict != "redact":
        return Disclosure(message.payload, notices=notices)
    copy = masked(message, decision.paths)
    if copy is None:
        return Disclosure(None, f"cannot be masked; {decision.summary}")
    return Disclosure(copy, notices=notices)
