"""Fan-in: what a caller expects, what arrived and what is missing."""

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

# --- fan-in: expected parts and results ---


@dataclass(frozen=True, slots=True)
class Each(Generic[T]):
    """One ``T`` from every subscriber of the message whose card produces ``T``, keyed by agent id.

    Args:
        payload: Class of the answer that each subscriber sends.
        of: Class of the message whose subscribers are meant; by default the message that is asked or gathered. An
            outside caller states it if another agent fans its question out.
    """

    payload: type[T]
    of: type[Payload] | None = None

    def __hash__(self) -> int:
        return hash(self.payload)


Expected = type[Payload] | Each[Any]
Need = Literal["all", "first"] | int
"""Number of parts that ends the wait: ``"all"``, ``"first"``, or a number from 1."""


class Missing(NamedTuple):
    """A part that did not arrive, and why."""

    part: str
    """Topic of the answer."""
    agent: str | None
    """Id of the agent that should have sent it; None if no agent could."""
    reason: str
    """Outcome with its detail, for example ``"dead_lettered(ValueError)"`` or ``"late"``."""
    code: str = ""
    """Code for programs: the outcome, or the reason code of a dead letter; ``budget``, ``held``, ``late``, ``nobody``
    or ``nothing``."""

    def __str__(self) -> str:
        return self.reason


class Gathered:
    """The result of a gather: typed parts, and the missing ones by name.

    ``views[Forecast]`` is the payload; ``views[Each(Advice)]`` maps agent ids to the payloads that arrived.
    ``views.missing`` maps a name (the agent's id, or the topic if no single agent is responsible) to the reason.
    ``views.notices`` are the texts that an outside caller must show with the parts.
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
            PartMissingError: The part did not arrive; the error says why.
            KeyError: The gather did not expect the part.
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
        raise KeyError(f"{name} is not an expected part of this gather")

    def get(self, part: type[T]) -> T | None:
        """Return the part, or None if it is missing."""
        return typing.cast("T | None", self._parts.get(part))

    @property
    def complete(self) -> bool:
        """True if no expected part is missing."""
        return not self.missing

    def _repr_html_(self) -> str:
        """Show in a notebook which parts arrived, by topic, and why the others did not."""
        from genie.contracts.markup import table  # noqa: PLC0415 - start-up: for notebooks

        came = [(topic_of(kind).name, "", "came") for kind in self._parts]
        came += [(topic_of(each.payload).name, agent, "came") for each, by in self._each.items() for agent in by]
        missing = [(one.part, one.agent or "", one.reason) for one in self.missing.values()]
        return table(f"gathered, run {self.run_id}", ("part", "agent", "how"), came + missing)
