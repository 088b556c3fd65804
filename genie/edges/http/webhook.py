"""Posts messages to an outside receiver: an ordinary agent, so its messages were judged and masked for it.

The bus provides a bounded mailbox, retries with the same message id, and dead letters; nothing is lost silently. A
receiver may get a message twice if its response was lost, and can recognise it by its id.
"""

from __future__ import annotations

import contextlib
import datetime
import email.utils
import hashlib
import hmac
import ipaddress
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

import anyio
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from genie.contracts.agent import Binding
from genie.contracts.card import AgentCard, Risk, Tier
from genie.contracts.classification import Classification
from genie.contracts.context import Context
from genie.contracts.limits import Mailbox, Retry
from genie.contracts.message import Message, Payload, topic_of
from genie.contracts.serialization import as_wire
from genie.errors import WebhookError
from genie.errors.safe_text import keep_safe_text

if TYPE_CHECKING:
    import httpx

    from genie.edges.http.client import Resolve, Way

MOST_OF_ANSWER = 65_536
"""Bytes of a response that are read; only so that the connection can be reused."""


def _receiver(url: SecretStr) -> SecretStr:
    try:
        parts = urlsplit(url.get_secret_value())
        fits = parts.scheme in {"https", "http"} and bool(parts.hostname) and parts.port != 0
        fits = fits and parts.username is None
    except ValueError:
        fits = False
    if not fits:
        raise ValueError("is not a valid URL of a receiver; write https://host/path, without a user or password")
    return url


def _network(text: str) -> str:
    ipaddress.ip_network(text)
    return text


