"""A cache for verdicts that depend only on headers: headers allowed for one recipient are allowed for the next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from genie.policy.policy import ALLOW

if TYPE_CHECKING:
    from genie.contracts.card import AgentCard
    from genie.contracts.headers import Headers
    from genie.contracts.message import Envelope
    from genie.policy.policy import Judge, Judgement


def recalling(judge: Judge) -> Judge:
    """Wrap a judge with a cache of the headers that it allowed last, for all routes of one topic.

    Args:
        judge: Its verdict depends only on the headers and the topic of the message.
    """
    # Compared by identity: headers never change, and the reference keeps others from getting the same address.
    allowed: Headers | None = None

    def recalled(message: Envelope[Any], sender: AgentCard) -> Judgement:
        nonlocal allowed
        headers = message.headers
        if headers is allowed:
            return ALLOW
        verdict = judge(message, sender)
        if verdict is ALLOW:
            allowed = headers
        return verdict

    return recalled
