"""Nodes of a flow: asks, sequences, parallel branches, loops and choices.

A node succeeds only if its check accepts the result. Every child gets a part of its parent's budget before it starts.
Text of children is fenced as untrusted in the goal of another node.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

import anyio

from genie.contracts.loop_call import Judgement, LoopAnswer, StopReason, Subtask, TaskBudget, ToJudge
from genie.errors import InputError, PartMissingError
from genie.loops.budget import Amount, Share
from genie.loops.work import Result, Status, Work

if TYPE_CHECKING:
    from genie.contracts.message import Payload

MOST_DEPTH = 8
"""Maximum number of flows through which a task may be handed on."""
MOST_NODES = 256
MOST_ITEMS = 256
ZERO = Decimal(0)

Check = Callable[[Work, str], str]
"""Checks a text; returns why it is refused, or an empty string."""


@dataclass(frozen=True, slots=True)
class Judge:
    """A check by an agent that takes ``ToJudge`` and answers ``Judgement``."""

    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Node(ABC):
    """One node.

    Args:
        name: Unique in its flow; lower case.
        check: Checks its result.
        within_s: Time limit in seconds.
        weight: Its part of the budget among parallel children.
    """

    name: str
    check: Check | Judge | None = None
    within_s: float | None = None
    weight: int = 1

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,63}", self.name) or self.name in {"goal", "item", "reason"}:
            raise InputError(f"node {self.name!r}", "has no usable name; lower case, and not goal, item or reason")
        if self.weight < 1 or (self.within_s is not None and not self.within_s > 0):
            raise InputError(f"node {self.name!r}", "has a weight from 1 and a time above 0")

    def children(self) -> tuple[Node, ...]:
        """Return its children."""
        return ()

    def asks(self) -> Mapping[type[Payload], tuple[type[Payload], ...]]:
        """Return the questions that it asks, for the card of the flow."""
        return {ToJudge: (Judgement,)} if isinstance(self.check, Judge) else {}

    @abstractmethod
    async def act(self, work: Work) -> Result:
        """Run the node."""

    async def run(self, work: Work) -> Result:
        """Run the node within its time limit, and check its result."""
        result = Result(Status.TIMED_OUT, detail="within_s")
        with anyio.move_on_after(float("inf") if self.within_s is None else self.within_s):
            result = await self.act(work)
            if result.succeeded and self.check is not None:
                why = await checked(self.check, work, result.text)
                if why:
                    result = replace(result, status=Status.FAILURE, detail=f"check:{why}"[:64])
                    work.reason = why
        work.results[self.name] = result
        return result


async def checked(check: Check | Judge, work: Work, text: str) -> str:
    """Return why a text is refused, or an empty string; a judge that cannot be asked refuses."""
    if not isinstance(check, Judge):
        return check(work, text)
    try:
        said = await work.context.ask(ToJudge(goal=work.goal, answer=text), Judgement, to=check.to)
    except PartMissingError as error:
        return f"judge_{error.why}"
    return "" if said.accepted else (said.reason or "refused")


def every(node: Node) -> Iterator[Node]:
    """Yield a node and all nodes below it."""
    yield node
    for child in node.children():
        yield from every(child)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask(Node):
    """Give a task to an agent: a loop, another flow, or a model with tools.

    Args:
        to: Id of the agent; it takes ``Subtask`` and answers ``LoopAnswer``.
        goal: Form of its goal.
    """

    to: str
    goal: str = "{{goal}}"

    def asks(self) -> Mapping[type[Payload], tuple[type[Payload], ...]]:
        """Return that it asks for answers of loops."""
        return {**Node.asks(self), Subtask: (LoopAnswer,)}

    async def act(self, work: Work) -> Result:
        """Ask, and settle the usage of the agent; if that is unknown, its whole reservation."""
        share = work.share
        cap, taken = share.cap, share.committed
        left = TaskBudget(
            tokens=None if cap.tokens is None else max(cap.tokens - taken.tokens, 0),
            cost=None if cap.cost is None else max(cap.cost - taken.cost, ZERO),
            calls=None if cap.calls is None else max(cap.calls - taken.calls, 0),
        )
        bound = Amount(left.tokens or 0, left.cost or ZERO, left.calls or 0)
        ticket = None if 0 in {left.tokens, left.calls} or left.cost == 0 else share.reserve(bound)
        if ticket is None:
            return Result(Status.FAILURE, detail="budget")
        used = bound
        goal = work.fill(self.goal) or work.goal
        task = Subtask(goal=goal, documents=work.documents, budget=left, depth=work.depth + 1)
        try:
            answer = await work.context.ask(task, LoopAnswer, to=self.to)
            cost = bound.cost if answer.cost is None else answer.cost
            used = Amount(answer.usage.input + answer.usage.output, cost, answer.steps + len(answer.calls))
        except PartMissingError as error:
            return Result(Status.WAITING if error.why == "held" else Status.FAILURE, detail=error.why)
        finally:
            share.settle(ticket, used)
        if answer.answered:
            return Result(Status.SUCCESS, answer.text, answers=(answer,))
        waits = answer.stop is StopReason.HELD
        return Result(Status.WAITING if waits else Status.FAILURE, answer.text, str(answer.stop), (answer,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence(Node):
    """Runs children one after the other; the first that does not succeed ends it."""

    nodes: tuple[Node, ...]

    def children(self) -> tuple[Node, ...]:
        """Return its children."""
        return self.nodes

    async def act(self, work: Work) -> Result:
        """Run its children in order."""
        results: dict[str, Result] = {}
        for node in self.nodes:
            results[node.name] = result = await _child(node, work)
            if not result.succeeded:
                break
        return _joined(results, self.nodes, results[next(reversed(results))])


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector(Node):
    """Runs children one after the other, until one succeeds."""

    nodes: tuple[Node, ...]

    def children(self) -> tuple[Node, ...]:
        """Return its children."""
        return self.nodes

    async def act(self, work: Work) -> Result:
        """Run its children until one succeeds."""
        results: dict[str, Result] = {}
        for node in self.nodes:
            results[node.name] = result = await _child(node, work)
            if result.succeeded:
                break
        return _joined(results, self.nodes, results[next(reversed(results))])


Mode = Literal["fail_fast", "all", "quorum", "majority", "first", "race"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parallel(Node):
    """Runs children in parallel, each with its part of the budget.

    Args:
        mode: ``fail_fast`` ends all with the first that does not succeed; ``all`` waits for each, and is partial if
            only some succeed; ``quorum`` needs a number of successes; ``majority`` needs the same answer from more than
            half of all children, and a tie is a failure; ``first`` takes the first success, ``race`` the node that ends
            first.
        quorum: Successes that ``quorum`` needs.
        same: Returns the vote of an answer; the text without spaces around it by default.
    """

    nodes: tuple[Node, ...]
    mode: Mode = "all"
    quorum: int = 1
    same: Callable[[str], str] = str.strip

    def __post_init__(self) -> None:
        Node.__post_init__(self)
        if not self.nodes or not 1 <= self.quorum <= len(self.nodes):
            raise InputError(f"node {self.name!r}", "has children, and a quorum from 1 to their number")

    def children(self) -> tuple[Node, ...]:
        """Return its children."""
        return self.nodes

    async def act(self, work: Work) -> Result:
        """Run its children concurrently; children that are no longer needed are cancelled and awaited."""
        shares = work.share.split([node.weight for node in self.nodes])
        if shares is None:
            return Result(Status.FAILURE, detail="budget")
        results: dict[str, Result] = {}
        ended: list[str] = []

        async def one(node: Node, share: Share) -> None:
            own = work.within(share, own=True)
            try:
                results[node.name] = await node.run(own)
                ended.append(node.name)
                if self._over(results):
                    group.cancel_scope.cancel()
            finally:
                share.close()

        async with anyio.create_task_group() as group:
            for node, share in zip(self.nodes, shares, strict=True):
                group.start_soon(one, node, share)
        for node in self.nodes:
            work.results[node.name] = results.setdefault(node.name, Result(Status.CANCELLED, detail="not_needed"))
        return _joined(results, self.nodes, self._whole(results, ended))

    def _over(self, results: Mapping[str, Result]) -> bool:
        won = sum(result.succeeded for result in results.values())
        lost = len(results) - won
        if self.mode == "fail_fast":
            return lost > 0
        if self.mode == "quorum":
            return won >= self.quorum or len(self.nodes) - lost < self.quorum
        if self.mode == "majority":
            return self._winner(results) is not None
        return (self.mode == "first" and won > 0) or self.mode == "race"

    def _winner(self, results: Mapping[str, Result]) -> str | None:
        votes = Counter(self.same(result.text) for result in results.values() if result.succeeded)
        best = votes.most_common(1)
        return best[0][0] if best and best[0][1] * 2 > len(self.nodes) else None

    def _whole(self, results: Mapping[str, Result], ended: list[str]) -> Result:
        won = [name for name in ended if results[name].succeeded]
        waiting = any(result.status is Status.WAITING for result in results.values())
        text = "\n\n".join(f"{name}: {results[name].text}" for name in sorted(won))
        if self.mode == "majority":
            winner = self._winner(results)
            return Result(Status.FAILURE, detail="no_majority") if winner is None else Result(Status.SUCCESS, winner)
        if self.mode in {"first", "race"} and ended:
            name = next((name for name in ended if self.mode == "race" or results[name].succeeded), ended[-1])
            return results[name]
        needed = self.quorum if self.mode == "quorum" else len(self.nodes)
        if len(won) >= needed:
            return Result(Status.SUCCESS, text)
        if self.mode == "all" and won:
            return Result(Status.PARTIAL, text, "some_failed")
        return Result(Status.WAITING if waiting else Status.FAILURE, text, "too_few")


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop(Node):
    """Repeats its child until it succeeds and its check accepts, up to a limit."""

    node: Node
    until: Check | Judge | None = None
    most: int = 3

    def children(self) -> tuple[Node, ...]:
        """Return its child."""
        return (self.node,)

    def asks(self) -> Mapping[type[Payload], tuple[type[Payload], ...]]:
        """Return the questions to its judges."""
        return {**Node.asks(self), **({ToJudge: (Judgement,)} if isinstance(self.until, Judge) else {})}

    async def act(self, work: Work) -> Result:
        """Repeat its child until the result is accepted."""
        answers: tuple[LoopAnswer, ...] = ()
        result = Result(Status.FAILURE, detail="max_rounds")
        for _ in range(self.most):
            result = await _child(self.node, work)
            answers += result.answers
            if result.status is Status.WAITING or result.detail == "budget":
                return replace(result, answers=answers)
            why = "" if result.succeeded else result.detail or "failed"
            if result.succeeded and self.until is not None:
                why = await checked(self.until, work, result.text)
            if not why:
                return replace(result, answers=answers)
            work.reason = why
        return Result(Status.FAILURE, result.text, "max_rounds", answers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch(Node):
    """Runs one of several children, selected by a word."""

    by: Callable[[Work], str]
    cases: Mapping[str, Node]
    otherwise: Node | None = None

    def children(self) -> tuple[Node, ...]:
        """Return its children."""
        return (*self.cases.values(), *(() if self.otherwise is None else (self.otherwise,)))

    async def act(self, work: Work) -> Result:
        """Run the child for the word."""
        node = self.cases.get(self.by(work), self.otherwise)
        if node is None:
            return Result(Status.FAILURE, detail="no_case")
        return _joined({node.name: (result := await _child(node, work))}, self.children(), result)


@dataclass(frozen=True, slots=True, kw_only=True)
class Map(Node):
    """Runs a node for each of several items, with limited concurrency.

    Args:
        over: Returns the items.
        node: The node, with the item as ``{{item}}``.
        at_once: Number of items at the same time.
    """

    over: Callable[[Work], tuple[str, ...]]
    node: Node
    at_once: int = 4

    def children(self) -> tuple[Node, ...]:
        """Return its child."""
        return (self.node,)

    async def act(self, work: Work) -> Result:
        """Run the child for each item; each has an equal part of the budget."""
        items = self.over(work)
        if not items or len(items) > MOST_ITEMS:
            return Result(Status.FAILURE, detail="no_items" if not items else "too_many_items")
        shares = work.share.split([1] * len(items))
        if shares is None:
            return Result(Status.FAILURE, detail="budget")
        results: list[Result] = [Result(Status.CANCELLED)] * len(items)
        slots = anyio.CapacityLimiter(self.at_once)

        async def one(position: int) -> None:
            share = shares[position]
            own = work.within(share, item=items[position], own=True)
            try:
                async with slots:
                    results[position] = await self.node.run(own)
            finally:
                share.close()

        async with anyio.create_task_group() as group:
            for position in range(len(items)):
                group.start_soon(one, position)
        won = [result for result in results if result.succeeded]
        text = "\n\n".join(f"{position + 1}. {one.text}" for position, one in enumerate(results) if one.succeeded)
        answers = tuple(answer for result in results for answer in result.answers)
        some = Status.PARTIAL if won else Status.FAILURE
        status = Status.SUCCESS if len(won) == len(items) else some
        lost = "" if status is Status.SUCCESS else "some_failed"
        return Result(status, text, lost, answers, {f"item_{index}": one.status for index, one in enumerate(results)})


async def _child(node: Node, work: Work) -> Result:
    """Run one child with all that is left of the budget."""
    shares = work.share.split([1])
    if shares is None:
        return Result(Status.FAILURE, detail="budget")
    (share,) = shares
    own = work.within(share)
    try:
        return await node.run(own)
    finally:
        share.close()
        work.reason = own.reason


def _joined(results: Mapping[str, Result], nodes: tuple[Node, ...], whole: Result) -> Result:
    """Return the result of a node with those of its children; one that did not run was skipped."""
    statuses = {node.name: results[node.name].status if node.name in results else Status.SKIPPED for node in nodes}
    answers = tuple(answer for result in results.values() for answer in result.answers)
    return replace(whole, answers=answers, children=statuses)


def asks_of(root: Node) -> dict[type[Payload], tuple[type[Payload], ...]]:
    """Return the questions of a flow.

    Raises:
        InputError: A name occurs twice, or there are too many nodes.
    """
    made: dict[type[Payload], tuple[type[Payload], ...]] = {}
    names: Counter[str] = Counter()
    for node in every(root):
        names[node.name] += 1
        if names.total() > MOST_NODES:
            raise InputError("flow", f"has more than {MOST_NODES} nodes", "make a part of it a separate flow")
        for kind, answers in node.asks().items():
            made[kind] = tuple(dict.fromkeys((*made.get(kind, ()), *answers)))
    twice = next((name for name, count in names.items() if count > 1), None)
    if twice is not None:
        raise InputError(f"node {twice!r}", "is listed twice in a flow", "give one of them another name")
    return made


__all__ = [
    "Ask", "Check", "Judge", "Loop", "Map", "Node", "Parallel", "Result", "Selector", "Sequence", "Status",
    "Switch", "Work", "asks_of", "checked", "every",
]  # fmt: skip
