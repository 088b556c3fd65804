"""Sessions: the catalogue's cases kept or corrected, defaults of other products, and what must always hold."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from genie_finance.contracts.fraud import SessionCheck, SessionVerdict
from genie_finance.contracts.insufficient import InsufficientData
from genie_finance.fraud.cyber_guardian import guard

MUMBAI = {"latitude": 19.076, "longitude": 72.8777}
NEW_YORK = {"latitude": 40.7128, "longitude": -74.006}
Event = dict[str, Any]


def event(when: str, *, success: bool = True, **fields: object) -> Event:
    return {"timestamp": f"2026-01-05T{when}+05:30", "successful_auth": success, "device_id": "phone", **fields}


def answered(*events: Event, known: tuple[str, ...] | None = ("phone",)) -> SessionVerdict:
    given_ = {"user_id": "u", "events": events, "known_devices": known}
    found = guard(SessionCheck.model_validate(given_))
    assert isinstance(found, SessionVerdict)
    return found


def patterns(verdict: SessionVerdict) -> set[str]:
    return {one.pattern for one in verdict.signals}


# --- the catalogue's cases, kept or corrected ---


def test_mumbai_to_new_york_in_an_hour_is_medium() -> None:
    verdict = answered(event("10:00", place=MUMBAI), event("11:00", place=NEW_YORK))
    assert (verdict.score, verdict.label, verdict.recommended_action) == (Decimal("0.35"), "medium", "step_up")


def test_five_failures_then_success_from_an_unknown_device_is_a_takeover() -> None:
    """Was: 0.50, medium."""
    failures = [event(f"10:0{minute}", success=False, device_id="other") for minute in range(5)]
    verdict = answered(*failures, event("10:06", device_id="other", place=MUMBAI))
    assert patterns(verdict) == {"many_failures", "unknown_device", "takeover"}
    assert (verdict.score, verdict.label, verdict.recommended_action) == (Decimal("0.8"), "high", "block")


def test_six_failures_are_medium() -> None:
    verdict = answered(*(event(f"10:0{minute}", success=False) for minute in range(6)))
    assert (verdict.score, verdict.label) == (Decimal("0.3"), "medium")


def test_failures_of_a_whole_day_are_not_a_burst() -> None:
    """Was: without any window, so that forgetting a password five times in a year was an attack."""
    assert answered(*(event(f"{hour:02}:00", success=False) for hour in range(2, 20, 3))).signals == ()


def test_a_failure_between_two_successes_hides_no_journey() -> None:
    """Was: only neighbours that both succeeded were compared."""
    verdict = answered(event("10:00", place=MUMBAI), event("10:30", success=False), event("11:00", place=NEW_YORK))
    assert "impossible_travel" in patterns(verdict)


def test_a_success_without_a_place_hides_no_journey() -> None:
    """Was: a sign-in without a place between two others took both out of sight."""
    verdict = answered(event("10:00", place=MUMBAI), event("10:30"), event("11:00", place=NEW_YORK))
    assert "impossible_travel" in patterns(verdict)


def test_the_same_moment_and_any_order() -> None:
    """Was: a journey in no time was skipped, and events were taken to be in order."""
    assert "impossible_travel" in patterns(answered(event("10:00", place=MUMBAI), event("10:00", place=NEW_YORK)))
    assert "impossible_travel" in patterns(answered(event("11:00", place=NEW_YORK), event("10:00", place=MUMBAI)))


def test_null_island_is_nowhere() -> None:
    """Was: trusted, so that a phone without a fix travelled to the Gulf of Guinea."""
    nowhere = {"latitude": 0, "longitude": 0}
    verdict = answered(event("10:00", place=MUMBAI), event("11:00", place=nowhere))
    assert verdict.signals == ()
    assert verdict.label == "undetermined"


def test_devices_that_change_within_a_day() -> None:
    verdict = answered(*(event(f"1{hour}:00", device_id=f"d{hour}") for hour in range(3)), known=("d0", "d1", "d2"))
    assert patterns(verdict) == {"device_churn"}


@pytest.mark.parametrize("hidden", [{"device_id": None}, {"known": None}])
def test_a_device_that_is_not_known_is_a_new_one(hidden: dict[str, Any]) -> None:
    """It was no takeover, and only a second factor was asked for, where the device had no name."""
    device = {key: value for key, value in hidden.items() if key == "device_id"}
    known = ("phone",) if "known" not in hidden else None
    failures = [event(f"10:0{minute}", success=False, device_id="other") for minute in range(5)]
    verdict = answered(*failures, event("10:06", place=MUMBAI, **{"device_id": "other", **device}), known=known)
    assert patterns(verdict) >= {"many_failures", "unknown_device", "takeover"}
    assert (verdict.label, verdict.recommended_action) == ("high", "block")
    assert "unknown_device" in {one.check for one in verdict.unchecked}


# --- from outside ---


@pytest.mark.parametrize(("minutes", "fast"), [(753, False), (752, True)])
def test_a_thousand_kilometres_an_hour(minutes: int, *, fast: bool) -> None:
    """The default of Airlock IAM's manual, impossible journey risk extractor: above 1,000 km/h; 12,538.03 km here."""
    verdict = answered(
        event("00:00", place=MUMBAI), event(f"{minutes // 60:02}:{minutes % 60:02}", place=NEW_YORK)
    )  # fmt: skip
    assert ("impossible_travel" in patterns(verdict)) is fast


