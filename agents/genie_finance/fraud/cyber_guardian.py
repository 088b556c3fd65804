"""Cyber guardian: sessions that may have been taken over."""

from __future__ import annotations

import itertools
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Literal

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie_finance.contracts.fraud import Level, SessionCheck, SessionEvent, SessionVerdict, Severity, Signal, Unchecked
from genie_finance.contracts.grounds import Evidence, Grounds, Reason
from genie_finance.contracts.insufficient import InsufficientData, Lack
from genie_finance.fraud.scoring import METHOD, Bands, added, worst_first
from genie_finance.fraud.travel import located, too_fast

ID = "cyber_guardian"
BANDS = Bands(Decimal("0.3"), Decimal("0.6"))
_WINDOW_S = 3_600
_MANY, _SEVERAL = 5, 3
_MOST_KMH = 1_000.0
_DEVICES, _DEVICES_S = 3, 86_400
WEIGHTS: Mapping[str, tuple[Severity, Decimal]] = MappingProxyType(
    {
        "takeover": ("high", Decimal("0.3")),
        "impossible_travel": ("high", Decimal("0.35")),
        "many_failures": ("medium", Decimal("0.3")),
        "several_failures": ("low", Decimal("0.15")),
        "unknown_device": ("medium", Decimal("0.2")),
        "device_churn": ("low", Decimal("0.15")),
    }
)
"""Severity and points of each pattern. ``takeover`` is added to the points of the failures and the device."""

_ACTIONS: Mapping[Level, Literal["allow", "step_up", "block"]] = MappingProxyType(
    {"high": "block", "medium": "step_up", "undetermined": "step_up", "low": "allow"}
)


def guard(check: SessionCheck) -> SessionVerdict | InsufficientData:
    """Return the anomalies of a user's sessions, or the missing data."""
    events = sorted(check.events, key=lambda one: (one.timestamp, one.successful_auth, one.device_id or ""))
    if not events:
        lack = Lack(what="events", needed="attempts to sign in, at least one")
        return InsufficientData(agent=ID, question="whether the account was taken over", missing=(lack,))
    known = None if check.known_devices is None else frozenset(check.known_devices)
    signals = worst_first(_signals(events, known))
    unchecked = tuple(_unchecked(events, known, signals))
    score = added(one.weight for one in signals)
    found = {one.pattern for one in signals}
    worst = added((score, *(WEIGHTS[one.check][1] for one in unchecked if one.check not in found)))
    label = BANDS.label(score, worst)
    return SessionVerdict(
        user_id=check.user_id,
        score=score,
        label=label,
        recommended_action=_action(label, signals),
        signals=signals,
        unchecked=unchecked,
        grounds=_grounds(check, signals),
    )


def _action(label: Level, signals: Sequence[Signal]) -> Literal["allow", "step_up", "block"]:
    """Return the action: a sign-in from a new device requires another proof of identity, even with a low score."""
    new = any(one.pattern == "unknown_device" for one in signals)
    return "step_up" if new and label == "low" else _ACTIONS[label]


def _signals(events: Sequence[SessionEvent], known: frozenset[str] | None) -> Iterator[Signal]:
    failed = [one.timestamp.timestamp() for one in events if not one.successful_auth]
    failures = _most_failures(failed)
    if failures >= _MANY:
        yield _signal("many_failures", f"{failures} failed attempts within an hour.")
    elif failures >= _SEVERAL:
        yield _signal("several_failures", f"{failures} failed attempts within an hour.")
    good = [one for one in events if one.successful_auth]
    placed = [one for one in good if located(one.place) is not None]  # one without a place hides no journey
    for first, second in itertools.pairwise(placed):
        text = _journey(first, second)
        if text:
            yield _signal("impossible_travel", f"Signed in at two places: {text}.")
            break
    # An unknown device counts as a new one: leaving out its name, or the list, must not help an attacker.
    strange = [one for one in good if one.device_id is None or known is None or one.device_id not in known]
    if strange:
        yield _signal("unknown_device", "Signed in from a new or unknown device.")
    if any(_failures_before(failed, one) >= _SEVERAL for one in strange):
        yield _signal("takeover", "Several failures, then success, from a new or unknown device.")
    devices = _most_devices(events)
    if devices >= _DEVICES:
        yield _signal("device_churn", f"{devices} devices within a day.")


