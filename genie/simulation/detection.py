"""Whether answers name those whom the synthetic truth names: rings that are found, honest customers who are spared.

Only questions with ``statement: transfers`` bring truth along; other runs are not looked at.
"""

from __future__ import annotations

import typing
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, Field

from genie.config.schema import Section
from genie.config.source_map import suggestion
from genie.simulation.invariants import invariant
from genie.simulation.record import Violation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from genie.contracts.message import Payload
    from genie.simulation.record import GroundTruth, Record

_MOST_NAMED = 5
_DEEPEST = 8


class NamedSettings(Section):
    """Where an answer names accounts."""

    at: str = Field(
        min_length=1, description="Fields of the answer that lead to account ids; through every item of a list.",
        examples=["mules.rings.account_ids"],
    )  # fmt: skip
    where: dict[str, str | bool] = Field(
        default_factory=dict, max_length=_DEEPEST,
        description="Field -> value: what on the way has such a field counts with this value alone.",
        examples=[{"label": "high"}],
    )  # fmt: skip

    def problem(self, answer: type[Payload]) -> str | None:
        """Return what keeps the path from leading anywhere in a class of answers."""
        kinds: list[Any] = [answer]
        seen: set[str] = set()
        steps = self.at.split(".")
        if len(steps) > _DEEPEST:
            return f"at has more than {_DEEPEST} steps"
        for step in steps:
            fields = {name: one.annotation for kind in _models(kinds) for name, one in kind.model_fields.items()}
            if step not in fields:
                return f"at: no {step!r} in {answer.__name__}, on the way {self.at}{suggestion(step, fields)}"
            seen |= set(fields)
            kinds = [one for kind in _models(kinds) if (one := kind.model_fields.get(step)) is not None]
            kinds = [one.annotation for one in kinds]
        unknown = next((name for name in self.where if name not in seen), None)
        return None if unknown is None else f"where: no {unknown!r} on the way {self.at}{suggestion(unknown, seen)}"

    def found(self, answer: Payload) -> frozenset[str]:
        """Return the account ids that an answer names."""
        return frozenset(map(str, self._values([answer], self.at.split("."))))

    def _values(self, things: Iterable[Any], steps: list[str]) -> Iterator[Any]:
        for thing in things:
            if isinstance(thing, tuple | list | set | frozenset):
                yield from self._values(thing, steps)
            elif not steps:
                if thing is not None:
                    yield thing
            elif isinstance(thing, BaseModel) and self._counts(thing):
                yield from self._values([getattr(thing, steps[0], None)], steps[1:])

    def _counts(self, thing: BaseModel) -> bool:
        return all(getattr(thing, name, value) == value for name, value in self.where.items())


class FoundSettings(NamedSettings):
    """Of planted_found."""

    share: float = Field(default=1.0, gt=0, le=1, description="Share of those who were planted that is named.")


class SparedSettings(NamedSettings):
    """Of honest_spared."""

    share: float = Field(default=0.0, ge=0, lt=1, description="Share of the honest customers that may be named.")


@invariant(settings=FoundSettings, answers=True)
def planted_found(record: Record, settings: FoundSettings) -> Iterator[str | Violation]:
    """Answers name the members of the rings that were planted."""
    found = total = 0
    missed: list[Violation] = []
    for number, planted, named in _judged(record, settings):
        found += len(planted.members & named)
        total += len(planted.members)
        if absent := planted.members - named:
            missed.append(Violation("", f"run {number} does not name {_some(absent)} of {planted.ring}", number))
    if total and found < settings.share * total:
        yield f"{found:,} of {total:,} members of rings are named, fewer than {settings.share:.1%}"
        yield from missed


@invariant(settings=SparedSettings, answers=True)
def honest_spared(record: Record, settings: SparedSettings) -> Iterator[str | Violation]:
    """Answers name nobody who has nothing to do with a ring."""
    accused = total = 0
    told: list[Violation] = []
    for number, planted, named in _judged(record, settings):
        wronged = named - planted.members
        accused += len(wronged)
        total += len(planted.honest)
        if wronged:
            told.append(Violation("", f"run {number} names {_some(wronged)}, who are in no ring", number))
    if accused > settings.share * total:
        yield f"{accused:,} are named who are in no ring, more than {settings.share:.1%} of {total:,} honest customers"
        yield from told


def _judged(record: Record, settings: NamedSettings) -> Iterator[tuple[int, GroundTruth, frozenset[str]]]:
    planted: Mapping[int, GroundTruth] = record.planted
    for number, answer in sorted(record.answers.items()):
        if number in planted:
            yield number, planted[number], settings.found(answer)


def _some(names: Iterable[str]) -> str:
    ordered = sorted(names)
    more = f" and {len(ordered) - _MOST_NAMED} more" if len(ordered) > _MOST_NAMED else ""
    return ", ".join(ordered[:_MOST_NAMED]) + more


def _models(annotations: Iterable[Any]) -> list[type[BaseModel]]:
    """Return the classes of models in annotations, within unions and sequences too."""
    found: list[type[BaseModel]] = []
    for one in annotations:
        if isinstance(one, type) and issubclass(one, BaseModel):
            found.append(one)
        else:
            found += _models(typing.get_args(one))
    return found
