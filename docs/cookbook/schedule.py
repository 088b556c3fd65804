"""Schedule: a question is asked every hour; one run replaces all missed firings."""

from datetime import UTC, datetime

import anyio

from genie import Payload, Runtime, Schedule, agent
from genie.scheduling.scheduler import Scheduler


class Check(Payload, topic="desk.check"):
    what: str


class Checked(Payload, topic="desk.checked"):
    fine: bool


@agent("clerk")
async def clerk(check: Check) -> Checked:
    return Checked(fine=True)


hourly = Schedule("hourly", "0 * * * *", payload=Check(what="the books"), missed="once")


async def main() -> None:
    now, last = datetime(2026, 6, 1, 15, 30, tzinfo=UTC), datetime(2026, 6, 1, 12, tzinfo=UTC)
    # A service omits `wall` and `since`, so that the machine's clock is used. Here it is half past three.
    async with Runtime([clerk], wall=now.timestamp()) as runtime:
        scheduler = Scheduler(runtime, [hourly], Checked, since={"hourly": last})
        async with scheduler.running():
            await scheduler.drain(within_s=1.0)
        print("fired", scheduler.firings["hourly"].fired, "missed", scheduler.firings["hourly"].missed)


if __name__ == "__main__":
    anyio.run(main)
