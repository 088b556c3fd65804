"""Fan-in: what a scope expects, what has come, and what can no longer come.

``Expectation`` is plain state without a loop: parts are put or failed, and it knows when the wait is over. The bus
feeds it; the asker waits on it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from genie.message import Classification, Payload, topic_of
from genie.protocol import Each, Gathered, Missing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from genie.account import Failure
    from genie.protocol import Expected, Need

LATE = "late"
NOBODY = "nobody subscribed"


class _Slot:
    """One part: a plain ``T``, or the ``T`` of one agent."""

    __slots__ = ("agent", "held", "payload", "reason")

    def __init__(self, agent: str | None) -> None:
        self.agent = agent
        self.payload: Payload | None = None
        self.reason: str | None = None
        self.held: str | None = None


class Expectation:
    """The parts that one asker waits for.

    Args:
        expect: Payload classes or ``Each(T)``; each payload class once.
        need: ``all``, ``first``, or a number of parts.
        members: The agents of an ``Each``.
        wake: Called once, when the wait is over.

    Raises:
        ValueError: Nothing is expected, one class twice, or ``need`` is out of range.
    """

    __slots__ = ("_left", "_need", "_wake", "came", "closed", "done", "each", "expect", "kinds", "label", "open_parts")

    def __init__(
        self,
        expect: tuple[Expected, ...],
        need: Need,
        members: Callable[[Each[Any]], Iterable[str]],
        wake: Callable[[], None],
    ) -> None:
        self.expect = expect
        self._wake = wake
        self.kinds: dict[type[Payload], dict[str, _Slot] | _Slot] = {}
        self.each: dict[type[Payload], Each[Any]] = {}
        self.open_parts = 0
        self.came = 0
        self.label = Classification.PUBLIC
        """Highest declared label of the answers taken."""
        self.done = False
        """The wait is over: what was needed is in, or nothing more can come."""
        self.closed = False
        """The asker has taken the result; what comes now is late."""
        for part in expect:
            kind = part.payload if isinstance(part, Each) else part
            if kind in self.kinds:
                raise ValueError(f"{kind.__name__} is expected twice; one part per payload class")
            if isinstance(part, Each):
                slots = {agent: _Slot(agent) for agent in members(part)}
                self.each[kind] = part
                self.kinds[kind] = slots
                self.open_parts += len(slots)
            else:
                self.kinds[kind] = _Slot(None)
                self.open_parts += 1
        if not expect:
            raise ValueError("expects nothing; publish needs no gather")
        self._left = self.open_parts
        if need != "all" and need != "first" and (isinstance(need, bool) or need < 1):  # noqa: PLR1714 - narrows need
            raise ValueError(f"need is 'all', 'first' or a number from 1, not {need!r}")
        self._need = self.open_parts if need == "all" else 1 if need == "first" else need
        if self.open_parts == 0:
            self.finish()

    def put(self, kind: type[Payload], agent: str, payload: Payload) -> bool:
        """Take an answer; False when it is late or a second one."""
        found = self.kinds[kind]
        slot = found.get(agent) if isinstance(found, dict) else found
        if slot is None or self.done or slot.payload is not None or slot.reason is not None:
            return False
        slot.payload = payload
        self.came += 1
        self._left -= 1
        if self._left == 0 or self.came >= self._need:
            self.finish()
        return True

    def fail(self, slot: _Slot, reason: str) -> None:
        """Say that a part will not come."""
        if slot.payload is None and slot.reason is None:
            slot.reason = reason
            self._left -= 1
            if self._left == 0:
                self.finish()

    def finish(self) -> None:
        """End the wait with what there is."""
        if not self.done:
            self.done = True
            self._wake()

    def outstanding(self) -> list[tuple[type[Payload], _Slot]]:
        """Return the parts that are neither in nor known to be missing."""
        return [(kind, slot) for kind, slot in self._slots() if slot.payload is None and slot.reason is None]

    def wants(self, kind: type[Payload]) -> bool:
        """True while a part of that class is outstanding."""
        return any(of is kind for of, _ in self.outstanding())

    def slot_of(self, kind: type[Payload], agent: str) -> _Slot | None:
        """Return the part that an answer of that class from that agent would fill."""
        slot = self.kinds.get(kind)
        return slot.get(agent) if isinstance(slot, dict) else slot

    def _slots(self) -> Iterable[tuple[type[Payload], _Slot]]:
        for kind, slot in self.kinds.items():
            if isinstance(slot, dict):
                for each in slot.values():
                    yield kind, each
            else:
                yield kind, slot

    def fail_from(self, failure: Failure, consumed: Payload | type[Payload]) -> None:
        """A delivery failed for good: the part of an ``Each`` that only it could bring is missing."""
        for kind, each in self.each.items():
            slots = self.kinds[kind]
            if isinstance(slots, dict) and (each.of is None or each.of is consumed):
                slot = slots.get(failure.instead_of)
                if slot is not None:
                    self.fail(slot, str(failure))

    def conclude(self, failures: Iterable[Failure], reaches: Callable[[str, type[Payload]], bool]) -> None:
        """Nothing that could answer is in flight: every outstanding part is missing, each with its reason."""
        failures = tuple(failures)
        for kind, slot in self.outstanding():
            self.fail(slot, self._reason(kind, slot, failures, reaches))
        self.finish()

    def give_up(
        self, kind: type[Payload], failures: Iterable[Failure], reaches: Callable[[str, type[Payload]], bool]
    ) -> None:
        """Nothing in flight can bring ``kind``, although other things still run."""
        failures = tuple(failures)
        for of, slot in self.outstanding():
            if of is kind:
                self.fail(slot, self._reason(kind, slot, failures, reaches))

    def _reason(
        self,
        kind: type[Payload],
        slot: _Slot,
        failures: tuple[Failure, ...],
        reaches: Callable[[str, type[Payload]], bool],
    ) -> str:
        if slot.agent is not None:
            own = [f for f in failures if slot.agent in {f.agent, f.instead_of}]
            return "; ".join(dict.fromkeys(map(str, own))) or "answered nothing"
        guilty = [f for f in failures if reaches(f.agent, kind)]
        if guilty:
            slot.agent = guilty[-1].instead_of
            return "; ".join(dict.fromkeys(map(str, guilty)))
        return NOBODY

    def result(self, run_id: str, late: str = LATE) -> Gathered:
        """Return what came; an outstanding part is missing as held or late."""
        parts: dict[type[Payload], Payload] = {}
        each: dict[Each[Any], Mapping[str, Payload]] = {}
        missing: dict[str, Missing] = {}
        for kind, slots in self.kinds.items():
            if isinstance(slots, dict):
                each[self.each[kind]] = {a: s.payload for a, s in slots.items() if s.payload is not None}
            elif slots.payload is not None:
                parts[kind] = slots.payload
        for kind, slot in self._slots():
            if slot.payload is None:
                reason = slot.reason or (f"held({slot.held})" if slot.held else late)
                name = slot.agent or topic_of(kind).name
                if name in missing:
                    name = f"{name}:{topic_of(kind).name}"
                missing[name] = Missing(topic_of(kind).name, slot.agent, reason)
        return Gathered(run_id, parts, each, missing)