class WebhookSettings(BaseModel):
    """Address of the receiver, and the secret for signatures."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    url: Annotated[SecretStr, AfterValidator(_receiver)] = Field(
        description="Address of the receiver; its path may be a secret, so it is never logged."
    )
    secret: SecretStr = Field(min_length=16, description="Key of the signature; ${NAME} takes it from the environment.")
    http: bool = Field(default=False, description="Allow an address without encryption.")
    networks: tuple[Annotated[str, AfterValidator(_network)], ...] = Field(
        default=(), description="Private networks that the receiver may be in, such as 10.1.0.0/16."
    )
    timeout_s: float = Field(default=10.0, gt=0, le=300, description="Seconds for one attempt.")
    longest_wait_s: float = Field(
        default=300.0, ge=0, le=86_400, description="Longest wait before another attempt that a receiver may request."
    )


class Webhook:
    """Posts its messages to a receiver, signed; see docs/http.md for what the receiver gets.

    In a pipeline file it is bound by ``use: webhook`` with ``topics``, ``clearance`` and ``settings``; in Python by
    ``posting``.

    Args:
        resolver: For tests: resolves names to addresses.
        transport: For tests: the transport.
    """

    card = AgentCard(
        id="webhook",
        name="webhook",
        description="Post messages to a receiver outside.",
        capabilities=("egress.webhook",),
        risk=Risk.MEDIUM,
        tier=Tier.PRODUCTION,
        clearance=Classification.RESTRICTED,
        egress=True,
        notices=True,
        concurrency=4,
        retry=Retry(attempts=6, first_s=1.0, factor=4.0, longest_s=300.0),
        mailbox=Mailbox(capacity=1024),
        settings=WebhookSettings,
    )

    def __init__(self, *, resolver: Resolve | None = None, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._resolver = resolver
        self._given = transport
        self._transport: httpx.AsyncBaseTransport | None = None
        self._way: Way | None = None

    async def handle(self, message: Message[Any], context: Context) -> None:
        """Post one message.

        Raises:
            WebhookError: The receiver did not take it.
        """
        try:
            await self._post(message, context)
        except WebhookError as error:  # the error contains the receiver and a status, nothing of the message
            keep_safe_text(error)
            raise

    async def _post(self, message: Message[Any], context: Context) -> None:
        # Loaded only for posting: httpx costs 50 ms at start-up.
        import httpx  # noqa: PLC0415 - as said above

        from genie.edges.http.client import read  # noqa: PLC0415 - as said above

        settings: WebhookSettings = context.settings
        way = self._way or self._open(settings)
        url = way.target(settings.url.get_secret_value())
        body = content_of(message, context.notices)
        now = context.now()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "genie",
            "X-Genie-Message-Id": message.id,
            "Idempotency-Key": message.id,
            "X-Genie-Signature": signature(settings.secret.get_secret_value(), int(now.timestamp()), body),
        }
        if context.notices:  # as in the body, for receivers that only read headers: JSON, so it is ASCII
            headers["Genie-Notice"] = json.dumps(context.notices)
        status: int | None = None
        wait: str | None = None
        with anyio.move_on_after(settings.timeout_s):
            async with way.call("POST", url, headers=headers, content=body) as response:
                status, wait = response.status_code, response.headers.get("retry-after")
                with contextlib.suppress(httpx.HTTPError):  # the status has arrived, and only it matters
                    await read(response, MOST_OF_ANSWER)
        if status is None:
            raise WebhookError(url.host, f"took more than {settings.timeout_s:g} s", 0.0)
        _judged(url.host, status, min(_seconds(wait, now), settings.longest_wait_s))

    async def close(self) -> None:
        """Close the connections."""
        transport, self._transport, self._way = self._transport, None, None
        if transport is not None:
            await transport.aclose()

    def _open(self, settings: WebhookSettings) -> Way:
        import httpx  # noqa: PLC0415 - as in handle

        from genie.edges.http.client import Way, resolve  # noqa: PLC0415 - as in handle
        from genie.edges.http.ssrf import HostRule, named  # noqa: PLC0415 - as in handle

        url = httpx.URL(settings.url.get_secret_value())
        # All of its connections are to one receiver, so they may be kept open.
        self._transport = self._given or httpx.AsyncHTTPTransport(trust_env=False)
        self._way = Way(
            error=WebhookError, hosts=(HostRule(named(url.raw_host.decode("ascii")), below=False, port=url.port),),
            schemes=frozenset({"https", "http"} if settings.http else {"https"}), timeout_s=settings.timeout_s,
            networks=tuple(ipaddress.ip_network(network) for network in settings.networks),
            resolver=self._resolver or resolve, transport=self._transport,
        )  # fmt: skip
        return self._way


def posting(
    id: str,  # noqa: A002 - the card's own word
    *topics: type[Payload],
    settings: WebhookSettings,
    clearance: Classification | str = Classification.PUBLIC,
    webhook: Webhook | None = None,
    region: str | None = None,
) -> Binding:
    """Return a webhook for ``Runtime``: an agent that posts messages of these classes.

    Args:
        id: Its name in the runtime.
        *topics: Payload classes that it takes.
        settings: Address and signature key.
        clearance: Highest classification that the receiver may read; higher data is masked or denied.
        webhook: The object that posts; a new one by default.
        region: Where the receiver is; unknown by default.
    """
    poster = webhook or Webhook()
    card = replace(poster.card, id=id, consumes=topics, clearance=Classification.parse(clearance), region=region)
    return Binding(agent=poster, card=card, settings=settings)


def content_of(message: Message[Any], notices: tuple[str, ...] = ()) -> bytes:
    """Return the posted form of a message with its notices: ASCII JSON, the same at every attempt."""
    topic = topic_of(message.payload)
    content: dict[str, Any] = {
        "id": message.id,
        "run_id": message.correlation_id,
        "caused_by": message.causation_id,
        "topic": topic.name,
        "version": topic.version,
        "sender": message.sender,
        "classification": message.label.label,
        "payload": as_wire(message.payload),
    }
    if notices:
        content["notices"] = notices
    return json.dumps(content, separators=(",", ":"), allow_nan=False).encode()


def signature(secret: str, at: int, body: bytes) -> str:
    """Return ``t=SECONDS,v1=HEX``: an HMAC-SHA256 over the seconds since the epoch, a dot, and the body.

    The time is signed with the body, so that a receiver can refuse a replayed message.
    """
    made = hmac.new(secret.encode(), b"%d." % at + body, hashlib.sha256)
    return f"t={at},v1={made.hexdigest()}"


def _judged(host: str, status: int, wait_s: float) -> None:
    """Raise unless the receiver has taken the message.

    Raises:
        WebhookError: Too many requests, or a failure of the receiver: try again later. Otherwise the message was
            rejected.
    """
    if 200 <= status < 300:
        return
    if status == 429 or status >= 500:
        raise WebhookError(host, f"answered {status}", wait_s)
    raise WebhookError(host, f"answered {status}" + ("; redirects are not followed" if 300 <= status < 400 else ""))


def _seconds(wait: str | None, now: datetime.datetime) -> float:
    """Return the wait in ``Retry-After``, in seconds from 0 (RFC 9110, 10.2.3); 0 if it cannot be parsed."""
    if wait is None:
        return 0.0
    if wait.isascii() and wait.isdigit():
        return float(wait[:10])
    try:
        at = email.utils.parsedate_to_datetime(wait)
    except ValueError:
        return 0.0
    return max(0.0, (at.replace(tzinfo=at.tzinfo or datetime.UTC) - now).total_seconds())
