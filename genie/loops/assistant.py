"""The assistant: catalogue agents as tools, and answers in which every number is linked to a tool result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from genie.contracts.card import Risk
from genie.edges.tools.tool import Effect, tools_of
from genie.errors import InputError
from genie.loops.links import linked_numbers
from genie.loops.react import LoopLimits, React

if TYPE_CHECKING:
    from collections.abc import Iterable

    from genie.contracts.agent import Agent, Binding
    from genie.edges.tools.lock import Lock
    from genie.edges.tools.tool import Tool

PROMPT = "assistant.v1"
MOST_RESULT = 131_072
"""Maximum length of a result: a truncated number cannot be linked."""


def catalogue_tools(agents: Iterable[Agent | Binding]) -> tuple[Tool, ...]:
    """Return catalogue agents as tools: they compute from their input, and their text is trusted.

    Raises:
        InputError: An agent has ports or is an egress, so a call of it may change something; give it as a tool.
    """
    made: list[Tool] = []
    for one in agents:
        card = one.card
        if card.egress or card.ports:
            raise InputError(
                f"agent {card.id!r}", "has ports or is an egress, so it is not a pure computation", "use `tools_of`"
            )
        made += tools_of(one, effect=Effect.READ, trusted=True, most_result=MOST_RESULT)
    return tuple(made)


def assistant(
    id: str = "finance_assistant",  # noqa: A002 - the card's own word
    *,
    model: str,
    agents: Iterable[Agent | Binding],
    tools: Iterable[Tool] = (),
    lock: Lock | None = None,
    limits: LoopLimits | None = None,
    **options: Any,
) -> React:
    """Return an assistant over agents of a catalogue.

    Args:
        id: Id of the agent.
        model: Id of the model agent.
        agents: Agents that compute; the fields of their payloads become the tools' arguments.
        tools: Further tools.
        lock: The approved versions of all tools.
        limits: Limits of one question.
        **options: As for ``React``.
    """
    return React(
        id, model=model, tools=(*catalogue_tools(agents), *tools), lock=lock, limits=limits or LoopLimits(max_steps=8),
        check=linked_numbers,
        **{"prompt": PROMPT, "capabilities": ("assistant.finance",), "risk": Risk.MEDIUM, **options},
    )  # fmt: skip
