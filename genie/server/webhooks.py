"""Webhooks: state changes of runs, sent to receivers of callers as signed CloudEvents.

Signatures follow Standard Webhooks 1.0. An event contains the id and state of a run and no payload: a receiver that may
see the answer requests it with its own key.
"""

from __future__ import annotations

import base64
import datetime
import hashlib
import hmac
import ipaddress
import json
import os
from collections import deque
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple
from urllib.parse import urlsplit

import anyio
from pydantic import Field

from genie.errors import WebhookError
from genie.server.bodies import Body, Text
from genie.server.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from anyio.abc import TaskGroup

    from genie.edges.http.client import Way
    from genie.server.hosting import HostedRun
    from genie.server.principals import Principal

WAITS_S = (5.0, 300.0, 1_800.0, 7_200.0, 18_000.0, 36_000.0, 36_000.0)
"""Seconds before each further attempt: eight attempts in 30 hours."""
TIMEOUT_S = 10.0
MOST_HOOKS = 1_000
MOST_OF_ONE = 20
"""Maximum number of webhooks of one caller."""
MOST_WAITING = 1_000
"""Number of waiting events of one webhook; beyond it the oldest becomes a dead letter."""
MOST_LETTERS = 100
_GONE = 410
State = Literal["complete", "failed", "held"]


RECEIVER = r"^[hH][tT][tT][pP][sS]?://([A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(:[0-9]{1,5})?([/?][!-~]*)?$"


class Hook(Body):
    """Body of ``POST /v1/webhooks``."""

    url: Annotated[str, Field(max_length=1_000, pattern=RECEIVER)] = Field(
        description="Receiver; https, and not in a private network."
    )
    pipeline: Text | None = Field(default=None, description="Only runs of this pipeline.")
    on: Annotated[list[State], Field(min_length=1)] = Field(
        default=["complete", "failed", "held"], description="States of runs that are sent."
    )


class Delivery(NamedTuple):
    """One event to be sent."""

    id: str
    body: bytes
    attempts: int = 0
    due: float = 0.0
    code: str = ""
    """Reason of the last failure."""


class Webhook:
    """One subscription.

    Args:
        name: Its id.
        owner: The principal who created it; it covers the runs that this caller may see.
        hook: The request.
    """

    def __init__(self, name: str, owner: Principal, hook: Hook) -> None:
        self.id = name
        self.owner = owner
        self.hook = hook
        self.secret = os.urandom(24)
        self.waiting: list[Delivery] = []
        self.letters: deque[Delivery] = deque(maxlen=MOST_LETTERS)
        self.sent = 0
        self.disabled = ""
        self.scope = anyio.CancelScope()
        self.changed = anyio.Event()

    def record(self) -> dict[str, Any]:
        """Return it as JSON values, without its secret."""
        return {
            "id": self.id, "url": self.hook.url, "pipeline": self.hook.pipeline, "on": list(self.hook.on),
            "sent": self.sent, "waiting": len(self.waiting), "disabled": self.disabled,
            "dead_letters": [{"id": one.id, "attempts": one.attempts, "code": one.code} for one in self.letters],
        }  # fmt: skip

    def put(self, delivery: Delivery) -> None:
        """Queue an event."""
        self.waiting.append(delivery)
        if len(self.waiting) > MOST_WAITING:
            self.letters.append(self.waiting.pop(0)._replace(code="overflow"))
        self.changed.set()
        self.changed = anyio.Event()


