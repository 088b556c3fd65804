"""Distances on the earth, and the speed of a journey."""

from __future__ import annotations

import math

EARTH_RADIUS_KM = 6371.0088
"""Mean radius of the earth. Source: IUGG, R1 of the GRS 80 ellipsoid."""


def distance_km(first: tuple[float, float], second: tuple[float, float]) -> float:
    """Return the great-circle distance of two points in kilometres.

    The haversine formula on a sphere: up to half a percent off the ellipsoid's distance.

    Args:
        first: Latitude and longitude in degrees.
        second: Latitude and longitude in degrees.

    Raises:
        ValueError: A latitude is beyond 90 degrees, or a longitude beyond 180.
    """
    for latitude, longitude in (first, second):
        if not (abs(latitude) <= 90 and abs(longitude) <= 180):
            raise ValueError(f"{latitude}, {longitude} is not a point on the earth")
    low, high = math.radians(first[0]), math.radians(second[0])
    turn = math.radians(second[1] - first[1])
    half = math.sin((high - low) / 2) ** 2 + math.cos(low) * math.cos(high) * math.sin(turn / 2) ** 2
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(min(1.0, half)))


def speed_kmh(distance: float, seconds: float) -> float:
    """Return kilometres an hour; infinite for a distance in no time, 0 for no distance.

    Raises:
        ValueError: The time is negative.
    """
    if seconds < 0:
        raise ValueError("a journey cannot end before it starts")
    if distance == 0:
        return 0.0
    return distance * 3600 / seconds if seconds else math.inf
