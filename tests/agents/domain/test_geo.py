"""Great circles: the catalogue's distances, worked examples from outside, and what must always hold."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genie_finance.domain.geo import EARTH_RADIUS_KM, distance_km, speed_kmh

MUMBAI, DELHI, NEW_YORK = (19.076, 72.8777), (28.6139, 77.209), (40.7128, -74.006)
PLACES = st.tuples(st.floats(-90, 90), st.floats(-180, 180))


@pytest.mark.parametrize(("end", "expected"), [(DELHI, 1148.10), (NEW_YORK, 12538.03)])
def test_the_catalogues_cities(end: tuple[float, float], expected: float) -> None:
    """The catalogue says 1148.27 and 12539.27 km for coordinates it does not give; these are within a tenth."""
    assert distance_km(MUMBAI, end) == pytest.approx(expected, abs=0.01)
    assert distance_km(MUMBAI, end) == pytest.approx({DELHI: 1148.27, NEW_YORK: 12539.27}[end], rel=2e-4)


def test_nashville_to_los_angeles_as_rosetta_code_has_it() -> None:
    # Rosetta Code, task Haversine formula: 2886.444442837983 km with a radius of 6371.0, 2887.259950607111 with 6372.8.
    found = distance_km((36.12, -86.67), (33.94, -118.40))
    assert found == pytest.approx(2886.444442837983 * EARTH_RADIUS_KM / 6371.0, rel=1e-12)
    assert found == pytest.approx(2887.259950607111 * EARTH_RADIUS_KM / 6372.8, rel=1e-12)


def test_lyon_to_paris_as_the_package_haversine_has_it() -> None:
    # haversine 2.5.1, the example of its page: 392.2172595594006 km, with the radius that is taken here.
    assert distance_km((45.7597, 4.8422), (48.8567, 2.3508)) == pytest.approx(392.2172595594006, rel=1e-9)


def test_a_quarter_and_a_half_of_the_earth() -> None:
    assert distance_km((0, 0), (0, 90)) == pytest.approx(math.pi / 2 * EARTH_RADIUS_KM)
    assert distance_km((90, 0), (-90, 12)) == pytest.approx(math.pi * EARTH_RADIUS_KM)
    assert distance_km((0, 179.5), (0, -179.5)) == pytest.approx(math.radians(1) * EARTH_RADIUS_KM)


@given(PLACES, PLACES, PLACES)
def test_distances_are_a_metric(one: tuple[float, float], two: tuple[float, float], three: tuple[float, float]) -> None:
    assert distance_km(one, one) == 0
    assert distance_km(one, two) == pytest.approx(distance_km(two, one), abs=1e-6)
    assert 0 <= distance_km(one, two) <= math.pi * EARTH_RADIUS_KM + 1e-6
    assert distance_km(one, three) <= distance_km(one, two) + distance_km(two, three) + 1e-3


def test_no_time_is_infinitely_fast_and_no_distance_takes_none() -> None:
    assert speed_kmh(1148, 0) == math.inf
    assert speed_kmh(0, 0) == 0
    assert speed_kmh(1148.1, 900) == pytest.approx(4592.4)
    with pytest.raises(ValueError, match="before"):
        speed_kmh(1, -1)
    with pytest.raises(ValueError, match="point"):
        distance_km((91, 0), (0, 0))
    with pytest.raises(ValueError, match="point"):
        distance_km((math.nan, 0), (0, 0))
