"""An issuer on a real socket of this machine: discovery and keys over HTTP."""

from __future__ import annotations

import json

import pytest

from genie.testing.http import Request, loopback_server, response
from tests.genie.desk_for_tests import desk
from tests.genie.issuer_for_tests import ec_key, jwk, token, who

pytestmark = pytest.mark.anyio


async def test_keys_come_over_http_from_an_issuer_on_this_machine() -> None:
    issuer = ""

    def answer(request: Request) -> bytes:
        facts = {"issuer": issuer, "jwks_uri": f"{issuer}/keys"}
        found = facts if "openid-configuration" in request.line else {"keys": [jwk(ec_key())]}
        return response("200 OK", json.dumps(found).encode(), "Content-Type: application/json")

    async with loopback_server(answer) as server:
        issuer = f"http://127.0.0.1:{server.port}"
        async with desk(who=who(issuer=issuer)) as at:
            assert (await at.get("/v1/runs", token(iss=issuer))).status_code == 200
            assert [request.line.split()[1] for request in server.requests] == [
                "/.well-known/openid-configuration", "/keys",
            ]  # fmt: skip
            assert (await at.get("/v1/runs", token(ec_key("evil"), iss=issuer))).status_code == 401


async def test_an_issuer_that_sends_us_elsewhere_is_not_followed() -> None:
    async with loopback_server(
        lambda _request: response("302 Found", b"", "Location: http://127.0.0.1:1/keys")
    ) as server:
        issuer = f"http://127.0.0.1:{server.port}"
        async with desk(who=who(issuer=issuer)) as at:
            assert (await at.get("/v1/runs", token(iss=issuer))).status_code == 401
            assert len(server.requests) == 1
