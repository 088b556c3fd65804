"""Shapes made of nodes: plan and execute, reflect, debate, route. Each is a tree for ``Flow``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from genie.contracts.loop_call import LoopAnswer, StopReason
from genie.contracts.message import Payload
from genie.contracts.model_call import ModelFailed, ModelReply, ModelRequest, Role
from genie.loops.conversation import Conversation, Ended
from genie.loops.nodes import (
    Ask,
    Check,
    Judge,
    Loop,
    Map,
    Node,
    Parallel,
    Result,
    Sequence,
    Status,
    Switch,
    Work,
)

if TYPE_CHECKING:
    from genie.loops.nodes import Mode

MOST_STEPS = 16


class Plan(Payload, topic="loop.plan"):
    """Steps towards a goal; each is a goal of its own."""

    steps: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=4_000)], ...], Field(min_length=1, max_length=MOST_STEPS)
    ]


class Choice(Payload, topic="loop.choice"):
    """One of several routes."""

    route: Annotated[str, Field(max_length=64)]
    confidence: Annotated[Decimal, Field(ge=0, le=1)]
    """From 0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Structured(Node):
    """Ask a model agent for an answer of one form; its JSON is the text of the node."""

    model: str
    form: type[Payload]
    system: str
    goal: str = "{{goal}}"
    max_output: int = 1_024

    def asks(self) -> Mapping[type[Payload], tuple[type[Payload], ...]]:
        """Return that it asks a model."""
        return {**Node.asks(self), ModelRequest: (ModelReply, ModelFailed)}

    async def act(self, work: Work) -> Result:
        """Ask the model, and once more if the form is wrong."""
        talk = Conversation(work.context, self.model, work.share, max_output=self.max_output, purpose=self.name)
        talk.add(Role.SYSTEM, self.system, pinned=True)
        talk.add(Role.USER, work.fill(self.goal), pinned=True)
        try:
            found, _ = await talk.structured(self.form)
        except Ended as ended:
            waits = ended.stop is StopReason.HELD
            status = Status.WAITING if waits else Status.FAILURE
            return Result(status, detail=str(ended.stop), answers=(_spent(talk, ended.stop),))
        text = found.model_dump_json()
        return Result(Status.SUCCESS, text, answers=(_spent(talk, StopReason.ANSWERED, text),))


def _spent(talk: Conversation, stop: StopReason, text: str = "") -> LoopAnswer:
    return LoopAnswer(stop=stop, text=text, steps=talk.steps, usage=talk.usage, cost=talk.cost, model=talk.served)


def plan_execute(
    *, model: str, worker: str, writer: str, most_steps: int = 8, replans: int = 1, check: Check | Judge | None = None
) -> Node:
    """Return a tree that plans, works on each step, and writes the answer; when a step fails, it makes a new plan.

    Args:
        model: Model agent that plans.
        worker: Agent that works on a step; it sees only the step's goal.
        writer: Agent that writes the answer from the results of the steps.
        most_steps: Maximum steps of one plan.
        replans: Number of further plans.
        check: Checks the answer.
    """

    def steps(work: Work) -> tuple[str, ...]:
        plan = work.results.get("plan")
        return () if plan is None or not plan.succeeded else Plan.model_validate_json(plan.text).steps[:most_steps]

    plan = Structured(
        name="plan", model=model, form=Plan, goal="{{goal}}\n\n{{reason}}",
        system=f"Split the goal into at most {most_steps} steps that can be worked on independently. "
        "Each step is whole: it names all that is needed for it. Answer with JSON of the schema alone.",
    )  # fmt: skip
    work = Map(name="work", over=steps, node=Ask(name="step", to=worker, goal="{{item}}"))
    round_ = Loop(name="rounds", node=Sequence(name="round", nodes=(plan, work)), most=1 + replans)
    write = Ask(name="write", to=writer, goal="{{goal}}\n\nWhat the steps came to:\n{{work}}")
    return Sequence(name="plan_execute", nodes=(round_, write), check=check)


def reflect(*, drafter: str, critic: Check | Judge, rounds: int = 3) -> Node:
    """Return a tree that drafts until a critic agrees.

    Args:
        drafter: Agent that writes drafts; it learns why the last draft was refused.
        critic: A check, or a judge.
        rounds: Maximum number of drafts.
    """
    draft = Ask(name="draft", to=drafter, goal="{{goal}}\n\n{{reason}}\n\n{{draft}}")
    return Loop(name="reflect", node=draft, until=critic, most=rounds)


def debate(
    *, speakers: tuple[str, ...], judge: str | None = None, mode: Mode = "all", quorum: int = 1,
    same: Callable[[str], str] = str.strip,
) -> Node:  # fmt: skip
    """Return a tree in which several agents answer in parallel, and a vote or a judge combines the answers.

    The budget is split over the speakers before they start.

    Args:
        speakers: Agents that answer.
        judge: Agent that combines the answers; without one the mode decides.
        mode: As for ``Parallel``.
        quorum: As for ``Parallel``.
        same: As for ``Parallel``.
    """
    nodes = tuple(Ask(name=f"speaker_{index}", to=to) for index, to in enumerate(speakers))
    speak = Parallel(name="speak", nodes=nodes, mode=mode, quorum=quorum, same=same)
    if judge is None:
        return speak
    # A judge reads the answers that there are; the sequence's own check requires at least some.
    said = "\n\n".join(f"{{{{{node.name}}}}}" for node in nodes)
    settle = Ask(name="settle", to=judge, goal=f"{{{{goal}}}}\n\nAnswers of others:\n{said}")
    return Sequence(name="debate", nodes=(speak, settle))


def router(
    *, model: str, routes: Mapping[str, tuple[str, Node]], threshold: Decimal = Decimal("0.6"),
    otherwise: Node | None = None,
) -> Node:  # fmt: skip
    """Return a tree that lets a model choose among routes; below the threshold it abstains.

    Args:
        model: Model agent that chooses.
        routes: Name -> its purpose and its node.
        threshold: Minimum confidence.
        otherwise: Runs if the model is not confident; without it the flow fails with ``no_case``.
    """

    def chosen(work: Work) -> str:
        found = work.results.get("choose")
        if found is None or not found.succeeded:
            return ""
        choice = Choice.model_validate_json(found.text)
        return choice.route if choice.confidence >= threshold else ""

    listed = "\n".join(f"- {name}: {told}" for name, (told, _) in sorted(routes.items()))
    choose = Structured(
        name="choose", model=model, form=Choice,
        system=f"Choose the route for what the user wants, with your confidence from 0 to 1.\n{listed}\n"
        "Answer with JSON of the schema alone.",
    )  # fmt: skip
    cases = {name: node for name, (_, node) in routes.items()}
    return Sequence(name="router", nodes=(choose, Switch(name="route", by=chosen, cases=cases, otherwise=otherwise)))


__all__ = ["Choice", "Plan", "Structured", "debate", "plan_execute", "reflect", "router"]
