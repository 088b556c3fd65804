"""A gather as plain state, without a loop: what a scope expects, what arrived, and what can no longer arrive.

The bus adds answers, ``genie.bus.correlator`` marks parts as impossible, and the asker waits on it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Protocol

from genie.contracts.classification import Classification
from genie.contracts.gather import Each, Gathered, Missing
from genie.contracts.message import Payload, topic_of
from genie.errors import shown_number, shown_type

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from genie.backend.asyncio_trio import Future, Waiter
    from genie.backend.timers import Timers
    from genie.contracts.card import AgentCard, Caller
    from genie.contracts.gather import Expected, Need
    from genie.contracts.headers import Headers
    from genie.contracts.outcome import Failure
    from genie.inflight.mailbox import RoomTicket
    from genie.policy.evaluator import Evaluator

LATE = "late"
NOBODY = "no agent takes the question"
NOTHING = "answered nothing"
HELD, NO_ANSWER, UNSUBSCRIBED = "held", "nothing", "nobody"
"""Codes of missing parts, besides outcomes and reasons of dead letters."""
ONE = ""
"""Stands for the sender if one answer of a class is expected from any sender."""

Part = tuple[type[Payload], str]
"""A payload class, and the agent that should send it (``ONE`` for a plain class)."""


class Clockwork(Protocol):
    """The parts of the bus that a sender uses while it waits for room in a stream."""

    now: Callable[[], float]
    make_waiter: Callable[[], Waiter]
    timers: Timers


class Asker:
    """An outside caller: the card that answers are judged for, and the headers of its runs."""

    __slots__ = ("__weakref__", "caller", "card", "evaluators", "headers")

    def __init__(self, card: AgentCard, headers: Headers, caller: Caller | None = None) -> None:
        self.card = card
        self.headers = headers
        self.caller = caller
        """The asking identity, for a log; None if nothing is logged."""
        self.evaluators: dict[type[Payload], Evaluator] = {}
        """Compiled policies for answers to it, by payload class."""


class GatherSpec:
    """The expectation of a gather, validated and compiled once for all gathers of the same form.

    Args:
        expect: Payload classes or ``Each(T)``; each payload class once.
        need: ``all``, ``first``, or a number of parts.
        members: Returns the agents of an ``Each``.
        asked: Class of the question.

    Raises:
        TypeError: What is expected is not a payload class.
        ValueError: The expectation is empty, names a class twice, or ``need`` is out of range.
    """

    __slots__ = ("asked", "each", "layout", "need", "parts")

    def __init__(
        self,
        expect: tuple[Expected, ...],
        need: Need,
        members: Callable[[Each[Payload]], Iterable[str]],
        asked: type[Payload] | None = None,
    ) -> None:
        self.asked = asked
        self.layout: dict[type[Payload], dict[str, Payload | None]] = {}
        self.each: dict[type[Payload], Each[Payload]] = {}
        for part in expect:
            kind = part.payload if isinstance(part, Each) else part
            given: object = kind
            if not (isinstance(given, type) and issubclass(given, Payload)):
                raise TypeError(f"a gather can expect Payload classes and Each(...) of them, not {shown_type(given)}")
            if kind in self.layout:
                raise ValueError(f"{kind.__name__} is expected twice; each payload class can be expected once")
            if isinstance(part, Each):
                self.each[kind] = part
                self.layout[kind] = dict.fromkeys(members(part))
            else:
                self.layout[kind] = {ONE: None}
        if not expect:
            raise ValueError("expects nothing; publish needs no gather")
        count: object = need
        if not (count >= 1 if type(count) is int else type(count) is str and count in {"all", "first"}):
            raise ValueError(f"need must be 'all', 'first' or a number from 1, not {shown_number(need)}")
        self.parts = sum(map(len, self.layout.values()))
        self.need = self.parts if need == "all" else 1 if need == "first" else int(need)


class Gather:
    """The parts that one asker waits for. Initial values are class attributes, as for ``Scope``.

    Args:
        spec: What is expected.
        on_end: Called when the wait is over, for askers that do not await ``waiter``.
    """

    waiter: Future | None = None
    """The future that the asker awaits now."""
    notices: tuple[str, ...] | None = ()
    """Notices that an outside asker must show with the answers; None for an asker that cannot."""
    closed = False
    """The asker has taken the result; later answers are late."""
    until = math.inf
    """When the asker stops waiting."""

    def __init__(self, spec: GatherSpec, on_end: Callable[[], None] | None = None) -> None:
        self.kinds = kinds = spec.layout.copy()
        """Payload class -> sender -> answer."""
        for kind, parts in kinds.items():  # a comprehension would cost a call
            kinds[kind] = parts.copy()
        self.label = Classification.PUBLIC
        """Highest declared label of the answers taken."""
        self.headers: Headers | None = None
        """The narrowest headers of the answers taken."""
        self.came = 0
        self.done = False
        """The wait is over: the needed parts have arrived, or no more can."""
        self._lost: dict[Part, Missing] | None = None
        self.asked = spec.asked
        self.each = spec.each
        self._left = spec.parts
        self.need = spec.need
        self._on_end = on_end
        if not spec.parts:
            self.finish()

    def expected(self) -> tuple[Expected, ...]:
        """Return the expectation as the asker wrote it."""
        return tuple(self.each.get(kind, kind) for kind in self.kinds)

    @property
    def crowded(self) -> bool:
        """True for a stream with more parts than its asker reads."""
        return False

    async def room(self, bus: Clockwork, agent: str) -> None:
        """Wait until a stream's asker has read some of its parts."""

    def put(self, kind: type[Payload], agent: str, payload: Payload) -> bool:
        """Add an answer; return False if it is late, repeated, or from an agent that was not asked."""
        if kind not in self.each:
            agent = ONE
        parts = self.kinds[kind]
        if self.done or parts.get(agent, payload) is not None or (self._lost and (kind, agent) in self._lost):
            return False
        parts[agent] = payload
        self.came += 1
        self._left -= 1
        if self._left == 0 or self.came >= self.need:
            self.finish()
        return True

    def narrow(self, headers: Headers) -> None:
        """Narrow the headers by those of an answer that was taken."""
        self.headers = headers if self.headers is None else self.headers.met(headers)

    def owe(self, notices: tuple[str, ...]) -> None:
        """Add the notices of an answer that was taken, each once."""
        self.notices = tuple(dict.fromkeys((*(self.notices or ()), *notices)))

    def why_missing(self, kind: type[Payload]) -> str | None:
        """Return why the answer of a plain class is missing, if known."""
        missing = (self._lost or {}).get((kind, ONE))
        return None if missing is None else missing.reason

    def lose(
        self, kind: type[Payload], agent: str, reason: str, blame: str | None = None, code: str = NO_ANSWER
    ) -> None:
        """Mark a part as missing.

        Args:
            kind: Its class.
            agent: The expected sender; for a plain class, any agent.
            reason: A named outcome.
            blame: The agent to name; ``agent`` by default.
            code: The reason's code for programs.
        """
        if kind not in self.each:
            agent, blame = ONE, blame or agent or None
        if self.done or self.kinds[kind].get(agent, self) is not None or (self._lost and (kind, agent) in self._lost):
            return
        if self._lost is None:
            self._lost = {}
        self._lost[kind, agent] = Missing(topic_of(kind).name, blame or agent or None, reason, code)
        self._left -= 1
        if self._left == 0:
            self.finish()

    def wake(self) -> None:
        """Wake the asker so that it checks its condition."""
        waiter = self.waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def finish(self) -> None:
        """End the wait with the parts that have arrived."""
        if not self.done:
            self.done = True
            self.wake()
            if self._on_end is not None:
                self._on_end()

    def withhold(self) -> None:
        """Treat every part as late: the log has not stored them in time."""
        self.kinds = {kind: dict.fromkeys(parts) for kind, parts in self.kinds.items()}
        self._left, self.notices = 1, ()

    def outstanding(self) -> list[Part]:
        """Return the parts that have not arrived and are not known to be missing."""
        lost = self._lost or {}
        return [
            (kind, agent) for kind, parts in self.kinds.items() for agent, payload in parts.items()
            if payload is None and (kind, agent) not in lost
        ]  # fmt: skip

    def fail_from(self, failure: Failure, consumed: type[Payload]) -> None:
        """A delivery failed for good: mark the part of an ``Each`` that only it could produce as missing."""
        for kind, each in self.each.items():
            if (each.of or self.asked) in {None, consumed} and failure.instead_of in self.kinds[kind]:
                self.lose(kind, failure.instead_of, str(failure), code=failure.code)

    def give_up(
        self, kind: type[Payload], failures: Iterable[Failure], reaches: Callable[[str | None, type[Payload]], bool]
    ) -> None:
        """Nothing in flight can produce ``kind``: mark its outstanding parts as missing, each with its reason."""
        failures = tuple(failures)
        for of, agent in self.outstanding():
            if of is not kind:
                continue
            if agent != ONE:
                own = [f for f in failures if agent in {f.agent, f.instead_of}]
                self.lose(kind, agent, _reasons(own) or NOTHING, code=own[-1].code if own else NO_ANSWER)
            else:
                guilty = [f for f in failures if reaches(f.agent, kind)]
                otherwise, code = (NOTHING, NO_ANSWER) if reaches(None, kind) else (NOBODY, UNSUBSCRIBED)
                blame = guilty[-1].instead_of if guilty else None
                self.lose(kind, ONE, _reasons(guilty) or otherwise, blame, guilty[-1].code if guilty else code)

    def conclude(self, failures: Iterable[Failure], reaches: Callable[[str | None, type[Payload]], bool]) -> None:
        """Nothing that could answer is in flight: mark every outstanding part as missing, each with its reason.

        Args:
            failures: Failures in the scope.
            reaches: Whether a class can follow from a delivery to an agent, or from the question when None is given.
        """
        failures = tuple(failures)
        for kind in self.kinds:
            self.give_up(kind, failures, reaches)
        self.finish()

    def result(
        self, run_id: str, errors: tuple[tuple[str, BaseException], ...] = (), held: Mapping[Part, str] | None = None
    ) -> Gathered:
        """Return the result; outstanding parts are missing as held or late.

        Args:
            run_id: Id of the run.
            errors: Exceptions of the run's agents, if they are kept.
            held: Parts that wait for a person, each with the hold.
        """
        each: dict[Each[Payload], Mapping[str, Payload]] = {}
        plain: dict[type[Payload], Payload] = {}
        whole = self._left == 0 and not self._lost
        for kind, parts in self.kinds.items():
            came: Mapping[str, Payload] = parts  # type: ignore[assignment]  # no part is None, and none is put in later
            if not whole:
                came = {agent: payload for agent, payload in parts.items() if payload is not None}
            if kind in self.each:
                each[self.each[kind]] = came
            elif came:
                plain[kind] = came[ONE]
        missing = {} if whole else self._missing(held or {})
        return Gathered(run_id, plain, each, missing, self.notices or (), errors)

    def _missing(self, held: Mapping[Part, str]) -> dict[str, Missing]:
        lost = dict(self._lost or {})
        for kind, agent in self.outstanding():
            hold_id = held.get((kind, agent))
            reason, code = (LATE, LATE) if hold_id is None else (f"held({hold_id})", HELD)
            lost[kind, agent] = Missing(topic_of(kind).name, agent or None, reason, code)
        named: dict[str, Missing] = {}
        for missing in lost.values():
            name = missing.agent or missing.part
            named[f"{name}:{missing.part}" if name in named else name] = missing
        return named


def _reasons(failures: list[Failure]) -> str:
    return "; ".join(dict.fromkeys(map(str, failures)))


def out_of_time(waits: tuple[Gather, RoomTicket | None]) -> None:
    """End a wait at its time, including a wait for room."""
    gather, ticket = waits
    gather.finish()
    if ticket is not None:
        ticket.give_up()
