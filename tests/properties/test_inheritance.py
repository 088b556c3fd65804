"""Labels never fall and roles never rise, along any path that content can take.

Each payload carries the numbers of all payloads whose content went into it: agents copy them from whatever they read,
be it their message, an answer, a join's part or their scratch. So the law is checked against where content really went,
not against the paths that somebody thought of: publishing with narrower headers, timers, gathers, joins, fallbacks,
retries, streams, the scratch of a run, and dead letters that are redriven.
"""

from __future__ import annotations

import contextlib
import itertools
from typing import TYPE_CHECKING, Any

import anyio
from hypothesis import given, settings
from hypothesis import strategies as st

from genie.contracts.agent import Join
from genie.contracts.card import AgentCard, Caller
from genie.contracts.classification import Classification
from genie.contracts.context import Context
from genie.contracts.headers import Headers
from genie.contracts.limits import Retry
from genie.contracts.message import Payload
from genie.journal.memory import MemoryJournal
from genie.policies.clearance import Clearance
from genie.policy.policy import PolicySet
from genie.runtime.runtime import Runtime

if TYPE_CHECKING:
    from collections.abc import Callable

    from genie.contracts.message import Message

ROLES = frozenset("abc")
CONSENTS = frozenset("xy")
LEVELS = tuple(Classification)


class K0(Payload, topic="inherit.k0", classification="public"):
    number: int
    seen: tuple[int, ...] = ()


class K1(Payload, topic="inherit.k1", classification="internal"):
    number: int
    seen: tuple[int, ...] = ()


class K2(Payload, topic="inherit.k2", classification="restricted"):
    number: int
    seen: tuple[int, ...] = ()


class K3(Payload, topic="inherit.k3", classification="public"):
    number: int
    seen: tuple[int, ...] = ()


class K4(Payload, topic="inherit.k4", classification="confidential"):
    number: int
    seen: tuple[int, ...] = ()


class K5(Payload, topic="inherit.k5", classification="public"):
    number: int
    seen: tuple[int, ...] = ()


class Joined(Payload, topic="inherit.joined", classification="public"):
    left: K3 | None = None
    right: K4 | None = None


class Last(Payload, topic="inherit.last", classification="public"):
    number: int
    seen: tuple[int, ...] = ()


KINDS: tuple[type[Any], ...] = (K0, K1, K2, K3, K4, K5)
"""An agent that takes one of them sends those after it, so that everything ends."""


def content(payload: Any) -> frozenset[int]:
    """Return the numbers of the payloads whose content is in one, its own included."""
    if isinstance(payload, Joined):
        return frozenset().union(*(content(part) for part in (payload.left, payload.right) if part is not None))
    return frozenset((payload.number, *payload.seen))


class FailingError(Exception):
    """An agent's program says so."""


class Actor:
    """An agent that follows a program, and copies what it has read into everything that it sends."""

    def __init__(self, card: AgentCard, steps: list[tuple[Any, ...]], numbers: itertools.count[int]) -> None:
        self.card = card
        self._steps = steps
        self._numbers = numbers
        self._failed: set[str] = set()

    def _made(self, kind: type[Any], seen: set[int]) -> Any:
        return kind(number=next(self._numbers), seen=tuple(sorted(seen)))

    async def handle(self, message: Message[Any], context: Context) -> object:
        seen = set(content(message.payload))
        scratch = context.state if any(step[0] == "hold" for step in self._steps) else None
        outputs: list[Any] = []
        for step, *arguments in self._steps:
            if step == "publish":
                kind, roles, consent, level = arguments
                narrow = context.headers.narrowed(roles=roles, consent=consent, classification=level)
                await context.publish(self._made(kind, seen), headers=narrow)
            elif step == "after":
                context.after(arguments[0], self._made(arguments[1], seen))
            elif step == "ask":
                question, answer = arguments
                gathered = await context.gather(self._made(question, seen), expect=answer, within_s=20)
                part = gathered.get(answer)
                seen |= set() if part is None else content(part)
            elif step == "put":
                (context.state if scratch is None else scratch).setdefault("seen", set()).update(seen)
            elif step == "get":
                seen |= (context.state if scratch is None else scratch).get("seen", set())
            elif step == "wait":
                await anyio.sleep(arguments[0])
            elif step == "fail" and message.id not in self._failed:
                self._failed.add(message.id)
                raise FailingError
            elif step == "return":
                outputs.append(self._made(arguments[0], seen))
        return tuple(outputs)


