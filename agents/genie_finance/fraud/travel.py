"""Travel: whether one person can have been at both places."""

from __future__ import annotations

from genie_finance.contracts.transfers import Place
from genie_finance.domain.geo import distance_km, speed_kmh

LEAST_KM = 50.0
"""Places closer than this may be the same, since cell towers and address ranges are not more exact."""


def located(place: Place | None) -> Place | None:
    """Return a plausible place; devices without one report 0, 0."""
    return None if place is None or (place.latitude == 0 and place.longitude == 0) else place


def too_fast(first: Place, second: Place, seconds: float, *, most_kmh: float) -> str:
    """Return why the journey is impossible; empty if it is possible.

    Args:
        first: Where the journey starts.
        second: Where it ends.
        seconds: Between the two, at least 0; at the same moment no distance can be covered.
        most_kmh: Speed above which it is impossible.
    """
    distance = distance_km((first.latitude, first.longitude), (second.latitude, second.longitude))
    if distance < LEAST_KM:
        return ""
    speed = speed_kmh(distance, seconds)
    if speed <= most_kmh:
        return ""
    return f"{distance:,.0f} km in {seconds / 60:,.0f} minutes" if seconds else f"{distance:,.0f} km at the same moment"
