"""Webhook: a signed payload is posted to a server; the receiver checks the signature."""

import hashlib
import hmac

import anyio
import httpx

from genie import Payload, Runtime
from genie.edges.http.webhook import Webhook, WebhookSettings, posting
from genie.testing import settled

SECRET = "a key of sixteen or more"


class Report(Payload, topic="desk.report"):
    text: str


class Receiver(httpx.AsyncBaseTransport):
    """Replaces an outside server, so that this recipe needs no network."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        header = request.headers["X-Genie-Signature"]
        at, _, made = header.removeprefix("t=").partition(",v1=")
        wanted = hmac.new(SECRET.encode(), f"{at}.".encode() + request.content, hashlib.sha256).hexdigest()
        print("genuine:", hmac.compare_digest(made, wanted), request.url.path)
        return httpx.Response(200, stream=httpx.ByteStream(b"taken"))


async def resolver(host: str, port: int) -> tuple[str, ...]:
    """Return the addresses of a host; only public ones may be called."""
    return ("93.184.215.14",)


async def main() -> None:
    settings = WebhookSettings(url="https://hooks.example.org/genie", secret=SECRET)
    webhook = Webhook(resolver=resolver, transport=Receiver())  # a service omits both
    reports_out = posting("reports_out", Report, settings=settings, clearance="internal", webhook=webhook)
    async with Runtime([reports_out]) as runtime:
        await runtime.publish(Report(text="all is well"))
        counted = await settled(runtime)
        print("delivered:", counted.agents["reports_out"].handled)


if __name__ == "__main__":
    anyio.run(main)
