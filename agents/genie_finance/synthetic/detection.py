"""Invariants of simulations: answers name the members of planted rings and no honest customers.

They apply to questions with ``statement: transfers``, which include the ground truth. The entry point
``genie.invariants`` offers them.
"""

from __future__ import annotations

import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from genie.contracts.message import Payload
from genie.errors import did_you_mean

_MOST_NAMED = 5
_DEEPEST = 8
_LONGEST = 100
"""Maximum length of a name that is compared with others for a suggestion."""
C = TypeVar("C", bound=Callable[..., Iterator[str | tuple[int, str]]])


class Requirements(NamedTuple):
    """Data that the simulation passes to an invariant beside the record, read by name."""

    settings: type[BaseModel]
    topics: tuple[type[Payload], ...] = ()
    baseline: bool = False
    answers: bool = True


class Truth(Protocol):
    """The ground truth of the customers in a table of transfers."""

    @property
    def ring(self) -> str:
        """Id of the ring that they belong to; empty without one."""

    @property
    def members(self) -> frozenset[str]:
        """Ids of its members."""

    @property
    def honest(self) -> frozenset[str]:
        """Ids of the other customers."""


class Record(Protocol):
    """The part of a simulation's record that is read here, by the number of the run."""

    @property
    def answers(self) -> Mapping[int, Payload]:
        """The answers of every run."""

    @property
    def planted(self) -> Mapping[int, Truth]:
        """The ground truth of a run's transfers."""


def _invariant(settings: type[BaseModel]) -> Callable[[C], C]:
    def note(check: C) -> C:
        check.requirements = Requirements(settings)  # type: ignore[attr-defined]  # the simulation reads it from the function
        return check

    return note


class NamedSettings(BaseModel):
    """Paths to account names in an answer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: str = Field(
        min_length=1, description="Fields of the answer that lead to account ids; a list stands for each of its items.",
        examples=["mules.rings.account_ids"],
    )  # fmt: skip
    where: dict[str, str | bool] = Field(
        default_factory=dict, max_length=_DEEPEST,
        description="Field -> value: objects on the path that have such a field count only with this value.",
        examples=[{"label": "high"}],
    )  # fmt: skip

    def problem(self, answer: type[Payload]) -> str | None:
        """Return why the path is invalid in a class of answers; None if it is valid."""
        kinds: list[Any] = [answer]
        seen: set[str] = set()
        steps = self.at.split(".")
        if len(steps) > _DEEPEST:
            return f"at has more than {_DEEPEST} steps"
        for step in steps:
            fields = {name: one.annotation for kind in _models(kinds) for name, one in kind.model_fields.items()}
            if step not in fields:
                return f"at: no {step!r} in {answer.__name__}, on the path {self.at}{_suggestion(step, fields)}"
            seen |= set(fields)
            kinds = [one for kind in _models(kinds) if (one := kind.model_fields.get(step)) is not None]
            kinds = [one.annotation for one in kinds]
        unknown = next((name for name in self.where if name not in seen), None)
        return None if unknown is None else f"where: no {unknown!r} on the path {self.at}{_suggestion(unknown, seen)}"

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
    """Settings of planted_found."""

    share: float = Field(default=1.0, gt=0, le=1, description="Minimum share of planted members that is named.")


class SparedSettings(NamedSettings):
    """Settings of honest_spared."""

    share: float = Field(default=0.0, ge=0, lt=1, description="Maximum share of honest customers that is named.")


@_invariant(FoundSettings)
def planted_found(record: Record, settings: FoundSettings) -> Iterator[str | tuple[int, str]]:
    """Answers name the members of the planted rings."""
    found = total = 0
    missed: list[tuple[int, str]] = []
    for number, planted, named in _judged(record, settings):
        found += len(planted.members & named)
        total += len(planted.members)
        if absent := planted.members - named:
            missed.append((number, f"run {number} does not name {_some(absent)} of {planted.ring}"))
    if total and found < settings.share * total:
        yield f"{found:,} of {total:,} members of rings are named, fewer than {settings.share:.1%}"
        yield from missed


@_invariant(SparedSettings)
def honest_spared(record: Record, settings: SparedSettings) -> Iterator[str | tuple[int, str]]:
    """Answers name no customer outside the rings."""
    accused = total = 0
    told: list[tuple[int, str]] = []
    for number, planted, named in _judged(record, settings):
        wronged = named - planted.members
        accused += len(wronged)
        total += len(planted.honest)
        if wronged:
            told.append((number, f"run {number} names {_some(wronged)} outside the rings"))
    if accused > settings.share * total:
        yield f"{accused:,} outside the rings are named, more than {settings.share:.1%} of {total:,} honest customers"
        yield from told


def _judged(record: Record, settings: NamedSettings) -> Iterator[tuple[int, Truth, frozenset[str]]]:
    for number, answer in sorted(record.answers.items()):
        if number in record.planted:
            yield number, record.planted[number], settings.found(answer)


def _suggestion(word: str, known: Iterable[str]) -> str:
    return did_you_mean(word, known) if len(word) <= _LONGEST else ""


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