@st.composite
def programs(draw: st.DrawFn, at: int) -> list[tuple[Any, ...]]:
    """Draw what an agent does that takes the kind at a position."""
    after = KINDS[at + 1 :]
    some: list[Any] = [
        st.just(("put",)), st.just(("get",)), st.just(("hold",)), st.just(("fail",)),
        st.tuples(st.just("wait"), st.sampled_from((0.5, 2.0))),
    ]  # fmt: skip
    if after:
        kinds = st.sampled_from(after)
        subsets = st.sets(st.sampled_from("abc")).map(frozenset)
        some += [
            st.tuples(st.just("publish"), kinds, subsets, st.sets(st.sampled_from("xy")).map(frozenset),
                      st.sampled_from(LEVELS)),
            st.tuples(st.just("after"), st.sampled_from((0.0, 1.0)), kinds),
            st.tuples(st.just("return"), kinds),
        ]  # fmt: skip
    if len(after) > 1:
        asked = draw(st.integers(0, len(after) - 2))
        some.append(st.tuples(st.just("ask"), st.just(after[asked]), st.sampled_from(after[asked + 1 :])))
    return draw(st.lists(st.one_of(some), max_size=5))


@st.composite
def worlds(draw: st.DrawFn) -> list[Actor]:
    """Draw two agents for each kind, of which the first may fall back on the second."""
    numbers = itertools.count(1)
    actors = []
    for at, kind in enumerate(KINDS):
        for which in ("main", "spare"):
            steps = draw(programs(at))
            asks: dict[type[Any], tuple[Any, ...]] = {}
            for step in steps:
                if step[0] == "ask":
                    asks[step[1]] = (*asks.get(step[1], ()), step[2])
            card = AgentCard(
                id=f"{which}{at}", consumes=(kind,), produces=KINDS[at + 1 :], publishes=KINDS[at + 1 :], asks=asks,
                clearance=draw(st.sampled_from((*LEVELS, Classification.RESTRICTED))),
                concurrency=draw(st.sampled_from((1, 3))), fallback=f"spare{at}" if which == "main" else None,
                retry=Retry(attempts=draw(st.sampled_from((1, 2))), first_s=0.1),
            )  # fmt: skip
            actors.append(Actor(card, steps, numbers))
    taker = AgentCard(id="taker", consumes=(Joined,), produces=(Last,), clearance=Classification.RESTRICTED)
    actors.append(Actor(taker, [("return", Last)], numbers))
    return actors


@settings(max_examples=30)
@given(actors=worlds(), partial=st.booleans(), questions=st.integers(1, 2))
def test_what_is_made_of_content_is_as_sensitive_and_as_narrow_as_all_of_it(
    live: Callable[..., Any], actors: list[Actor], partial: bool, questions: int
) -> None:
    journal = MemoryJournal()
    join = Join(
        id="join", into=Joined, parts={"left": K3, "right": K4}, need="first" if partial else "all",
        partial="publish" if partial else "fail", within_s=30,
    )  # fmt: skip

    async def lives() -> None:
        caller = Caller(roles=ROLES, consent=CONSENTS)
        async with Runtime(
            actors, joins=[join], policies=PolicySet((Clearance(),)), journal=journal, seed=1, wall=0.0, prefix="t"
        ) as runtime:
            for number in range(questions):
                await runtime.publish(K0(number=-1 - number), caller=caller)
            await anyio.sleep(500)
            for letter in runtime.operations.dead_letters():
                await runtime.redrive(letter.id)
            await anyio.sleep(500)
            assert runtime.statistics().totals.in_flight == 0

    with contextlib.suppress(TimeoutError):
        live(lives)
    sent: dict[int, list[tuple[Classification, Headers]]] = {}
    for record in journal:
        if record.kind == "accepted" and record.message is not None:
            message = record.message
            for number in content(message.payload):
                for label, headers in sent.get(number, ())[:1]:  # as it was when it first left
                    assert message.label >= label, (record, number)
                    assert message.headers.widened_beyond(headers) == (), (record, number)
            if not isinstance(message.payload, Joined):
                sent.setdefault(message.payload.number, []).append((message.label, message.headers))  # type: ignore[attr-defined]  # every other kind has one
    assert sent
