"""Times of transfers: seconds if the time is known, otherwise days, in the order of the money flow."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import NamedTuple
from zoneinfo import ZoneInfo

from genie.errors import InputError
from genie_finance.contracts.transfers import Transfer

DAY_S = 86_400


class Booked(NamedTuple):
    """A transfer with its parsed time."""

    start: float
    """Earliest possible time in seconds since 1970; the start of its day if the time is unknown."""
    end: float
    """Latest second."""
    day: datetime.date
    """In the question's time zone."""
    hour: int | None
    """Local hour; None if the time is unknown."""
    transfer: Transfer

    @property
    def timed(self) -> bool:
        """Return whether the time of day is known."""
        return self.hour is not None


def zone_of(name: str) -> ZoneInfo:
    """Return a time zone by its name.

    Raises:
        InputError: There is none with that name.
    """
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):  # names of folders of the database, or unknown names
        raise InputError("timezone", "is not a time zone", "give a name such as Asia/Kolkata") from None


def booked(transfers: Iterable[Transfer], timezone: str) -> tuple[Booked, ...]:
    """Return transfers in order of time. Those without a time come first in their day; equal times are ordered by id.

    Raises:
        InputError: The time zone is unknown, or two transfers have one id.
    """
    zone = zone_of(timezone)
    offsets: dict[datetime.date, float] = {}
    found = [_booked(one, zone, offsets) for one in transfers]
    found.sort(key=lambda one: (one.start, one.transfer.transaction_id))
    seen: set[str] = set()
    for one in found:
        if one.transfer.transaction_id in seen:
            raise InputError("transfers", "two have the same transaction_id", "give each transfer once")
        seen.add(one.transfer.transaction_id)
    return tuple(found)


def _booked(transfer: Transfer, zone: ZoneInfo, starts: dict[datetime.date, float]) -> Booked:
    moment = transfer.timestamp
    if isinstance(moment, datetime.datetime):
        local = moment.replace(tzinfo=zone) if moment.tzinfo is None else moment.astimezone(zone)
        second = local.timestamp()
        return Booked(second, second, local.date(), local.hour, transfer)
    start = starts.get(moment)
    if start is None:
        start = datetime.datetime.combine(moment, datetime.time(), zone).timestamp()
        starts[moment] = start
    return Booked(start, start + DAY_S - 1, moment, None, transfer)
