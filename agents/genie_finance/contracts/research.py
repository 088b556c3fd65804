"""Questions and answers of the research family: policy rates, decisions, indicators, and terms."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from genie.contracts.message import Payload, Value
from genie_finance.contracts.grounds import Grounds

_REGIONS = {
    "india": "in", "united states": "us", "usa": "us", "eu": "ea", "euro area": "ea", "eurozone": "ea",
    "european union": "ea",
}  # fmt: skip


def _region(value: Any) -> Any:  # whatever JSON or a caller hands over
    if not isinstance(value, str):
        return value
    word = " ".join(value.split()).lower()
    return _REGIONS.get(word, word)


Region = Annotated[str, BeforeValidator(_region), Field(pattern=r"^[a-z]{2}$")]
"""ISO 3166 code in lower case, ``ea`` for the euro area; some names are understood."""
RatePercent = Annotated[Decimal, Field(ge=-20, le=100, max_digits=12)]
Stance = Literal["accommodative", "neutral", "withdrawal_of_accommodation"]


# --- policy rates ---


class PolicyRate(Value):
    """One rate of a central bank."""

    name: str
    """``repo``, ``sdf``, ``msf``, ``crr``, ``slr``, ``deposit_facility`` and so on."""
    pct: RatePercent


class RateDecision(Value):
    """Rates from a day on."""

    effective_from: datetime.date
    rates: Annotated[tuple[PolicyRate, ...], Field(min_length=1, max_length=20)]
    source: Annotated[str, Field(min_length=1, max_length=300)]


class OisPoint(Value):
    """The market's fixed rate up to a day."""

    months: Annotated[int, Field(ge=1, le=120)]
    rate_pct: RatePercent


class RateOutlookRequest(Payload, topic="research.rate_outlook_request", classification="internal"):
    """What are the policy rates, and how have they changed?"""

    region: Region
    as_of: datetime.date | None = None
    """None: today."""
    decisions: Annotated[tuple[RateDecision, ...], Field(max_length=100)] = ()
    """Decisions that are newer than the shipped ones."""
    ois_curve: Annotated[tuple[OisPoint, ...], Field(max_length=50)] = ()
    """Overnight index swaps, from which the market expectation is computed."""


class RateStep(Value):
    """A change of the main rate."""

    on: datetime.date
    from_pct: RatePercent
    to_pct: RatePercent
    change_bps: int


class ImpliedRate(Value):
    """The mean overnight rate between two terms that swaps imply."""

    from_months: int
    to_months: int
    rate_pct: RatePercent
    change_bps: int
    """Difference from today's main policy rate."""


class RateOutlook(Payload, topic="research.rate_outlook", classification="internal"):
    """The policy rates on a day, and their changes."""

    region: str
    central_bank: str
    as_of: datetime.date
    stale: bool
    """True if the bank has met since the last known rates, so they may have changed."""
    known_until: datetime.date
    """Last day for which the rates are known."""
    main_rate: str
    main_pct: RatePercent
    rates: tuple[PolicyRate, ...]
    in_force_since: datetime.date
    """Date of the last change of the main rate."""
    steps: tuple[RateStep, ...]
    """Changes of the main rate up to the day, latest first."""
    last_change_bps: int | None
    """None if the data have no earlier rate."""
    change_12_months_bps: int | None
    corridor_bps: int | None
    """Width from the floor to the ceiling; None if the bank has none."""
    implied: tuple[ImpliedRate, ...]
    text: str
    grounds: Grounds


# --- a policy committee's decision ---


class MpcMeeting(Value):
    """A committee's decision; None for unknown values."""

    meeting_date: datetime.date
    repo_rate_pct: RatePercent
    stance: Stance
    sdf_rate_pct: RatePercent | None = None
    msf_rate_pct: RatePercent | None = None
    crr_pct: RatePercent | None = None
    slr_pct: RatePercent | None = None
    vote_for: Annotated[int, Field(ge=0, le=50)] | None = None
    """Votes for the decision."""
    vote_against: Annotated[int, Field(ge=0, le=50)] | None = None
    dissent_towards: Literal["higher", "lower"] | None = None
    """The rate change for which dissenters voted; None if unknown."""
    cpi_projection_pct: RatePercent | None = None
    gdp_projection_pct: RatePercent | None = None
    consensus_repo_change_bps: Annotated[Decimal, Field(ge=-1000, le=1000)] | None = None
    """Expected change; None if unknown, so that no surprise is computed."""


