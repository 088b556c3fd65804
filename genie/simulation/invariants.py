"""Invariants: built-in checks, and checks of other distributions in the entry-point group ``genie.invariants``.

An invariant is a function of the record that yields one violation at a time: a text, or ``(run, text)`` for a violation
of one run. The search for a minimal failure tries a named run alone first. ``@invariant`` declares further
requirements: settings, payloads of some topics, the answers, or the same simulation without trouble.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from pydantic import Field, JsonValue, ValidationError

from genie.config.sections import Section
from genie.config.source_map import suggestion
from genie.contracts.problems import problem_of
from genie.graph.model import Problem
from genie.simulation.durations import Duration, format_duration
from genie.simulation.record import ANSWERED, Record, Violation, percentile

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from genie.contracts.message import Payload

GROUP = "genie.invariants"
MAX_REPORTED = 50

Check = Callable[..., Iterable[str | tuple[int, str] | Violation]]
"""Receives the record, and the settings of an invariant that has settings."""


class Requirements(NamedTuple):
    """Inputs of a check in addition to the record."""

    settings: type[Section] | None = None
    topics: tuple[type[Payload], ...] = ()
    baseline: bool = False
    """Run the same simulation without trouble, too."""
    answers: bool = False
    """Keep the answers of all runs."""


def invariant(
    *,
    settings: type[Section] | None = None,
    topics: tuple[type[Payload], ...] = (),
    baseline: bool = False,
    answers: bool = False,
) -> Callable[[Check], Check]:
    """Declare the requirements of a check."""

    def decorate(check: Check) -> Check:
        check.requirements = Requirements(settings, topics, baseline, answers)  # type: ignore[attr-defined]  # see resolve
        return check

    return decorate


class Invariant(NamedTuple):
    """An invariant of one scenario."""

    name: str
    check: Check
    settings: Section | None
    requirements: Requirements

    def violations(self, record: Record) -> list[Violation]:
        """Return the violations.

        A check that raises, or does not return an iterable of violations, is a violation itself.
        """
        arguments = () if self.settings is None else (self.settings,)
        found: list[Violation] = []
        try:
            results: object = self.check(record, *arguments)
            if isinstance(results, str) or not isinstance(results, Iterable):
                return [
                    Violation(self.name, f"the check failed: it returned {type(results).__name__}, not an iterable")
                ]
            for one in results:
                found.append(self._violation(one))
                if len(found) >= MAX_REPORTED:
                    break
        except Exception as error:  # noqa: BLE001 - third-party code: its failure is reported as a violation
            found.append(Violation(self.name, f"the check failed: {type(error).__name__} at {_place_of(error)}"))
        return found

    def _violation(self, one: str | tuple[int, str] | Violation) -> Violation:
        if isinstance(one, Violation):
            return one._replace(invariant=self.name)
        if isinstance(one, str):
            return Violation(self.name, one)
        run, text = one
        return Violation(self.name, text, run)


def _place_of(error: BaseException) -> str:
    """Return the line that raised: ``file:line``."""
    frames = list(traceback.walk_tb(error.__traceback__))
    frame, line = frames[-1]
    return f"{frame.f_code.co_filename}:{line}"


class InvariantRegistry:
    """The invariants that a scenario can name.

    Args:
        named: Name -> a check, or its location: ``module:function``.
    """

    def __init__(self, named: Mapping[str, Check | str] | None = None) -> None:
        self._named: dict[str, Check | str] = {**NAMED, **(named or {})}

    @classmethod
    def installed(cls) -> InvariantRegistry:
        """Return the built-in invariants and those of installed distributions."""
        found: dict[str, Check | str] = {}
        for point in sorted(importlib.metadata.entry_points(group=GROUP), key=lambda one: one.name):
            try:
                loaded = point.load()
            except Exception:  # noqa: BLE001 - third-party module: only a scenario that names the invariant fails
                loaded = point.value
            found.update(loaded if isinstance(loaded, Mapping) else {point.name: loaded})
        return cls(found)

    @staticmethod
    def always() -> tuple[Invariant, ...]:
        """Return the invariants that apply to every scenario."""
        return tuple(Invariant(name, check, None, Requirements()) for name, check in ALWAYS.items())

    def resolve(
        self,
        place: int,
        given: Mapping[str, dict[str, JsonValue] | None],
        problems: list[Problem],
        answer: type[Payload],
    ) -> Invariant | None:
        """Return the invariant of one entry, or add a problem and return None.

        Settings with a method ``problem`` check themselves against the class of the pipeline's answer.
        """
        at: tuple[str | int, ...] = ("invariants", place)
        if len(given) != 1:
            problems.append(Problem(at, "an invariant is one name with its settings"))
            return None
        name, settings = next(iter(given.items()))
        if name in ALWAYS:
            problems.append(Problem(at, f"{name} is always checked; leave it out"))
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
            except Exception as error:  # noqa: BLE001 - third-party module: its failure becomes a problem of the scenario
                problems.append(Problem(at, f"invariant {name!r} cannot be loaded: {type(error).__name__}"))
                return None
        requirements: Requirements = getattr(check, "requirements", Requirements())
        made: Section | None = None
        if requirements.settings is not None:
            try:
                made = requirements.settings.model_validate(settings or {})
            except ValidationError as error:
                told = error.errors(include_url=False, include_input=False)
                problems += (Problem((*at, name), _wrong(name, requirements.settings, one)) for one in told)
                return None
            fits = getattr(made, "problem", None)
            problem = None if fits is None else fits(answer)
            if problem is not None:
                problems.append(Problem((*at, name), f"{name}.{problem}"))
                return None
        elif settings:
            problems.append(Problem((*at, name), f"invariant {name!r} has no settings; remove them"))
            return None
        return Invariant(name, check, made, requirements)


def _wrong(name: str, settings: type[Section], error: ErrorDetails) -> str:
    """Return the text for a wrong setting."""
    where = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        return f"{name} has no {where!r}{suggestion(where, settings.model_fields)}"
    return f"{name}.{where}: {problem_of(error)}"


# --- invariants of every scenario ---


_ENDS = ("handled", "denied", "expired", "cancelled", "dead_lettered")


def account_balances(record: Record) -> Iterator[str]:
    """Every accepted delivery has exactly one outcome, and the journal agrees with the counters."""
    totals = record.totals
    if totals is None:
        return
    if not totals.balanced:
        yield f"the account does not balance: {totals._asdict()}"
    if totals.in_flight and record.deadlock is None:
        yield f"{totals.in_flight:,} deliveries are in flight after the end"
    for name in () if record.crashes else _ENDS:  # what a dead process has done is in the journal, not in the log
        # The totals count deliveries. The journal also records the end of answers, which it cannot tell from the
        # deliveries of an agent with the id "asker".
        counted, recorded = getattr(totals, name), record.kinds[name]
        if not recorded - record.answers_ended[name] <= counted <= recorded:
            yield f"{counted:,} deliveries are counted as {name}, and {recorded:,} are recorded"


def runs_end(record: Record) -> Iterator[str | Violation]:
    """Every run has an outcome; no task waits for ever."""
    if record.deadlock is not None:
        yield record.deadlock
    yield from (f"an exception in a task that nothing awaits: {failure}" for failure in record.failures)
    for run in record.runs:
        if run.outcome == "unfinished":
            yield Violation(
                "", f"run {run.number} ({run.run_id}) has no outcome; {run.reason}".rstrip("; "), run.number
            )


def budgets_hold(record: Record) -> Iterator[str]:
    """No budget is exceeded, and nothing stays reserved when no delivery is left."""
    over = record.totals is not None and not record.totals.in_flight
    for (budget, unit), one in record.budgets.items():
        if one.overrun:
            yield f"budget {budget} of {one.limit} {unit} is exceeded by {one.overrun}"
        if over and one.reserved:
            yield f"budget {budget} has {one.reserved} {unit} reserved after the end"


def _seen(name: str) -> Check:
    def check(record: Record) -> Iterator[Violation]:
        """Return the violations found during the simulation."""
        yield from (one for one in record.violations if one.invariant == name)

    return check


ALWAYS: dict[str, Check] = {
    "account_balances": account_balances,
    "runs_end": runs_end,
    "budgets_hold": budgets_hold,
    "nothing_denied_is_seen": _seen("nothing_denied_is_seen"),
    "labels_never_fall": _seen("labels_never_fall"),
    "repeatable": _seen("repeatable"),
    "survives_crashes": _seen("survives_crashes"),
}


# --- invariants that a scenario can name ---


class LatencySettings(Section):
    """Settings of p99."""

    under: Duration = Field(gt=0, description="Upper bound of the 99th percentile, in virtual time.")


@invariant(settings=LatencySettings)
def p99(record: Record, settings: LatencySettings) -> Iterator[str]:
    """The 99th percentile of virtual latency is below a bound."""
    found = percentile(record.latencies(), 0.99)
    if found is not None and found >= settings.under:
        yield f"p99 is {format_duration(found)}, not under {format_duration(settings.under)}"


@invariant(baseline=True)
def same_answers(record: Record) -> Iterator[Violation]:
    """An answer with trouble equals the answer without trouble, or is marked partial."""
    if record.baseline is None:
        return
    before = {run.number: run for run in record.baseline.runs}
    for run in record.runs:
        other = before.get(run.number)
        if run.outcome == "answered" and other is not None and other.outcome in ANSWERED and run.answer != other.answer:
            yield Violation("", f"run {run.number} ({run.run_id}) has a different answer without trouble", run.number)


class AnsweredSettings(Section):
    """Settings of answered."""

    share: float = Field(gt=0, le=1, description="Share of the runs that have an answer; partial answers count.")


@invariant(settings=AnsweredSettings)
def answered(record: Record, settings: AnsweredSettings) -> Iterator[str]:
    """A share of the runs has an answer."""
    count = sum(run.outcome in ANSWERED for run in record.runs)
    if record.runs and count < settings.share * len(record.runs):
        yield f"{count:,} of {len(record.runs):,} runs have an answer, fewer than {settings.share:.1%}"


class StricterSettings(Section):
    """Settings of not_stricter."""

    share: float = Field(default=0.0, ge=0, le=1, description="Share of the allowed deliveries that may be refused.")


@invariant(settings=StricterSettings)
def not_stricter(record: Record, settings: StricterSettings) -> Iterator[str]:
    """Policies in shadow mode, and the compared policy set, allow the deliveries that are allowed now."""
    shadow = Counter(
        {
            f"{policy} would {verdict.removeprefix(_SHADOW)}": count
            for (policy, verdict), count in record.verdicts.items()
            if verdict in {f"{_SHADOW}deny", f"{_SHADOW}hold"}
        }
    )
    handled = record.kinds["handled"]
    if shadow.total() > settings.share * handled:
        yield f"policies in shadow mode would refuse deliveries, of which {handled:,} were handled: {_worst(shadow)}"
    if record.stricter > settings.share * record.compared_of:
        told = Counter({f"{policy} {verdict}": count for (policy, verdict), count in record.compared.items()})
        yield (
            f"the compared policies would refuse {record.stricter:,} of {record.compared_of:,} deliveries that "
            f"are allowed now: {_worst(told)}"
        )


_SHADOW = "shadow_"
"""Prefix of a verdict in shadow mode."""


def _worst(counts: Counter[str]) -> str:
    return ", ".join(f"{what} {count:,}" for what, count in counts.most_common(3))


NAMED: dict[str, Check | str] = {
    "p99": p99, "same_answers": same_answers, "answered": answered, "not_stricter": not_stricter,
}  # fmt: skip