def _signal(pattern: str, text: str) -> Signal:
    severity, weight = WEIGHTS[pattern]
    return Signal(pattern=pattern, severity=severity, weight=weight, reason=text)


def _most_failures(failed: Sequence[float]) -> int:
    low = most = 0
    for high, moment in enumerate(failed):
        while failed[low] < moment - _WINDOW_S:
            low += 1
        most = max(most, high - low + 1)
    return most


def _failures_before(failed: Sequence[float], success: SessionEvent) -> int:
    moment = success.timestamp.timestamp()
    return bisect_right(failed, moment) - bisect_left(failed, moment - _WINDOW_S)


def _journey(first: SessionEvent, second: SessionEvent) -> str:
    start, end = located(first.place), located(second.place)
    if start is None or end is None:
        return ""
    return too_fast(start, end, (second.timestamp - first.timestamp).total_seconds(), most_kmh=_MOST_KMH)


def _most_devices(events: Sequence[SessionEvent]) -> int:
    # A device without a name may be any device: each counts separately.
    rows = [(one.timestamp.timestamp(), one.device_id or at) for at, one in enumerate(events)]
    low = most = 0
    seen = Counter[str | int]()
    for moment, device in rows:
        seen[device] += 1
        while rows[low][0] <= moment - _DEVICES_S:
            gone = rows[low][1]
            seen[gone] -= 1
            if not seen[gone]:
                del seen[gone]
            low += 1
        most = max(most, len(seen))
    return most


def _unchecked(
    events: Sequence[SessionEvent], known: frozenset[str] | None, signals: Sequence[Signal]
) -> Iterator[Unchecked]:
    found = {one.pattern for one in signals}
    good = [one for one in events if one.successful_auth]
    if "impossible_travel" not in found:
        without = sum(located(one.place) is None for one in good)
        if without or len(good) < 2:
            needs = "two sign-ins with their places" if len(good) < 2 else f"the places of {without} sign-ins"
            yield Unchecked(check="impossible_travel", needs=needs)
    nameless = sum(one.device_id is None for one in good)
    if not good:
        yield Unchecked(check="unknown_device", needs="a sign-in that succeeded")
    elif known is None:
        yield Unchecked(check="unknown_device", needs="devices of the user's earlier sessions")
    elif nameless:
        yield Unchecked(check="unknown_device", needs=f"the devices of {nameless} sign-ins")


def _grounds(check: SessionCheck, signals: Sequence[Signal]) -> Grounds:
    reasons = tuple(Reason(code=f"session.{one.pattern}", text=one.reason) for one in signals) or (
        Reason(code="session.no_pattern", text="The checks found nothing unusual in the sessions."),
    )
    known = "not known" if check.known_devices is None else str(len(check.known_devices))
    inputs = (
        Evidence(name="events", value=str(len(check.events))),
        Evidence(name="known devices", value=known),
    )
    caveats = ("Networks, relays and attempts on other users are not checked.",)
    return Grounds(reasons=reasons, inputs=inputs, editions=(), uncertainty=METHOD, caveats=caveats)


@agent(
    id=ID,
    capabilities=("fraud.check_session",),
    risk=Risk.HIGH,
    tier=Tier.BETA,
    clearance="restricted",
    concurrency=4,
)
async def cyber_guardian(check: SessionCheck) -> SessionVerdict | InsufficientData:
    """Judges sign-ins: failures in a row, impossible travel, unknown devices, and their combinations."""
    return guard(check)
