"""What must hold whatever happens: built-in rules, and functions of others by entry point ``genie.invariants``.

An invariant is a function of the record that yields one line for each breach. ``@invariant`` says what it needs
besides: settings of its own, payloads of some topics, or the same simulation without trouble.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from pydantic import Field, JsonValue, ValidationError

from genie.config.schema import Section
from genie.config.source_map import suggestion
from genie.graph.model import Problem
from genie.simulation.durations import Span, shown
from genie.simulation.record import ANSWERED, Record, Violation, percentile

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from genie.contracts.message import Payload

GROUP = "genie.invariants"
MOST_TOLD = 50

Check = Callable[..., Iterable[str | Violation]]
"""Called with the record, and with the settings where the invariant has some."""


class Needs(NamedTuple):
    """What a check needs besides the record."""

    settings: type[Section] | None = None
    topics: tuple[type[Payload], ...] = ()
    baseline: bool = False
    """The same simulation without trouble."""
    answers: bool = False
    """What every run was answered."""


def invariant(
    *,
    settings: type[Section] | None = None,
    topics: tuple[type[Payload], ...] = (),
    baseline: bool = False,
    answers: bool = False,
) -> Callable[[Check], Check]:
    """Say what a check needs: settings, payloads of some classes, the simulation without trouble, the answers."""

    def note(check: Check) -> Check:
        check.needs = Needs(settings, topics, baseline, answers)  # type: ignore[attr-defined]  # read by Rules.made
        return check

    return note


class Invariant(NamedTuple):
    """A rule of one scenario."""

    name: str
    check: Check
    settings: Section | None
    needs: Needs

    def violations(self, record: Record) -> list[Violation]:
        """Return how it is broken, empty where it holds. A rule that fails itself holds nothing: it is broken."""
        arguments = () if self.settings is None else (self.settings,)
        found: list[Violation] = []
        try:
            lines: object = self.check(record, *arguments)
            if isinstance(lines, str) or not isinstance(lines, Iterable):
                return [Violation(self.name, f"the rule itself fails: it returns {type(lines).__name__}, and no lines")]
            for one in lines:
                found.append(
                    one._replace(invariant=self.name) if isinstance(one, Violation) else Violation(self.name, one)
                )
                if len(found) >= MOST_TOLD:
                    break
        except Exception as error:  # noqa: BLE001 - somebody else's function, whose failure is a finding
            found.append(Violation(self.name, f"the rule itself fails: {type(error).__name__} at {_place_of(error)}"))
        return found


def _place_of(error: BaseException) -> str:
    """Return the line that raised, as ``file:line``."""
    frames = list(traceback.walk_tb(error.__traceback__))
    frame, line = frames[-1]
    return f"{frame.f_code.co_filename}:{line}"


class Rules:
    """The invariants that a scenario may name.

    Args:
        named: Name -> a check, or where it is: ``module:function``.
    """

    def __init__(self, named: Mapping[str, Check | str] | None = None) -> None:
        self._named: dict[str, Check | str] = {**NAMED, **(named or {})}

    @classmethod
    def installed(cls) -> Rules:
        """Return the built-in rules and those that installed distributions offer."""
        found: dict[str, Check | str] = {}
        for point in sorted(importlib.metadata.entry_points(group=GROUP), key=lambda one: one.name):
            try:
                loaded = point.load()
            except Exception:  # noqa: BLE001 - whatever a module does: who names the rule is told, nobody else
                loaded = point.value
            found.update(loaded if isinstance(loaded, Mapping) else {point.name: loaded})
        return cls(found)

    @staticmethod
    def always() -> tuple[Invariant, ...]:
        """Return the rules that every scenario has."""
        return tuple(Invariant(name, check, None, Needs()) for name, check in ALWAYS.items())

    def made(
        self,
        place: int,
        given: Mapping[str, dict[str, JsonValue] | None],
        problems: list[Problem],
        answer: type[Payload],
    ) -> Invariant | None:
        """Return the invariant of one entry; None, with a problem noted, where there is none.

        Settings with a method ``problem`` are asked whether they fit the class of the pipeline's answer.
        """
        at: tuple[str | int, ...] = ("invariants", place)
        if len(given) != 1:
            problems.append(Problem(at, "an invariant is one name, with its settings beneath it"))
            return None
        name, settings = next(iter(given.items()))
        if name in ALWAYS:
            problems.append(Problem(at, f"{name} always holds; leave it out"))
            return None
        check = self._named.get(name)
        if check is None:
            known = suggestion(name, sorted(self._named))
            problems.append(Problem(at, f"unknown invariant {name!r}{known}"))
            return None
        if isinstance(check, str):
            module, _, attribute = check.partition(":")
            try:
                check = getattr(importlib.import_module(module), attribute)
            except Exception as error:  # noqa: BLE001 - whatever a module does becomes one line about it
                problems.append(Problem(at, f"invariant {name!r} cannot be loaded: {type(error).__name__}"))
                return None
        needs: Needs = getattr(check, "needs", Needs())
        made: Section | None = None
        if needs.settings is not None:
            try:
                made = needs.settings.model_validate(settings or {})
            except ValidationError as error:
                told = error.errors(include_url=False, include_input=False)
                problems += (Problem((*at, name), _wrong(name, needs.settings, one)) for one in told)
                return None
            fits = getattr(made, "problem", None)
            problem = None if fits is None else fits(answer)
            if problem is not None:
                problems.append(Problem((*at, name), f"{name}.{problem}"))
                return None
        elif settings:
            problems.append(Problem((*at, name), f"invariant {name!r} has no settings; remove them"))
            return None
        return Invariant(name, check, made, needs)


def _wrong(name: str, settings: type[Section], error: ErrorDetails) -> str:
    """Say what is wrong with a rule's settings."""
    where = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        return f"{name} has no {where!r}{suggestion(where, settings.model_fields)}"
    said = error["msg"].removeprefix("Value error, ")
    return f"{name}.{where}: {said[:1].lower()}{said[1:]}"


