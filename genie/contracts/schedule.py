"""When a schedule fires: a cron expression in a time zone.

Clock changes follow Debian cron, as cronsim implements it: a skipped time of day fires right after the gap, a repeated
one fires the first time; expressions with ``*`` in minute or hour fire by elapsed time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from genie.contracts.message import Payload
from genie.errors import ScheduleError, did_you_mean

if TYPE_CHECKING:
    import zoneinfo
    from collections.abc import Iterator

    from cronsim import CronSim

MAX_CRON = 200
"""Maximum length of a cron expression, in characters."""
MAX_ZONE = 100
"""Characters of a time zone's name."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """A payload that is published at scheduled times.

    Args:
        id: Name for logs and counters.
        cron: Minute, hour, day of the month, month, day of the week.
        zone: IANA name of the time zone of the expression.
        payload: What is published; None for the pipeline's own question.
        missed: What happens to firings that were missed: nothing, or one run for all of them.

    Raises:
        ScheduleError: The expression or the zone cannot be used, or the library that reads them is not installed.
    """

    id: str
    cron: str
    zone: str = "UTC"
    payload: Payload | None = field(default=None, repr=False)
    missed: Literal["skip", "once"] = "skip"

    def __post_init__(self) -> None:
        next(self.after(datetime(2024, 1, 1, tzinfo=UTC)))

    def after(self, moment: datetime) -> Iterator[datetime]:
        """Yield the firing times after a moment, in UTC and in order, without end.

        Args:
            moment: Any date and time with a zone.

        Raises:
            ScheduleError: As for the class, or the expression names a day that never occurs.
        """
        last = moment.astimezone(UTC)
        found = self._simulated(last)
        while True:
            try:
                due = next(found).astimezone(UTC)
            except StopIteration:
                raise ScheduleError(self.id, f"{self.cron!r} never fires") from None
            if due > last:  # in a repeated hour, the first occurrence may be before the moment
                last = due
                yield due

    def _simulated(self, moment: datetime) -> CronSim:
        try:
            from cronsim import CronSim, CronSimError  # noqa: PLC0415 - an extra, imported by those who use it
        except ImportError:
            raise ScheduleError(self.id, "needs cronsim, which is not installed; install genie-bus[schedule]") from None
        if len(self.cron) > MAX_CRON or len(self.cron.split()) != 5:
            raise ScheduleError(self.id, "a cron expression has five fields: minute, hour, day, month, day of the week")
        try:
            return CronSim(self.cron, moment.astimezone(self._zone()))
        except CronSimError as error:
            raise ScheduleError(self.id, f"{self.cron!r} is not a cron expression: {str(error).lower()}") from None
        except (AssertionError, ValueError, RecursionError, IndexError):  # expressions that its parser should refuse
            raise ScheduleError(self.id, f"{self.cron!r} is not a cron expression") from None

    def _zone(self) -> zoneinfo.ZoneInfo:
        import zoneinfo  # noqa: PLC0415 - five milliseconds, for those who have schedules

        try:
            if len(self.zone) > MAX_ZONE:
                raise ValueError
            return zoneinfo.ZoneInfo(self.zone)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            known = zoneinfo.available_timezones() if len(self.zone) <= MAX_ZONE else set()
            if not known and len(self.zone) <= MAX_ZONE:
                raise ScheduleError(self.id, "no time zones are installed; install genie-bus[schedule]") from None
            hint = did_you_mean(self.zone, sorted(known)) or "; write an IANA name such as Europe/Berlin"
            raise ScheduleError(self.id, f"no time zone {self.zone[:MAX_ZONE]!r}{hint}") from None
