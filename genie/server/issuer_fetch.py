"""HTTP calls to an identity provider: reads its documents, and exchanges codes at its token endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio

from genie.contracts.ports.fetch import Fetched
from genie.edges.http.fetch import HttpFetch
from genie.errors import FetchError

if TYPE_CHECKING:
    from collections.abc import Mapping


class IssuerFetch(HttpFetch):
    """Implements ``genie.server.issuer_keys.IssuerWay``; a redirect of a post is an error."""

    async def post(self, url: str, *, headers: Mapping[str, str], content: bytes) -> Fetched:
        """Send a body to a URL and return the response."""
        target = self._way.target(url)
        sent = {"Accept-Encoding": "identity", "User-Agent": "genie", **headers}
        with anyio.move_on_after(self._settings.timeout_s):
            async with self._way.call("POST", target, headers=sent, content=content) as response:
                body = await self._way.body(response, target.host, self._settings.max_bytes)
                return Fetched(response.status_code, dict(response.headers.items()), body)
        raise FetchError(target.host, f"took more than {self._settings.timeout_s:g} s", 0.0)