# --- the rules that always hold ---


_ENDS = ("handled", "denied", "expired", "cancelled", "dead_lettered")


def account_balances(record: Record) -> Iterator[str]:
    """Every accepted delivery is in exactly one outcome, and the journal says the same as the counters."""
    totals = record.totals
    if totals is None:
        return
    if not totals.balanced:
        yield f"the account does not balance: {totals._asdict()}"
    if totals.in_flight and record.deadlock is None:
        yield f"{totals.in_flight:,} deliveries are in flight after the end"
    for name in _ENDS:
        counted, recorded = getattr(totals, name), record.kinds[name]
        if counted > recorded or (counted < recorded and name != "denied"):  # answers are denied too, and recorded so
            yield f"{counted:,} deliveries are counted as {name}, and {recorded:,} are recorded"


def runs_end(record: Record) -> Iterator[str | Violation]:
    """Every run ends in an outcome; nothing waits for ever."""
    if record.deadlock is not None:
        yield record.deadlock
    yield from (f"an error that nobody awaited: {failure}" for failure in record.failures)
    for run in record.runs:
        if run.outcome == "unfinished":
            yield Violation(
                "", f"run {run.number} ({run.run_id}) has no outcome; {run.reason}".rstrip("; "), run.number
            )


def _seen(name: str) -> Check:
    def check(record: Record) -> Iterator[Violation]:
        """Was looked at while the simulation ran."""
        yield from (one for one in record.violations if one.invariant == name)

    return check


ALWAYS: dict[str, Check] = {
    "account_balances": account_balances,
    "runs_end": runs_end,
    "nothing_denied_is_seen": _seen("nothing_denied_is_seen"),
    "labels_never_fall": _seen("labels_never_fall"),
    "repeatable": _seen("repeatable"),
}


# --- the rules that a scenario asks for ---


class LatencySettings(Section):
    """Of p99."""

    under: Span = Field(gt=0, description="Virtual time that 99 % of the answered runs stay below.")


@invariant(settings=LatencySettings)
def p99(record: Record, settings: LatencySettings) -> Iterator[str]:
    """The 99th percentile of virtual latency is under a bound."""
    found = percentile(record.latencies(), 0.99)
    if found is not None and found >= settings.under:
        yield f"p99 is {shown(found)}, not under {shown(settings.under)}"


@invariant(baseline=True)
def same_answers(record: Record) -> Iterator[Violation]:
    """An answer with trouble equals the one without, or says that it is partial."""
    if record.baseline is None:
        return
    before = {run.number: run for run in record.baseline.runs}
    for run in record.runs:
        other = before.get(run.number)
        if run.outcome == "answered" and other is not None and other.outcome in ANSWERED and run.answer != other.answer:
            yield Violation("", f"run {run.number} ({run.run_id}) answers otherwise than without trouble", run.number)


class AnsweredSettings(Section):
    """Of answered."""

    share: float = Field(gt=0, le=1, description="Share of the runs that have an answer, partial ones included.")


@invariant(settings=AnsweredSettings)
def answered(record: Record, settings: AnsweredSettings) -> Iterator[str]:
    """Most runs bring an answer."""
    count = sum(run.outcome in ANSWERED for run in record.runs)
    if record.runs and count < settings.share * len(record.runs):
        yield f"{count:,} of {len(record.runs):,} runs have an answer, fewer than {settings.share:.1%}"


class StricterSettings(Section):
    """Of not_stricter."""

    share: float = Field(default=0.0, ge=0, le=1, description="Share of the allowed deliveries that may be refused.")


@invariant(settings=StricterSettings)
def not_stricter(record: Record, settings: StricterSettings) -> Iterator[str]:
    """Policies in shadow mode, and the compared policy set, would let through what is let through now."""
    shadow = Counter(
        {
            f"{policy} would {verdict.removeprefix(_SHADOW)}": count
            for (policy, verdict), count in record.verdicts.items()
            if verdict in {f"{_SHADOW}deny", f"{_SHADOW}hold"}
        }
    )
    handled = record.kinds["handled"]
    if shadow.total() > settings.share * handled:
        yield f"policies in shadow mode object to deliveries, of which {handled:,} were handled: {_worst(shadow)}"
    if record.stricter > settings.share * record.compared_of:
        told = Counter({f"{policy} {verdict}": count for (policy, verdict), count in record.compared.items()})
        yield (
            f"the compared policies would refuse {record.stricter:,} of {record.compared_of:,} deliveries that "
            f"are allowed now: {_worst(told)}"
        )


_SHADOW = "shadow_"
"""What a verdict of shadow mode begins with."""


def _worst(counts: Counter[str]) -> str:
    return ", ".join(f"{what} {count:,}" for what, count in counts.most_common(3))


NAMED: dict[str, Check | str] = {
    "p99": p99, "same_answers": same_answers, "answered": answered, "not_stricter": not_stricter,
    "planted_found": "genie.simulation.detection:planted_found",
    "honest_spared": "genie.simulation.detection:honest_spared",
}  # fmt: skip