class Webhooks:
    """All subscriptions of a server.

    Args:
        good: Returns whether credentials are still valid.
        now: The loop's clock.
        wall: Seconds since the epoch.
        networks: Private networks in which receivers may be, also without TLS.
    """

    def __init__(
        self, good: Callable[[Principal], bool], now: Callable[[], float], wall: Callable[[], float],
        networks: tuple[str, ...] = (),
    ) -> None:  # fmt: skip
        self.all: dict[str, Webhook] = {}
        self.tasks: TaskGroup | None = None
        self._good = good
        self._now = now
        self._wall = wall
        self._networks = tuple(map(ipaddress.ip_network, networks))

    def add(self, owner: Principal, hook: Hook) -> Webhook:
        """Add a webhook and start to send.

        Raises:
            Problem: The address cannot be used, or there are too many webhooks.
        """
        if len(self.all) >= MOST_HOOKS or sum(one.owner.is_also(owner) for one in self.all.values()) >= MOST_OF_ONE:
            raise Problem("conflict", f"one caller may have {MOST_OF_ONE} webhooks, all callers {MOST_HOOKS:,}")
        self._way(hook.url)
        made = Webhook(base64.b32encode(os.urandom(10)).decode().lower(), owner, hook)
        self.all[made.id] = made
        if self.tasks is not None:
            self.tasks.start_soon(self._serve, made)
        return made

    def remove(self, webhook: Webhook) -> None:
        """Stop sending."""
        self.all.pop(webhook.id, None)
        webhook.scope.cancel()

    def find(self, name: str, owner: Principal) -> Webhook:
        """Return a subscription of its owner.

        Raises:
            Problem: There is none, or another caller owns it.
        """
        found = self.all.get(name)
        if found is None or not found.owner.is_also(owner):
            raise Problem("not_found")
        return found

    def told(self, run: HostedRun) -> None:
        """Queue events for the subscriptions of a run whose state has changed."""
        for webhook in tuple(self.all.values()):
            if not self._good(webhook.owner):
                self.remove(webhook)
                continue
            hook = webhook.hook
            if run.status in hook.on and hook.pipeline in {None, run.pipeline} and run.visible_to(webhook.owner):
                webhook.put(self._event(run, webhook))

    def _event(self, run: HostedRun, webhook: Webhook) -> Delivery:
        record = run.record(webhook.owner)
        name = f"{run.id}.{run.status}.{run.ring.last}"
        content = {
            "specversion": "1.0", "id": name, "source": "/v1/runs", "type": f"genie.run.{run.status}",
            "subject": run.id, "datacontenttype": "application/json",
            "time": datetime.datetime.fromtimestamp(self._wall(), datetime.UTC).isoformat(),
            "data": {key: record[key] for key in ("id", "pipeline", "status", "code", "held", "missing", "messages")},
        }  # fmt: skip
        return Delivery(name, json.dumps(content, separators=(",", ":")).encode())

    async def _serve(self, webhook: Webhook) -> None:
        """Send the events of one receiver, the earliest due first; a slow receiver delays no other."""
        with webhook.scope:
            while True:
                due = min(webhook.waiting, key=lambda one: one.due, default=None)
                changed = webhook.changed
                if due is None or due.due > self._now() or webhook.disabled:
                    with anyio.CancelScope(deadline=anyio.current_time() + self._pause(webhook, due)):
                        await changed.wait()
                    continue
                webhook.waiting.remove(due)
                await self.attempt(webhook, due)

    def _pause(self, webhook: Webhook, due: Delivery | None) -> float:
        return 3_600.0 if due is None or webhook.disabled else max(0.0, due.due - self._now())

    async def attempt(self, webhook: Webhook, delivery: Delivery) -> None:
        """Send one event; if it is not accepted, it is retried later, or becomes a dead letter."""
        tried = delivery._replace(attempts=delivery.attempts + 1)
        try:
            status = await self._post(webhook, delivery)
        except (WebhookError, Problem) as error:
            again, code = isinstance(error, WebhookError) and error.again_s is not None, "unreachable"
        else:
            if 200 <= status < 300:
                webhook.sent += 1
                return
            again, code = status in {408, 425, 429} or status >= 500, f"status_{status}"
            if status == _GONE:
                webhook.disabled = code
        if again and tried.attempts <= len(WAITS_S):
            webhook.waiting.append(tried._replace(due=self._now() + WAITS_S[tried.attempts - 1], code=code))
        else:
            webhook.letters.append(tried._replace(code=code))

    async def _post(self, webhook: Webhook, delivery: Delivery) -> int:
        way = self._way(webhook.hook.url)
        at = int(self._wall())
        signed = signature(webhook.secret, delivery.id, at, delivery.body)
        headers = {
            "content-type": "application/cloudevents+json", "user-agent": "genie", "webhook-id": delivery.id,
            "webhook-timestamp": str(at), "webhook-signature": signed,
        }  # fmt: skip
        with anyio.move_on_after(TIMEOUT_S):
            async with way.call("POST", way.target(webhook.hook.url), headers=headers, content=delivery.body) as answer:
                return answer.status_code
        raise WebhookError("the receiver", f"took more than {TIMEOUT_S:g} s", 0.0)

    def _way(self, url: str) -> Way:
        """Return how a receiver may be called: https to public addresses, or any address in the named networks."""
        from genie.edges.http.client import Way  # noqa: PLC0415 - start-up: for those who have webhooks
        from genie.edges.http.ssrf import HostRule, named  # noqa: PLC0415 - as above

        try:
            parts = urlsplit(url)
            host, port = named(parts.hostname or ""), parts.port
        except (UnicodeError, ValueError):
            raise Problem("forbidden", "the URL of the receiver is malformed") from None
        schemes = frozenset({"https", "http"} if self._networks else {"https"})
        way = Way(
            error=WebhookError, hosts=(HostRule(host, below=False, port=port),), schemes=schemes,
            timeout_s=TIMEOUT_S, networks=self._networks,
        )  # fmt: skip
        try:
            way.target(url)
        except WebhookError:
            raise Problem("forbidden", "nothing is sent to this address; give one with https") from None
        return way


def signature(secret: bytes, name: str, at: int, body: bytes) -> str:
    """Return the signature of Standard Webhooks: ``v1,`` and an HMAC-SHA256 over id, time and body."""
    made = hmac.new(secret, b"%b.%d.%b" % (name.encode(), at, body), hashlib.sha256).digest()
    return f"v1,{base64.b64encode(made).decode()}"
