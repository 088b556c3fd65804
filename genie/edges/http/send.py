"""The ``Send`` port over HTTP: guarded like ``HttpFetch``, never redirected, with credentials from the environment."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, ClassVar

import anyio
from pydantic import Field

from genie.contracts.ports.fetch import Fetched
from genie.edges.http.client import Resolve, resolve
from genie.edges.http.fetch import FetchSettings, HttpFetch
from genie.errors import FetchError

if TYPE_CHECKING:
    from genie.contracts.ports.send import Method


class SendSettings(FetchSettings):
    """Hosts that may be called, and limits on their responses; redirects are not followed."""

    redirects: int = Field(default=0, ge=0, le=0, description="0, because a redirected call would be sent twice.")
    token: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{0,63}$")] | None = Field(
        default=None, description="Environment variable whose value is sent as a bearer token."
    )


class HttpSend(HttpFetch):
    """Implements ``genie.contracts.ports.send.Send``.

    Args:
        settings: The settings.
        resolver: For tests: resolves names to addresses.
        networks: For tests: private networks that may be called nevertheless, ``"127.0.0.0/8"``.

    Raises:
        FetchError: The environment variable of the token is not set.
    """

    Settings: ClassVar[type[FetchSettings]] = SendSettings

    def __init__(self, settings: SendSettings, *, resolver: Resolve = resolve, networks: tuple[str, ...] = ()) -> None:
        super().__init__(settings, resolver=resolver, networks=networks)
        self._token = None if settings.token is None else os.environ.get(settings.token)
        if settings.token is not None and not self._token:
            raise FetchError(settings.hosts[0], f"needs a token in the environment variable {settings.token}")

    async def send(self, method: Method, url: str, *, content: bytes = b"", key: str = "") -> Fetched:
        """Make one call; see ``genie.contracts.ports.send.Send.send``."""
        target = self._way.target(url)
        headers = {"Accept-Encoding": "identity", "User-Agent": "genie"}
        headers |= {"Content-Type": "application/json"} if content else {}
        headers |= {"Idempotency-Key": key} if key else {}
        headers |= {"Authorization": f"Bearer {self._token}"} if self._token else {}
        with anyio.move_on_after(self._settings.timeout_s):
            async with self._way.call(method, target, headers=headers, content=content) as response:
                if 300 <= response.status_code < 400:
                    raise FetchError(target.host, "redirects, which is not allowed for a call that writes")
                body = await self._way.body(response, target.host, self._settings.max_bytes)
                return Fetched(response.status_code, dict(response.headers.items()), body)
        raise FetchError(target.host, f"took more than {self._settings.timeout_s:g} s", 0.0)
