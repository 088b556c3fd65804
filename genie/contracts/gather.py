"""Fan-in: what a caller expects, what arrived, and what is missing."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import (
    TYPE_CHECKING,
    Any,
    Generic,
    Literal,
    NamedTuple,
    TypeVar,
    overload,
)

from genie.contracts.message import Payload, topic_of
from genie.errors import PartMissingError
from genie.errors.tracebacks import cause_among

if TYPE_CHECKING:
    pass

T = TypeVar("T", bound=Payload)

# --- fan-in: what is expected, what came ---


@dataclass(frozen=True, slots=True)
class Each(Generic[T]):
    """One ``T`` from every subscriber of the message whose card produces ``T``, keyed by agent id.

    Args:
        payload: The answer expected of each.
        of: The message whose subscribers are meant; by default the one that is asked or gathered. An outside caller
            names it when its question is fanned out by another agent.
    """

    payload: type[T]
    of: type[Payload] | None = None

    def __hash__(self) -> int:
        return hash(self.payload)


Expected = type[Payload] | Each[Any]
Need = Literal["all", "first"] | int
"""How many parts end the wait: ``"all"``, ``"first"``, or a number from 1."""


class Missing(NamedTuple):
    """A part that did not come, and why."""

    part: str
    """Topic of the answer."""
    agent: str | None
    """Who should have sent it; None when nobody could."""
    reason: str
    """A named outcome with its detail, for example ``"dead_lettered(ValueError)"`` or ``"late"``."""
    code: str = ""
    """For programs: the outcome, or the reason code of a dead letter; ``budget``, ``held``, ``late``, ``nobody`` or
    ``nothing``."""

    def __str__(self) -> str:
        return self.reason


class Gathered:
    """What one gather brought: typed parts, and the missing ones by name.

    ``views[Forecast]`` is the payload; ``views[Each(Advice)]`` is a mapping from agent id to payload, holding those
    that came. ``views.missing`` maps a name (the agent's id, or the topic when no single agent is to blame) to the
    reason. ``views.notices`` is what an outside caller must show beside what came.
    """

    __slots__ = ("_each", "_errors", "_parts", "missing", "notices", "run_id")

    def __init__(
        self,
        run_id: str,
        parts: Mapping[type[Payload], Payload],
        each: Mapping[Each[Any], Mapping[str, Payload]],
        missing: Mapping[str, Missing],
        notices: tuple[str, ...] = (),
        errors: tuple[tuple[str, BaseException], ...] = (),
    ) -> None:
        self.run_id = run_id
        self._errors = errors
        self.notices = notices
        self._parts = parts
        self._each = each
        self.missing = missing

    def __repr__(self) -> str:
        came = [topic_of(kind).name for kind in self._parts]
        came += [f"{topic_of(each.payload).name} of {', '.join(by) or 'nobody'}" for each, by in self._each.items()]
        missing = [f"{name}: {one.reason}" for name, one in self.missing.items()]
        told = f"came: {'; '.join(came) or 'nothing'}" + (f"; missing: {'; '.join(missing)}" if missing else "")
        return f"<Gathered of run {self.run_id}, {told}>"

    @overload
    def __getitem__(self, part: type[T]) -> T: ...
    @overload
    def __getitem__(self, part: Each[T]) -> Mapping[str, T]: ...
    def __getitem__(self, part: type[T] | Each[T]) -> T | Mapping[str, T]:
        """Return the part.

        Raises:
            PartMissingError: It did not come; the error says why.
            KeyError: It was not expected.
        """
        if isinstance(part, Each):
            return typing.cast("Mapping[str, T]", self._each[part])
        found = self._parts.get(part)
        if found is not None:
            return typing.cast("T", found)
        name = topic_of(part).name
        for missing in self.missing.values():
            if missing.part == name:
                cause = cause_among(self._errors, missing.agent)
                raise PartMissingError(
                    run_id=self.run_id, part=name, reason=missing.reason, why=missing.code
                ) from cause
        raise KeyError(f"{name} was not expected of this gather")

    def get(self, part: type[T]) -> T | None:
        """Return the part, or None if it is missing."""
        return typing.cast("T | None", self._parts.get(part))

    @property
    def complete(self) -> bool:
        """True when nothing expected is missing."""
        return not self.missing

    def _repr_html_(self) -> str:
        """Show in a notebook which parts came, by topic, and why the others did not."""
        from genie.contracts.markup import table  # noqa: PLC0415 - start-up: for notebooks

        came = [(topic_of(kind).name, "", "came") for kind in self._parts]
        came += [(topic_of(each.payload).name, agent, "came") for each, by in self._each.items() for agent in by]
        missing = [(one.part, one.agent or "", one.reason) for one in self.missing.values()]
        return table(f"gathered, run {self.run_id}", ("part", "agent", "how"), came + missing)
