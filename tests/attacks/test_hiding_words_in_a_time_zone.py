"""Attack: a time whose zone has a name or a class of its own, so that words travel where no inspector looks."""

from __future__ import annotations

import datetime
import zoneinfo
from importlib import resources

import pytest

from genie import Payload, PolicySet, agent
from genie.contracts import shape
from tests.genie.policies_for_tests import CARDS, running

pytestmark = pytest.mark.anyio
CARD = "4111111111111111"
HOUR = datetime.timedelta(hours=1)


class Zone(datetime.tzinfo):
    """A zone that carries text."""

    def utcoffset(self, _at: datetime.datetime | None) -> datetime.timedelta:
        return HOUR

    def dst(self, _at: datetime.datetime | None) -> None:
        return None

    def tzname(self, _at: datetime.datetime | None) -> str:
        return CARD


class Dated(Payload, topic="attack.dated"):
    """What is sent: each kind of field that may have a zone."""

    at: datetime.datetime | None = None
    exact: datetime.datetime = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    hour: datetime.time = datetime.time(9)
    all: tuple[datetime.datetime, ...] = ()


async def delivered(sent: Dated) -> bool:
    """Return True where a recipient of little clearance gets the payload."""
    seen: list[Dated] = []

    @agent("reader", clearance="internal")
    async def reader(dated: Dated) -> None:
        seen.append(dated)

    async with running(reader, policies=PolicySet((CARDS,))) as runtime:
        await runtime.publish(sent)
        await runtime.drain(5)
    return bool(seen)


@pytest.mark.parametrize("zone", [Zone(), datetime.timezone(HOUR, f"card {CARD}"), datetime.timezone(HOUR, CARD)])
@pytest.mark.parametrize("field", ["at", "exact", "hour", "all"])
async def test_a_zone_with_words_is_denied(zone: datetime.tzinfo, field: str) -> None:
    at = datetime.datetime(2026, 1, 1, tzinfo=zone)
    value = {"hour": at.timetz(), "all": (at,)}.get(field, at)
    assert not await delivered(Dated.model_validate({field: value}))


@pytest.mark.parametrize(
    "zone",
    [
        None, datetime.UTC, datetime.timezone(HOUR), datetime.timezone(-HOUR / 2), datetime.timezone(HOUR, "CET"),
        datetime.timezone(datetime.timedelta(seconds=1.5)), zoneinfo.ZoneInfo("Europe/Berlin"),
    ],
    ids=str,
)  # fmt: skip
async def test_a_zone_as_people_have_it_is_delivered(zone: datetime.tzinfo | None) -> None:
    at = datetime.datetime(2026, 1, 1, tzinfo=zone)
    assert await delivered(Dated(at=at, exact=at, hour=at.timetz(), all=(at,)))


async def test_a_long_key_of_a_zone_is_denied_and_not_remembered() -> None:
    with resources.files("tzdata.zoneinfo").joinpath("UTC").open("rb") as file:
        zone = zoneinfo.ZoneInfo.from_file(file, key=f"card {CARD} " * 20)
    before = shape._is_known.cache_info().currsize
    assert not await delivered(Dated(at=datetime.datetime(2026, 1, 1, tzinfo=zone)))
    assert shape._is_known.cache_info().currsize == before


async def test_a_time_out_of_json_is_delivered() -> None:
    assert await delivered(
        Dated.model_validate_json('{"at": "2026-01-01T00:00:00+05:30", "exact": "2026-01-01T00:00:00Z"}')
    )
