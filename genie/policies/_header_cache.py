"""Judging once what depends on headers alone: what they were allowed for one recipient, they are for the next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from genie.policy.policy import ALLOW

if TYPE_CHECKING:
    from genie.contracts.card import AgentCard
    from genie.contracts.headers import Headers
    from genie.contracts.message import Envelope
    from genie.policy.policy import Judge, Judgement


def recalling(judge: Judge) -> Judge:
    """Return the same judge with the headers in mind that it allowed last; for several routes of one topic.

    Args:
        judge: Its verdict depends on the message's headers and topic alone, which never change.
    """
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
