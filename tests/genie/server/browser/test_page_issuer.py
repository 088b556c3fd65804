"""Signing in at an identity provider in a real Chromium: both are servers of this machine."""

from __future__ import annotations

import json
import re
import threading
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qs, urlencode, urlsplit

import anyio
import anyio.from_thread
import pytest

from genie.server.connections import listening, serve
from genie.server.principals import ApiKeys, new_key
from genie.server.server import Server, Settings
from genie.server.who import WhoSection
from genie.testing.http import Request, loopback_server, response
from tests.genie.desk_for_tests import wish
from tests.genie.issuer_for_tests import ec_key, jwk, section, token
from tests.genie.loopback_for_tests import allow_this_machine
from tests.genie.server.test_keys_and_step_up import risky

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

pytestmark = pytest.mark.slow


class Served(NamedTuple):
    address: str
    asker: str
    provider: Provider


class Provider:
    """A small provider: whoever comes is signed in as ``user`` at once."""

    def __init__(self) -> None:
        self.issuer = ""
        self.user: str | None = "bela"
        self.asked: list[dict[str, str]] = []
        self.server: Server | None = None

    def answer(self, request: Request) -> bytes:
        path, _, query = request.line.split()[1].partition("?")
        given = {name: values[0] for name, values in parse_qs(query).items()}
        match path:
            case "/authorize":
                self.asked.append(given)
                back = {"code": "c1"} if self.user is not None else {"error": "access_denied"}
                to = f"{given['redirect_uri']}?{urlencode({**back, 'state': given['state']})}"
                return response("302 Found", b"", f"Location: {to}")
            case "/token":
                return self._json({"id_token": self._token()})
            case "/keys":
                return self._json({"keys": [jwk(ec_key())]})
            case "/logout":
                return response("302 Found", b"", f"Location: {given['post_logout_redirect_uri']}")
        at = self.issuer
        return self._json({"issuer": at, "jwks_uri": f"{at}/keys", "authorization_endpoint": f"{at}/authorize",
                           "token_endpoint": f"{at}/token", "end_session_endpoint": f"{at}/logout"})  # fmt: skip

    def _token(self) -> str:
        assert self.server is not None
        now = self.server.now()
        return token(
            head={"typ": "JWT"}, iss=self.issuer, aud="genie-page", sub=self.user, iat=now, exp=now + 300,
            nonce=self.asked[-1]["nonce"], realm={"roles": ["bank-checkers"]}, auth_time=now,
        )  # fmt: skip

    def _json(self, value: object) -> bytes:
        return response("200 OK", json.dumps(value).encode(), "Content-Type: application/json")


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    allow_this_machine(monkeypatch)
    listener, provider = listening("127.0.0.1", 0, behind_proxy=False), Provider()
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    keys = ApiKeys()
    asker, kept = new_key(user="asha", roles=("clerk",), clearance="restricted", tenant="north")
    keys.add(kept)
    open_, ended = threading.Event(), threading.Event()

    async def main() -> None:
        stop = anyio.Event()

        async def until_ended() -> None:
            await anyio.to_thread.run_sync(ended.wait)
            stop.set()

        async with loopback_server(provider.answer) as other, anyio.create_task_group() as tasks:
            provider.issuer = f"http://127.0.0.1:{other.port}"
            facts = section(issuer=provider.issuer, sign_in={"client": "genie-page", "title": "Bank login"})
            who = {"version": 1, "resource": address, "issuers": [facts]}
            provider.server = Server(
                [risky()], keys, Settings(drain_s=0.0), who=WhoSection.model_validate_json(json.dumps(who))
            )
            tasks.start_soon(until_ended)
            await serve(provider.server, listener, stop.wait, lambda _address: open_.set())

    thread = threading.Thread(target=anyio.run, args=[main])
    with listener:
        thread.start()
        assert open_.wait(60)
        yield Served(address, asker, provider)
        ended.set()
        thread.join(60)
    assert not thread.is_alive()


def test_a_person_signs_in_at_the_provider_approves_and_signs_out(browser: Browser, served: Served) -> None:
    context = browser.new_context()
    context.set_default_timeout(10_000)
    page = context.new_page()
    faults: list[Any] = []
    page.on("pageerror", lambda error: faults.append(error))  # noqa: PLW0108 - playwright marks what it is given
    asked = context.request.post(
        f"{served.address}/v1/runs", data=wish("order"), headers={"Authorization": f"Bearer {served.asker}"}
    )
    assert asked.status == 202, asked.text()

    served.provider.user = None
    page.goto(f"{served.address}/#/approvals")
    page.get_by_role("button", name="Sign in with Bank login").click()
    page.get_by_role("alert").get_by_text("did not sign you in").wait_for()
    served.provider.user = "bela"
    page.goto(f"{served.address}/#/approvals")
    page.get_by_role("button", name="Sign in with Bank login").click()
    page.get_by_role("navigation", name="Screens").get_by_text("bela").wait_for()
    page.get_by_role("heading", name="Approvals").wait_for()
    assert urlsplit(page.url).fragment == "/approvals"
    assert "max_age" not in served.provider.asked[-1]

    stale = json.dumps({"code": "step_up", "title": "This needs a recent sign-in"})
    page.route("**/votes", lambda route: route.fulfill(status=403, body=stale), times=1)
    for proved in (False, True):
        page.get_by_role("button", name="Approve").click()
        page.get_by_label("Reason").fill("it is needed")
        page.get_by_role("dialog").get_by_role("button", name="Approve").click()
        if not proved:
            page.get_by_role("button", name="Sign in again with Bank login").click()
            page.get_by_role("dialog").wait_for(state="detached")
            page.get_by_role("heading", name="Approvals").wait_for()
    page.get_by_text("It is approved").first.wait_for()
    assert served.provider.asked[-1]["max_age"] == "300"

    with page.expect_request(re.compile("/logout")):
        page.get_by_role("button", name="Sign out").click()
    page.get_by_role("heading", name="Sign in").wait_for()
    page.reload()
    page.get_by_role("heading", name="Sign in").wait_for()
    assert faults == []
    context.close()
