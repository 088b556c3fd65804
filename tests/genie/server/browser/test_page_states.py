"""Each screen in a real Chromium: without data, with an error, slow, without a network, small, dark and by axe."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.genie.page_for_tests import ROOT, SCREENS, asked, go, payment, ready, said

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page, Route

    from tests.genie.page_for_tests import Served

AXE = ROOT / "tests/data/axe/axe.min.js"
PROBLEM = {"code": "internal_error", "title": "The server failed", "status": 500}
EMPTY = {
    "live": "No pipeline is served",
    "runs": "No runs yet",
    "ask": "No pipeline is served",
    "approvals": "Nothing waits for you",
    "letters": "No dead letters",
    "agents": "No agents",
    "policies": "No policies",
    "audit": "No records",
    "spend": "Nothing was spent yet",
}
"""What a screen without data says; the system always has some."""
pytestmark = pytest.mark.slow


def fails(route: Route) -> None:
    """Answer with a problem."""
    route.fulfill(status=500, content_type="application/problem+json", body=json.dumps(PROBLEM))


def emptied(value: Any) -> Any:
    """Return JSON without what its lists have."""
    if isinstance(value, dict):
        return {name: emptied(one) for name, one in value.items()}
    return [] if isinstance(value, list) else value


def data(page: Page, act: Callable[[Route], None]) -> None:
    """Let something else happen to every request for data; who is signed in stays known."""
    page.route("**/v1/**", lambda route: route.fallback() if route.request.url.endswith("/v1/session") else act(route))


def test_every_screen_tells_an_error_and_tries_again(open_page: Callable[..., Page], served: Served) -> None:
    page = open_page(served.asha)
    go(page, "system")  # the first screen has its data already, and would not ask again
    page.get_by_role("heading", name="System", exact=True).wait_for()
    for screen in SCREENS:
        data(page, fails)
        go(page, screen)
        page.locator(f'.side a[href="#/{screen}"][aria-current]').wait_for()
        page.get_by_role("alert").first.get_by_text("internal_error").wait_for()
        page.unroute_all(behavior="ignoreErrors")
        page.evaluate("document.querySelectorAll('main .trouble button').forEach(one => one.click())")
        while page.locator("main .trouble").count():  # a screen with several parts has several
            page.locator("main .trouble").first.wait_for(state="detached")
        ready(page)


def test_every_screen_without_data_says_what_will_appear(open_page: Callable[..., Page], served: Served) -> None:
    page = open_page(served.asha)
    go(page, "system")  # the first screen has its data already, and would not ask again
    page.get_by_role("heading", name="System", exact=True).wait_for()

    def empty(route: Route) -> None:
        answer = route.fetch()
        if "/events" in route.request.url or "json" not in answer.headers.get("content-type", ""):
            route.fulfill(response=answer)
        else:
            route.fulfill(response=answer, body=json.dumps(emptied(answer.json())))

    page.route("**/v1/events*", lambda route: route.abort())
    data(page, lambda route: route.abort() if "/events" in route.request.url else empty(route))
    for screen, title in EMPTY.items():
        go(page, screen)
        page.get_by_role("heading", name=title).first.wait_for()
    page.unroute_all(behavior="ignoreErrors")


def test_every_screen_says_that_the_server_is_slow(open_page: Callable[..., Page], served: Served) -> None:
    page = open_page(served.asha, still=True)
    go(page, "system")  # the first screen has its data already, and would not ask again
    page.get_by_role("heading", name="System", exact=True).wait_for()
    for screen in SCREENS:
        data(page, lambda route: None)  # no answer comes
        go(page, screen)
        page.locator(f'.side a[href="#/{screen}"][aria-current]').wait_for()
        while not page.get_by_text("slow to answer").count():  # its module is loaded in real time
            page.clock.run_for(500)
        page.unroute_all(behavior="ignoreErrors")
        page.clock.run_for(20_000)


def test_a_screen_that_is_not_there_or_cannot_be_loaded_says_so(open_page: Callable[..., Page], served: Served) -> None:
    page = open_page(served.asha)
    go(page, "nowhere")
    page.get_by_role("heading", name="Nothing here").wait_for()
    page.route("**/screens/audit.js", lambda route: route.abort())
    go(page, "audit")
    page.get_by_role("alert").get_by_text("offline").wait_for()


def test_a_lost_connection_is_told_and_resumed(open_page: Callable[..., Page], served: Served) -> None:
    page = open_page(served.asha)
    go(page, "runs")
    page.locator("main h1").wait_for()
    page.route("**/v1/**", lambda route: route.abort("connectionrefused"))
    page.get_by_text("No connection to the server").wait_for()
    page.get_by_role("heading", name="Runs", exact=True).wait_for()
    go(page, "live/payment")
    page.unroute("**/v1/**")
    page.get_by_text("No connection to the server").wait_for(state="detached", timeout=20_000)
    page.reload()
    page.locator(".figure .badge", has_text="live").wait_for()


@pytest.mark.parametrize(("width", "dark"), [(1440, False), (400, True)])
def test_every_screen_is_accessible(open_page: Callable[..., Page], served: Served, width: int, dark: bool) -> None:
    page = open_page(served.asha, width=width, dark=dark)
    run = asked(page, payment("sample.yaml", idempotency_key=f"axe-{width}-{dark}"))
    said(page, "finance_assistant", "What does a loan of 10 lakh cost?")
    page.evaluate(AXE.read_text())
    wrong: list[str] = []
    for screen in (*SCREENS, f"run/{run}", "agents/mule_detector", "policy/payment", "ask/finance_assistant"):
        go(page, screen)
        name = screen.partition("/")[0]
        under = {"run": "runs", "policy": "policies"}.get(name, name)
        page.locator(f'.side a[href="#/{under}"][aria-current]').wait_for()
        page.locator("main h1").wait_for()
        ready(page)
        found = page.evaluate(
            "axe.run(document, {resultTypes: ['violations'], rules: {'target-size': {enabled: true}}})"
        )
        wrong += [
            f"{screen}: {one['id']} {[node['html'][:140] for node in one['nodes'][:3]]}" for one in found["violations"]
        ]
        if page.evaluate("document.documentElement.scrollWidth") > width:
            wrong.append(f"{screen}: wider than {width}")
    assert wrong == []