def test_sweden_and_singapore_two_hours_later() -> None:
    """The example of Curity's manual, impossible journey action."""
    sweden, singapore = {"latitude": 59.33, "longitude": 18.07}, {"latitude": 1.35, "longitude": 103.82}
    assert "impossible_travel" in patterns(answered(event("10:00", place=sweden), event("12:00", place=singapore)))


# --- too little ---


def test_no_events_are_no_clean_bill() -> None:
    assert isinstance(guard(SessionCheck(user_id="u", events=())), InsufficientData)


@pytest.mark.parametrize("failures", [1, 4])
def test_failures_without_a_sign_in_are_no_clean_bill(failures: int) -> None:
    """Where nobody signed in, neither place nor device of a sign-in was looked at."""
    verdict = answered(*(event(f"10:0{at}", success=False, place=MUMBAI) for at in range(failures)))
    assert (verdict.label, verdict.recommended_action) == ("undetermined", "step_up")
    assert {one.check for one in verdict.unchecked} == {"impossible_travel", "unknown_device"}


def test_a_new_device_alone_is_low_and_proves_itself() -> None:
    """Was: let in without a second factor, as its points alone make no medium."""
    verdict = answered(event("10:00", place=MUMBAI), event("11:00", place=MUMBAI, device_id="new"))
    assert (verdict.label, verdict.recommended_action) == ("low", "step_up")


def test_low_needs_places_and_devices() -> None:
    known = answered(event("10:00", place=MUMBAI), event("11:00", place=MUMBAI))
    assert (known.label, known.recommended_action, known.unchecked) == ("low", "allow", ())
    blind = answered(event("10:00"), event("11:00"))
    assert (blind.label, blind.recommended_action) == ("undetermined", "step_up")
    strangers = answered(event("10:00", place=MUMBAI), event("11:00", place=MUMBAI), known=None)
    assert [one.check for one in strangers.unchecked] == ["unknown_device"]


def test_a_time_without_its_offset_is_refused() -> None:
    with pytest.raises(ValidationError, match="offset"):
        SessionCheck.model_validate(
            {"user_id": "u", "events": [{"timestamp": "2026-01-05T10:00", "successful_auth": True}]}
        )


# --- laws ---

_EVENTS = st.lists(
    st.tuples(
        st.integers(0, 1439), st.booleans(), st.sampled_from((None, "MUMBAI", "NEW_YORK")),
        st.sampled_from((None, "phone", "other")),
    ),
    min_size=1,
    max_size=25,
)  # fmt: skip


def _events(rows: list[tuple[int, bool, str | None, str | None]]) -> list[Event]:
    places = {"MUMBAI": MUMBAI, "NEW_YORK": NEW_YORK}
    return [
        event(
            f"{minute // 60:02}:{minute % 60:02}", success=success, place=places[place] if place else None,
            device_id=device,
        )
        for minute, success, place, device in rows
    ]  # fmt: skip


@given(_EVENTS, st.integers(0, 2**32))
def test_order_of_input_does_not_matter(rows: list[tuple[int, bool, str | None, str | None]], seed: int) -> None:
    rows = [(at, *row[1:]) for at, row in enumerate(rows)]  # at one moment the order of the world is not known
    shuffled = list(rows)
    random.Random(seed).shuffle(shuffled)
    assert answered(*_events(rows)) == answered(*_events(shuffled))


@given(_EVENTS, st.integers(0, 1439))
def test_another_failure_never_helps(rows: list[tuple[int, bool, str | None, str | None]], minute: int) -> None:
    failed = event(f"{minute // 60:02}:{minute % 60:02}", success=False, device_id=None)
    assert answered(*_events(rows), failed).score >= answered(*_events(rows)).score


@given(_EVENTS, st.data())
def test_leaving_a_device_or_the_list_of_them_out_never_helps(
    rows: list[tuple[int, bool, str | None, str | None]], data: st.DataObject
) -> None:
    whole = answered(*_events(rows))
    hidden = data.draw(st.sets(st.integers(0, len(rows) - 1), min_size=1))
    less = [(*row[:3], None if at in hidden else row[3]) for at, row in enumerate(rows)]
    assert answered(*_events(less)).score >= whole.score
    assert answered(*_events(rows), known=None).score >= whole.score
