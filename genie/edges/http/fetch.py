"""The ``Fetch`` port over HTTP: listed hosts, public addresses, bounded time and size."""

from __future__ import annotations

import ipaddress
from typing import Annotated, ClassVar

import anyio
import httpx
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from genie.contracts.ports.fetch import Fetched
from genie.edges.http.client import Resolve, Way, resolve
from genie.edges.http.ssrf import HostRule
from genie.errors import FetchError


def _host(text: str) -> str:
    HostRule.parse(text)
    return text


Host = Annotated[str, AfterValidator(_host), Field(max_length=260)]


class FetchSettings(BaseModel):
    """Hosts that may be called, and limits on their responses."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    hosts: tuple[Host, ...] = Field(
        min_length=1, description="Hosts that may be called: api.example.org, *.example.org, either with :port."
    )
    http: bool = Field(default=False, description="Also allow http.")
    max_bytes: int = Field(default=1_000_000, ge=1, le=100_000_000, description="Largest answer, in bytes.")
    timeout_s: float = Field(default=10.0, gt=0, le=300, description="Time limit in seconds, including redirects.")
    redirects: int = Field(
        default=3, ge=0, le=10, description="Number of redirects to follow; each target is checked again."
    )


class HttpFetch:
    """Implements ``genie.contracts.ports.fetch.Fetch``.

    Args:
        settings: The settings.
        resolver: For tests: resolves names to addresses.
        networks: For tests: private networks that may be called nevertheless, ``"127.0.0.0/8"``.
    """

    Settings: ClassVar[type[FetchSettings]] = FetchSettings

    def __init__(self, settings: FetchSettings, *, resolver: Resolve = resolve, networks: tuple[str, ...] = ()) -> None:
        self._settings = settings
        self._way = Way(
            error=FetchError, hosts=tuple(HostRule.parse(host) for host in settings.hosts),
            schemes=frozenset({"https", "http"} if settings.http else {"https"}), timeout_s=settings.timeout_s,
            networks=tuple(ipaddress.ip_network(network) for network in networks), resolver=resolver,
        )  # fmt: skip

    async def get(self, url: str) -> Fetched:
        """Return the response of a URL; see ``genie.contracts.ports.fetch.Fetch.get``."""
        target = self._way.target(url)
        asked = target.host
        with anyio.move_on_after(self._settings.timeout_s):
            for _ in range(self._settings.redirects + 1):
                found = await self._hop(target)
                if isinstance(found, Fetched):
                    return found
                target = self._onward(target, found)
            raise FetchError(asked, f"redirects more than {self._settings.redirects} times")
        raise FetchError(asked, f"took more than {self._settings.timeout_s:g} s", 0.0)

    async def _hop(self, url: httpx.URL) -> Fetched | str:
        """Return the response, or the target of its redirect."""
        headers = {"Accept-Encoding": "identity", "User-Agent": "genie"}
        async with self._way.call("GET", url, headers=headers) as response:
            location = response.headers.get("location")
            if response.status_code in {301, 302, 303, 307, 308} and location is not None:
                return str(location)
            body = await self._way.body(response, url.host, self._settings.max_bytes)
            return Fetched(response.status_code, dict(response.headers.items()), body)

    def _onward(self, url: httpx.URL, location: str) -> httpx.URL:
        try:
            onward = str(url.join(location))
        except (httpx.InvalidURL, ValueError):
            raise FetchError(url.host, "redirects to a malformed URL") from None
        target = self._way.target(onward)
        if url.scheme == "https" and target.scheme != "https":
            raise FetchError(target.host, "is redirected to without encryption")
        return target