class MpcSummaryRequest(Payload, topic="research.mpc_summary_request", classification="internal"):
    """What does a decision mean, compared with the previous one?"""

    current: MpcMeeting
    previous: MpcMeeting | None
    """None if unknown; it is then not compared."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.previous is not None and self.previous.meeting_date >= self.current.meeting_date:
            raise ValueError("the previous meeting comes before the current one")
        return self


class HawkishnessPart(Value):
    """Contribution of one observation to the index, from -1 (dovish) to 1 (hawkish), times its weight."""

    name: str
    score: Decimal
    weight: Decimal


class MpcSignal(Payload, topic="research.mpc_signal", classification="internal"):
    """A decision compared with the previous one."""

    meeting_date: datetime.date
    repo_change_bps: int
    stance_shift: Literal["easing", "tightening", "unchanged"]
    hawkishness: Decimal
    """From -1 (dovish) to 1 (hawkish): the weighted mean of the known parts."""
    hawkishness_delta: Literal["more_hawkish", "more_dovish", "unchanged"]
    parts: tuple[HawkishnessPart, ...]
    surprise: Literal["hawkish_surprise", "dovish_surprise", "in_line"] | None
    """None without a consensus."""
    surprise_bps: int | None
    cpi_revision_bps: int | None
    gdp_revision_bps: int | None
    corridor_bps: int | None
    """From the deposit to the lending facility, after the decision."""
    headline: str
    grounds: Grounds


class RepriceRequested(Payload, topic="research.reprice_requested", classification="internal"):
    """A policy rate changed: agents that use it in prices must check it again."""

    rate: str
    from_pct: RatePercent
    to_pct: RatePercent
    change_bps: int
    on: datetime.date


# --- indicators ---


class Observation(Value):
    """One value of a series."""

    period: Annotated[str, Field(pattern=r"^\d{4}(-\d{2}|-Q[1-4])?$")]
    """``2025`` or ``2025-26`` (a fiscal year), ``2025-Q1``, or ``2025-03`` (a month)."""
    value: Annotated[Decimal, Field(max_digits=24)]


class Series(Value):
    """An indicator by period, earliest first."""

    indicator: Annotated[str, Field(min_length=1, max_length=64)]
    unit: Annotated[str, Field(min_length=1, max_length=64)]
    published: datetime.date
    """First day on which it was known."""
    source: Annotated[str, Field(min_length=1, max_length=300)]
    observations: Annotated[tuple[Observation, ...], Field(min_length=1, max_length=1000)]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        periods = [one.period for one in self.observations]
        if periods != sorted(set(periods)):
            raise ValueError("periods must be in order and unique")
        return self


class MacroContextRequest(Payload, topic="research.macro_request", classification="internal"):
    """What is the state of an economy, by the available indicators?"""

    region: Region
    as_of: datetime.date | None = None
    """None: today."""
    series: Annotated[tuple[Series, ...], Field(max_length=100)] = ()
    """The caller's series, used instead of the shipped ones."""


class IndicatorReading(Value):
    """The latest value of a series, compared with the previous one and with its history."""

    indicator: str
    unit: str
    period: str
    value: Decimal
    change: Decimal | None
    """Change against the previous period, in the series' unit."""
    z_score: Decimal | None
    """Distance from the mean of earlier periods in sample standard deviations; None if there are fewer than four."""
    unusual: bool
    """True from two standard deviations."""
    published: datetime.date
    source: str


class MacroBrief(Payload, topic="research.macro_brief", classification="internal"):
    """Indicators of an economy on a day, none published later."""

    region: str
    as_of: datetime.date
    readings: tuple[IndicatorReading, ...]
    text: str
    grounds: Grounds


# --- terms ---


class ExplainFinance(Payload, topic="research.explain_request", classification="internal"):
    """What does a term mean?"""

    question: Annotated[str, Field(min_length=1, max_length=2_000)]
    """A term, or a question about one."""
    audience: Literal["plain", "expert"] = "plain"


class Citation(Value):
    """An entry of the glossary that the answer uses."""

    term: str
    text: str
    score: Decimal
    """How well it fits the question, from 0 to 1."""
    last_reviewed: datetime.date


class FinanceExplanation(Payload, topic="research.explanation", classification="internal"):
    """A term explained from the glossary, or the nearest terms if it is not listed."""

    found: bool
    term: str | None
    text: str
    citations: tuple[Citation, ...]
    did_you_mean: tuple[str, ...]
    grounds: Grounds
