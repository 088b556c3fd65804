"""Text that wants to be a script, in every field that a message can carry, on every screen of the page."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.genie.page_for_tests import HOSTILE, SCREENS, asked, go, payment, ready, said

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page, Route

    from tests.genie.page_for_tests import Served

MADE = "main :is(img, script, object, embed, svg[onload], a[href^='javascript']), main iframe:not(.report iframe)"
"""What text must never become."""
pytestmark = pytest.mark.slow


def test_script_text_in_every_field_stays_text(open_page: Callable[..., Page], served: Served) -> None:
    page = open_page(served.bela)
    asha = open_page(served.asha)
    run = asked(asha, payment("sample.yaml", idempotency_key="hostile-1"))
    asha.get_by_text("It waits for a person.").wait_for()
    kept = {
        "id",
        "kind",
        "x",
        "y",
        "state",
        "schema",
        "payload_sha256",
        "pipeline",
        "source",
        "target",
        "run",
        "run_id",
    }
    seen = 0

    def planted(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {name: planted(one, name) for name, one in value.items()}
        if isinstance(value, list):
            return [planted(one, key) for one in value]
        return value + HOSTILE if isinstance(value, str) and key not in kept else value

    def poison(route: Route) -> None:
        nonlocal seen
        if "/events" in route.request.url:
            event = {"run": run, "pipeline": "payment", "at": 1.0, "kind": "denied", **dict.fromkeys(
                ("message_id", "topic", "sender", "recipient", "reason", "code"), HOSTILE)}  # fmt: skip
            route.fulfill(
                status=200,
                content_type="text/event-stream",
                body=f"id: e.1\nevent: denied\ndata: {json.dumps(event)}\n\n",
            )
            return
        answer = route.fetch()
        if "json" in answer.headers.get("content-type", ""):
            seen += 1
            route.fulfill(response=answer, body=json.dumps(planted(answer.json())))
        else:
            route.fulfill(response=answer)

    page.route("**/v1/**", poison)
    for screen in (*SCREENS, f"run/{run}", "agents/mule_detector", "ask/insights"):
        go(page, screen)
        page.locator("main h1").wait_for()
        ready(page)
        assert page.locator(MADE).count() == 0, screen
        assert page.evaluate("window.pwned") is None, screen
    assert page.locator("main").inner_text().count("<img src=x") > 0
    assert seen > len(SCREENS)
    page.unroute_all(behavior="ignoreErrors")


def test_script_text_of_a_model_stays_text_in_a_conversation_and_in_a_report(
    open_page: Callable[..., Page], served: Served
) -> None:
    page = open_page(served.asha)
    text = f"# {HOSTILE} **{HOSTILE[:60]}** `{HOSTILE[:60]}`"
    said(page, "assistant", text)
    page.locator(".said").get_by_text("<img src=x", exact=False).first.wait_for()
    assert page.locator(MADE).count() == 0
    page.get_by_role("link", name="How it came about").click()
    report = page.frame_locator(".report iframe")
    report.get_by_text("<img src=x", exact=False).first.wait_for()
    assert report.locator("img, object, embed, svg[onload], a[href^='javascript']").count() == 0
    assert [frame.evaluate("window.pwned") for frame in page.frames] == [None, None]
