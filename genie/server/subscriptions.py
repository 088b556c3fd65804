"""Webhooks of callers: created, shown, removed, and their dead letters sent again."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from genie.server.bodies import Act, read
from genie.server.messages import Json
from genie.server.webhooks import Hook

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from genie.server.server import Call


async def create(call: Call) -> ASGIApp:
    """Create a webhook for runs; the secret of its signatures is shown once."""
    made = call.server.webhooks.add(call.who, await read(call.request, Hook))
    return Json({**made.record(), "secret": f"whsec_{base64.b64encode(made.secret).decode()}"}, 201)


async def show_all(call: Call) -> ASGIApp:
    """List the caller's webhooks."""
    own = [one.record() for one in call.server.webhooks.all.values() if one.owner.is_also(call.who)]
    return Json({"webhooks": own})


async def show(call: Call) -> ASGIApp:
    """Show a webhook, with the events that its receiver did not accept."""
    return Json(call.server.webhooks.find(call.path("id"), call.who).record())


async def delete(call: Call) -> ASGIApp:
    """Remove a webhook; its waiting events are not sent."""
    found = call.server.webhooks.find(call.path("id"), call.who)
    call.server.webhooks.remove(found)
    return Json(found.record())


async def redeliver(call: Call) -> ASGIApp:
    """Send the dead letters of a webhook again."""
    await read(call.request, Act)
    found = call.server.webhooks.find(call.path("id"), call.who)
    found.disabled = ""
    while found.letters:
        found.put(found.letters.popleft()._replace(attempts=0, due=0.0))
    return Json(found.record(), 202)
