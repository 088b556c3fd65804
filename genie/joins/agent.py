"""Declared joins at run time: parts of one scope, gathered into one payload."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_origin

from pydantic import ValidationError

from genie.contracts.agent import Join
from genie.contracts.card import AgentCard
from genie.contracts.classification import Classification
from genie.contracts.message import Message, Payload, topic_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from genie.backend.timers import Entry
    from genie.bus.accounting import Scope
    from genie.contracts.headers import Headers


class JoinPoint:
    """One declared join as the bus knows it."""

    __slots__ = ("card", "gates", "join", "kinds")

    def __init__(self, join: Join) -> None:
        self.join = join
        self.kinds = tuple(dict.fromkeys(join.parts.values()))
        self.card = AgentCard(id=join.id, consumes=self.kinds, produces=(join.into,), clearance=join.clearance)
        self.gates: dict[type[Payload], Any] = {}

    def open(self, scope: Scope, producers: Mapping[type[Payload], int]) -> JoinState:
        """Return the state of this join for one scope."""
        return JoinState(self, scope, producers)


class JoinState:
    """What one join has of one scope."""

    __slots__ = ("_failures", "_got", "_wanted", "closed", "headers", "label", "last", "point", "scope", "timer")

    def __init__(self, point: JoinPoint, scope: Scope, producers: Mapping[type[Payload], int]) -> None:
        self.point = point
        self.scope = scope
        self.closed = False
        self.label = Classification.PUBLIC
        self.headers: Headers | None = None
        self.last: Message[Any]
        self.timer: Entry | None = None
        self._failures: dict[type[Payload], list[str]] = {}
        self._got: dict[str, dict[str, Payload]] = {field: {} for field in point.join.parts}
        self._wanted = {
            field: max(1, producers[kind]) if self._several(field) else 1 for field, kind in point.join.parts.items()
        }

    def _several(self, field: str) -> bool:
        info = self.point.join.into.model_fields[field]
        return get_origin(info.annotation) is tuple

    def put(self, kind: type[Payload], sender: str, payload: Payload, message: Message[Any]) -> bool:
        """Take a part; False when every place for it is taken."""
        for field, of in self.point.join.parts.items():
            got = self._got[field]
            if of is kind and len(got) < self._wanted[field] and sender not in got:
                got[sender] = payload
                self._read(message)
                return True
        return False

    def failed(self, kind: type[Payload], sender: str, reason: str, message: Message[Any]) -> None:
        """A part was denied to the join, which may still be what causes its output."""
        if not any(self._got.values()):
            self._read(message)
        self._failures.setdefault(kind, []).append(f"{sender}: {reason}")

    def _read(self, message: Message[Any]) -> None:
        """What is made of the parts is caused by the last, as sensitive as the highest, as narrow as the narrowest."""
        self.last = message
        self.label = max(self.label, message.label)
        self.headers = message.headers if self.headers is None else self.headers.met(message.headers)

    @property
    def complete(self) -> bool:
        """What ``need`` asks for is in."""
        need = self.point.join.need
        came = sum(len(got) for got in self._got.values())
        if need == "all":
            return all(len(self._got[field]) >= wanted for field, wanted in self._wanted.items())
        return came >= (1 if need == "first" else need)

    def outstanding(self) -> list[type[Payload]]:
        """Return the classes of which a part has not come."""
        parts = self.point.join.parts
        return [parts[field] for field, wanted in self._wanted.items() if len(self._got[field]) < wanted]

    def build(self) -> tuple[Payload | None, str]:
        """Return the joined payload, or None and the reason why there is none."""
        join = self.point.join
        if not self.complete and join.partial == "fail":
            return None, f"join: {self._why_missing()}"
        values: dict[str, object] = {}
        for field, got in self._got.items():
            if self._several(field):
                values[field] = tuple(got[sender] for sender in sorted(got))
            elif got:
                values[field] = next(iter(got.values()))
        try:
            return join.into(**values), ""
        except ValidationError:
            return None, f"join: {topic_of(join.into).name} cannot be built without {self._why_missing()}"

    def _why_missing(self) -> str:
        named = []
        for kind in dict.fromkeys(self.outstanding()):
            why = "; ".join(self._failures.get(kind, ())) or "did not come"
            named.append(f"{topic_of(kind).name} ({why})")
        return ", ".join(named)
