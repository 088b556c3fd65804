"""What a recipient receives after a decision: the payload, a masked copy or nothing, with its notices."""

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
    """The original or a masked copy; None if nothing may be seen."""
    why: str = ""
    """Why nothing may be seen."""
    notices: tuple[str, ...] = ()
    """Notices that must accompany the payload, each once, in the order of the policies."""


def masked(message: Envelope[Payload], paths: frozenset[Path]) -> Payload | None:
    """Return a masked copy; None if it cannot be masked, so that it is not shown."""
    try:
        return mask(message, paths)
    except BaseException:  # noqa: BLE001 - fail closed
        return None


def seen(message: Envelope[Payload], decision: Decision | None, card: AgentCard, *, carries: bool) -> Disclosure:
    """Return what a recipient receives of a message.

    Obligations take effect where a message leaves the runtime. For an agent they are only part of the recorded verdict:
    its own outputs are judged again where they leave.

    Args:
        message: The original.
        decision: The decision of the policies; None for a plain allow. A hold shows nothing, because nothing waits
            here.
        card: The recipient's card.
        carries: Whether the recipient can attach notices; otherwise it receives no message that needs one.
    """
    if decision is None:
        return Disclosure(message.payload)
    if decision.verdict in {"deny", "hold", "consult"}:
        return Disclosure(None, decision.summary)
    notices = tuple(dict.fromkeys(decision.obligations)) if card.egress else ()
    if notices and not carries:
        return Disclosure(None, f"it needs a notice, which {card.id!r} cannot attach")
    if decision.verdict != "redact":
        return Disclosure(message.payload, notices=notices)
    copy = masked(message, decision.paths)
    if copy is None:
        return Disclosure(None, f"cannot be masked; {decision.summary}")
    return Disclosure(copy, notices=notices)
