"""MPC research: compares a policy committee's decision with the previous one, in basis points and hawkishness."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie.contracts.context import Context
from genie_finance.contracts.grounds import Evidence, Grounds, Reason
from genie_finance.contracts.insufficient import InsufficientData, Lack
from genie_finance.contracts.research import (
    HawkishnessPart,
    MpcMeeting,
    MpcSignal,
    MpcSummaryRequest,
    RepriceRequested,
)
from genie_finance.research.rate_watcher import bps

ID = "mpc_research"
SURPRISE_BPS = 15
"""A decision that differs from the consensus by more is a surprise."""
NEUTRAL = Decimal("0.05")
"""Hawkishness up to this value, in either direction, counts as neutral."""
WEIGHTS = {
    "repo": Decimal("0.40"),
    "stance": Decimal("0.25"),
    "cpi": Decimal("0.15"),
    "votes": Decimal("0.10"),
    "corridor": Decimal("0.05"),
    "reserves": Decimal("0.05"),
}
"""Convention of this catalogue: a decision counts more than a statement, and both count more than projections."""
_STANCES = ("accommodative", "neutral", "withdrawal_of_accommodation")
_FULL_MOVE = Decimal(50)
"""Basis points of repo rate, inflation projection or reserve ratio that count fully."""


def signal(request: MpcSummaryRequest) -> MpcSignal | InsufficientData:
    """Return the decision compared with the previous one, or the missing data."""
    now, before = request.current, request.previous
    if before is None:
        lack = Lack(what="previous", needed="the decision of the previous meeting, with repo rate and stance")
        return InsufficientData(agent=ID, question=f"the decision of {now.meeting_date}", missing=(lack,))
    parts = tuple(_parts(now, before))
    index = sum((one.score * one.weight for one in parts), Decimal(0)) / sum(one.weight for one in parts)
    repo, shift = bps(now.repo_rate_pct - before.repo_rate_pct), _shift(now, before)
    surprise = None
    if now.consensus_repo_change_bps is not None:
        surprise = int((repo - now.consensus_repo_change_bps).quantize(Decimal(1), rounding=ROUND_HALF_UP))
    delta = "unchanged" if abs(index) <= NEUTRAL else ("more_hawkish" if index > 0 else "more_dovish")
    return MpcSignal.model_validate(
        {
            "meeting_date": now.meeting_date,
            "repo_change_bps": repo,
            "stance_shift": shift,
            "hawkishness": index.quantize(Decimal("0.001"), rounding=ROUND_HALF_UP),
            "hawkishness_delta": delta,
            "parts": parts,
            "surprise": _surprise(surprise),
            "surprise_bps": surprise,
            "cpi_revision_bps": _revision(now.cpi_projection_pct, before.cpi_projection_pct),
            "gdp_revision_bps": _revision(now.gdp_projection_pct, before.gdp_projection_pct),
            "corridor_bps": _corridor(now),
            "headline": _headline(now, repo, shift, delta),
            "grounds": _grounds(request, parts, surprise),
        }
    )


def reprice(request: MpcSummaryRequest) -> RepriceRequested | None:
    """Return the notice for agents that use the repo rate in prices; None if the rate did not change."""
    before = request.previous
    if before is None or before.repo_rate_pct == request.current.repo_rate_pct:
        return None
    change = bps(request.current.repo_rate_pct - before.repo_rate_pct)
    return RepriceRequested(
        rate="repo",
        from_pct=before.repo_rate_pct,
        to_pct=request.current.repo_rate_pct,
        change_bps=change,
        on=request.current.meeting_date,
    )


def _parts(now: MpcMeeting, before: MpcMeeting) -> Iterator[HawkishnessPart]:
    """Yield the known parts: an unknown part is left out of the mean and never counts as 0."""
    yield _part("repo", (now.repo_rate_pct - before.repo_rate_pct) * 100 / _FULL_MOVE)
    yield _part("stance", Decimal(_STANCES.index(now.stance) - _STANCES.index(before.stance)))
    revision = _revision(now.cpi_projection_pct, before.cpi_projection_pct)
    if revision is not None:
        yield _part("cpi", Decimal(revision) / _FULL_MOVE)
    votes = _votes(now)
    if votes is not None:
        yield _part("votes", votes)
    wide, was = _corridor(now), _corridor(before)
    if wide is not None and was is not None and now.sdf_rate_pct is not None and before.sdf_rate_pct is not None:
        floor = (now.sdf_rate_pct - now.repo_rate_pct) - (before.sdf_rate_pct - before.repo_rate_pct)
        yield _part("corridor", floor * 100 / _FULL_MOVE)
    if now.crr_pct is not None and before.crr_pct is not None:
        yield _part("reserves", (now.crr_pct - before.crr_pct) * 100 / _FULL_MOVE)


def _part(name: str, score: Decimal) -> HawkishnessPart:
    bounded = max(min(score, Decimal(1)), Decimal(-1)).quantize(Decimal("0.001"), rounding=ROUND_HALF_UP)
    return HawkishnessPart(name=name, score=bounded, weight=WEIGHTS[name])


def _votes(now: MpcMeeting) -> Decimal | None:
    """Return the dissent as a share of the votes, towards higher rates positive; unanimous is 0."""
    if now.vote_for is None or now.vote_against is None or not now.vote_for + now.vote_against:
        return None
    if not now.vote_against:
        return Decimal(0)
    if now.dissent_towards is None:
        return None
    share = Decimal(now.vote_against) / (now.vote_for + now.vote_against)
    return share if now.dissent_towards == "higher" else -share


def _shift(now: MpcMeeting, before: MpcMeeting) -> str:
    moved = _STANCES.index(now.stance) - _STANCES.index(before.stance)
    return "unchanged" if not moved else ("tightening" if moved > 0 else "easing")


def _surprise(off: int | None) -> str | None:
    if off is None:
        return None
    return "in_line" if abs(off) <= SURPRISE_BPS else ("hawkish_surprise" if off > 0 else "dovish_surprise")


def _revision(now: Decimal | None, before: Decimal | None) -> int | None:
    return None if now is None or before is None else bps(now - before)


def _corridor(one: MpcMeeting) -> int | None:
    return None if one.sdf_rate_pct is None or one.msf_rate_pct is None else bps(one.msf_rate_pct - one.sdf_rate_pct)


def _headline(now: MpcMeeting, repo: int, shift: str, delta: str) -> str:
    moved = f"{'raised' if repo > 0 else 'cut'} by {abs(repo)} basis points to" if repo else "kept at"
    stance = now.stance.replace("_", " ")
    turned = "" if shift == "unchanged" else f", {shift}"
    said = f"{now.meeting_date}: repo rate {moved} {now.repo_rate_pct} per cent; stance {stance}{turned}"
    return f"{said}; {delta.replace('_', ' ')}."


def _grounds(request: MpcSummaryRequest, parts: tuple[HawkishnessPart, ...], surprise: int | None) -> Grounds:
    reasons = tuple(
        Reason(code=f"research.{one.name}", text=f"{one.name}: {one.score} of 1, weighing {one.weight}.")
        for one in parts
    )
    unknown = [name for name in WEIGHTS if name not in {one.name for one in parts}]
    caveats = ["Weights are a convention of this catalogue, not estimates."]
    if unknown:
        caveats.append(f"Unknown and therefore not in the index: {', '.join(unknown)}.")
    if surprise is None:
        caveats.append("No consensus was given, so the surprise is unknown.")
    inputs = tuple(
        Evidence(name=f"{which}.{name}", value=str(value))
        for which, meeting in (("current", request.current), ("previous", request.previous))
        for name, value in (meeting or request.current)
        if value is not None
    )
    uncertainty = "Based on figures, not on the wording of the statement or the minutes."
    return Grounds(reasons=reasons, inputs=inputs, editions=(), uncertainty=uncertainty, caveats=tuple(caveats))


@agent(
    id=ID,
    capabilities=("analyse_mpc_event", "research.policy_decision"),
    risk=Risk.LOW,
    tier=Tier.BETA,
    clearance="internal",
    concurrency=8,
    publishes=(RepriceRequested,),
)
async def mpc_research(request: MpcSummaryRequest, context: Context) -> MpcSignal | InsufficientData:
    """Compares a policy committee's decision with the previous one, and notifies agents that use the repo rate."""
    moved = reprice(request)
    if moved is not None:
        await context.publish(moved)
    return signal(request)
