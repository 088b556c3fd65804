"""Passkeys in a real Chromium with its virtual authenticator: registration, sign-in, and the proof for high risk."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any, NamedTuple

import anyio
import anyio.from_thread
import pytest

from genie.server.connections import listening, serve
from genie.server.principals import ApiKeys, new_key
from genie.server.server import Server, Settings
from genie.server.store import store_at
from genie.server.who import WhoSection
from tests.genie.desk_for_tests import wish
from tests.genie.server.test_keys_and_step_up import risky

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

HOURS_S = 360_000.0
pytestmark = pytest.mark.slow


class Served(NamedTuple):
    address: str
    invitation: str
    asker: str


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    keys, listener = ApiKeys(), listening("127.0.0.1", 0, behind_proxy=False)
    address = f"http://localhost:{listener.getsockname()[1]}"
    text = json.dumps({"version": 1, "passkeys": {"host": "localhost", "origins": [address]}})

    def store_time() -> float:
        return server.now()

    store = store_at(str(tmp_path / "store.db"), str(tmp_path / "ring.json"), store_time)
    server = Server([risky()], keys, Settings(drain_s=0.0), who=WhoSection.model_validate_json(text), store=store)
    wall = server.now()
    invitation, kept = new_key(
        user="bela", roles=("checker",), clearance="restricted", rights=("observe", "approve"),
        invited_until=wall + HOURS_S, expires_at=wall + HOURS_S,
    )  # fmt: skip
    keys.add(kept)
    asker, kept = new_key(user="asha", roles=("clerk",), clearance="restricted", expires_at=wall + HOURS_S)
    keys.add(kept)
    open_, ended = threading.Event(), threading.Event()

    async def main() -> None:
        stop = anyio.Event()

        async def until_ended() -> None:
            await anyio.to_thread.run_sync(ended.wait)
            stop.set()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(until_ended)
            await serve(server, listener, stop.wait, lambda _address: open_.set())

    thread = threading.Thread(target=anyio.run, args=[main])
    with listener:
        thread.start()
        assert open_.wait(60)
        yield Served(address, invitation, asker)
        ended.set()
        thread.join(60)
    assert not thread.is_alive()


def with_authenticator(browser: Browser, address: str) -> Page:
    context = browser.new_context()
    context.set_default_timeout(10_000)
    page = context.new_page()
    devtools = context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
               "isUserVerified": True, "automaticPresenceSimulation": True}  # fmt: skip
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    page.goto(address)
    return page


def test_a_person_registers_signs_in_and_approves_with_a_passkey(browser: Browser, served: Served) -> None:
    page = with_authenticator(browser, served.address)
    faults: list[Any] = []
    page.on("pageerror", lambda error: faults.append(error))  # noqa: PLW0108 - playwright marks what it is given
    page.get_by_role("button", name="I have an invitation").click()
    page.get_by_label("Invitation", exact=True).fill(served.invitation)
    page.get_by_label("Name of this device").fill("a laptop")
    page.get_by_role("button", name="Register", exact=True).click()
    page.get_by_role("navigation", name="Screens").wait_for()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.get_by_role("navigation", name="Screens").wait_for()

    request = page.context.request
    asked = request.post(
        f"{served.address}/v1/runs", data=wish("order"), headers={"Authorization": f"Bearer {served.asker}"}
    )
    assert asked.status == 202, asked.text()
    # A browser that lost its proof: the page asks for the passkey, then sends the vote.
    stale = json.dumps({"code": "step_up", "title": "This needs a recent sign-in"})
    page.route(
        "**/votes",
        lambda route: route.fulfill(status=403, content_type="application/problem+json", body=stale),
        times=1,
    )
    page.evaluate("location.hash = '#/approvals'")
    page.get_by_role("button", name="Approve").click()
    page.get_by_label("Reason").fill("it is needed")
    page.get_by_role("dialog").get_by_role("button", name="Approve").click()
    page.get_by_role("button", name="Use your passkey").click()
    page.get_by_text("It is approved").first.wait_for()

    other = with_authenticator(browser, served.address)
    other.get_by_role("button", name="I have an invitation").click()
    other.get_by_label("Invitation", exact=True).fill(served.invitation)
    other.get_by_role("button", name="Register", exact=True).click()
    other.get_by_role("alert").get_by_text("conflict").wait_for()
    other.get_by_role("button", name="I have a passkey or a key").click()
    other.get_by_role("button", name="Sign in with a passkey").wait_for()
    assert faults == []
    for context in browser.contexts:
        context.close()
