"""A flow: a tree of nodes as one agent that takes a task and sends the result of the tree."""

from __future__ import annotations

from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import anyio

from genie.contracts.card import AgentCard, Risk, Tier
from genie.contracts.classification import Classification
from genie.contracts.limits import EXACT
from genie.contracts.loop_call import LoopAnswer, StopReason, Task
from genie.contracts.model_call import Usage
from genie.loops.nodes import MOST_DEPTH, Node, Result, Status, Work, asks_of
from genie.loops.react import LoopLimits

if TYPE_CHECKING:
    from genie.contracts.context import Context
    from genie.contracts.message import Message

_STOPS = {Status.SUCCESS: StopReason.ANSWERED, Status.WAITING: StopReason.HELD, Status.TIMED_OUT: StopReason.DEADLINE}


class Flow:
    """A tree of nodes as an agent.

    Args:
        id: Id of the agent.
        root: The tree.
        limits: Limits of one task; only ``tokens``, ``cost``, ``calls`` and ``wall_s`` apply.
        clearance: Highest label that the flow may read.
        consumes: ``Subtask`` for a flow that is a part of another.
        **card: Further fields of the card.
    """

    isolated = True  # the object only stores its tree

    def __init__(
        self,
        id: str,  # noqa: A002 - the card's own word
        root: Node,
        *,
        limits: LoopLimits | None = None,
        clearance: Classification | str = Classification.CONFIDENTIAL,
        consumes: tuple[type[Task], ...] = (Task,),
        **card: Any,
    ) -> None:
        self.root = root
        self.limits = limits or LoopLimits()
        options: dict[str, Any] = {"risk": Risk.MEDIUM, "tier": Tier.BETA, "concurrency": 8, "name": id, **card}
        self.card = AgentCard(
            id=id, description=options.pop("description", "Works on tasks in several steps."), consumes=consumes,
            produces=(LoopAnswer,), clearance=Classification.parse(clearance),
            asks=MappingProxyType(asks_of(root)), **options,
        )  # fmt: skip

    async def handle(self, message: Message[Any], context: Context) -> LoopAnswer:
        """Work on a task."""
        task: Task = message.payload
        if task.depth >= MOST_DEPTH:
            return _answer(Result(Status.FAILURE, detail="too_deep"))
        work = Work(
            context, task.goal, self.limits.share(task.budget), depth=task.depth, documents=task.documents
        )  # fmt: skip
        result = Result(Status.TIMED_OUT, detail="wall_s")
        with anyio.move_on_after(float("inf") if self.limits.wall_s is None else self.limits.wall_s):
            result = await self.root.run(work)
        return _answer(result)


def _answer(result: Result) -> LoopAnswer:
    answers = result.answers
    usage = Usage(
        input=sum(one.usage.input for one in answers), output=sum(one.usage.output for one in answers),
        estimated=any(one.usage.estimated for one in answers),
    )  # fmt: skip
    cost: Decimal | None = Decimal(0)
    for one in answers:
        cost = None if cost is None or one.cost is None else EXACT.add(cost, one.cost)
    budget = StopReason.BUDGET if result.detail == "budget" else StopReason.FAILED
    return LoopAnswer(
        stop=_STOPS.get(result.status, budget), text=result.text, detail=result.detail[:64],
        calls=tuple(call for one in answers for call in one.calls)[:4_096], steps=sum(one.steps for one in answers),
        usage=usage, cost=cost, links=answers[-1].links if answers and answers[-1].text == result.text else (),
    )  # fmt: skip
