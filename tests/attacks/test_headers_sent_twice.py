"""Attack: say twice who calls, or what is sent: the proxy in front reads one of the two, and the server the other."""

from __future__ import annotations

import pytest

from tests.genie.desk_for_tests import desk, wish

pytestmark = pytest.mark.anyio


NAMES = ("Authorization", "Origin", "X-CSRF-Token", "Idempotency-Key", "Content-Type", "Sec-Fetch-Site")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("same", [True, False])
async def test_a_header_that_is_sent_twice_is_refused(name: str, *, same: bool) -> None:
    """Was: the first one counted."""
    async with desk() as at:
        good = {"Authorization": f"Bearer {at.key()}", "Content-Type": "application/json"}
        given = [*good.items(), (name, good.get(name, "x") if same else "other")]
        if name not in good:
            given.append((name, "x"))
        async with at.http() as http:
            found = await http.post("/v1/runs", json=wish(), headers=given)
        assert (found.status_code, found.json()["code"]) == (400, "malformed")
        assert not at.server.hosted["desk"].runs


async def test_headers_that_may_be_lists_may_come_twice() -> None:
    async with desk() as at, at.http(at.key()) as http:
        found = await http.get("/v1/runs", headers=[("Accept", "application/json"), ("Accept", "*/*")])
        assert found.status_code == 200
