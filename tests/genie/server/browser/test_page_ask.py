"""Asking in a real Chromium: conversations, words as they come, reports with charts, replays and what it cost."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.genie.page_for_tests import ROOT, asked, go, payment, ready, said, shot

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page, Route

    from tests.genie.page_for_tests import Served

pytestmark = pytest.mark.slow


def test_a_conversation_has_turns_tools_and_sources(open_page: Callable[..., Page], served: Served) -> None:
    page = open_page(served.asha)
    said(page, "finance_assistant", "What does a loan of 10 lakh cost?")
    turn = page.locator(".turn").first
    turn.get_by_text("Where the numbers come from").wait_for()
    (number,) = turn.locator("mark").all_inner_texts()
    assert number.startswith("45,455.67")
    turn.get_by_text("1 call of a tool").click()
    turn.locator(".tool").get_by_text("loan advisor").wait_for()
    turn.locator(".tool").get_by_text("8.5").wait_for()
    with page.expect_request("**/v1/runs") as sent:
        said(page, "finance_assistant", "And over three years?")
    (document,) = sent.value.post_data_json["payload"]["documents"]
    assert "What does a loan of 10 lakh cost?" in document["text"]
    assert number.removesuffix("1") in document["text"]
    shot(page, "chat")
    go(page, "ask/assistant")
    page.get_by_role("heading", name="One question to one model").wait_for()
    go(page, "ask/finance_assistant")
    page.locator(".turn").nth(1).wait_for()
    page.get_by_role("button", name="New conversation").click()
    page.locator(".turn").first.wait_for(state="detached")


def test_words_are_shown_as_they_come_and_then_the_answer(open_page: Callable[..., Page], served: Served) -> None:
    page = open_page(served.asha)
    runs: list[str] = []
    over = stopped = False

    def record(route: Route) -> None:
        nonlocal stopped
        stopped = stopped or route.request.method == "DELETE"
        answer = route.fetch()
        found = answer.json() if route.request.method == "GET" else {}
        if stopped and not over:
            found |= {"status": "failed", "code": "cancelled", "answer": None}
        elif not over:
            found |= {"status": "running", "answer": None, "ended_at": None}
        route.fulfill(response=answer, body=json.dumps(found))

    def events(route: Route) -> None:
        run = route.request.url.split("/")[-2]
        if over:
            route.fallback()
            return
        runs.append(run)
        last = route.request.headers.get("last-event-id", "")
        parts = [] if last else [
            ("accepted", {"message_id": "m", "recipient": None}),
            ("part", {"topic": "model.delta", "fields": {"text": "lost words"}}),
            ("part", {"topic": "model.restarted", "fields": {"index": 0}}),
            ("part", {"topic": "model.delta", "fields": {"text": "The first words"}}),
            ("part", {"topic": "model.delta", "fields": {"text": " and more"}}),
        ]  # fmt: skip
        body = "".join(
            f"id: abc.{number}\nevent: {kind}\ndata: {json.dumps({'run': run, **data})}\n\n"
            for number, (kind, data) in enumerate(parts, 1)
        )
        route.fulfill(status=200, content_type="text/event-stream", body=body)

    page.route(re.compile(r"/v1/runs/[^/]+$"), record)
    page.route("**/v1/runs/*/events", events)
    go(page, "ask/assistant")
    page.get_by_label("Your question").fill("What does a bus carry?")
    page.keyboard.press("Enter")
    page.locator(".coming").get_by_text("The first words and more", exact=True).wait_for()
    assert page.get_by_text("lost words").count() == 0
    page.get_by_role("button", name="Stop").click()
    page.get_by_text("Stopped. This is what had come").wait_for()
    page.locator(".coming").get_by_text("The first words and more", exact=True).wait_for()
    assert page.get_by_text("Some parts are missing").count() == 0
    page.get_by_role("button", name="New conversation").click()
    stopped = False
    page.get_by_label("Your question").fill("What does a bus carry?")
    page.keyboard.press("Enter")
    page.locator(".coming").get_by_text("The first words and more", exact=True).wait_for()
    over = True
    page.get_by_text("A bus carries messages between agents").wait_for()
    page.locator(".coming").wait_for(state="detached")
    assert len(set(runs)) == 2


def test_an_answer_is_a_report_with_charts_that_reaches_nothing(open_page: Callable[..., Page], served: Served) -> None:
    page = open_page(served.asha)
    go(page, "ask/insights")
    page.get_by_role("textbox", name="Question").fill("Where does my money go?")
    page.locator("input[type=file]").last.set_input_files(str(ROOT / "config/statements/sample.csv"))
    page.get_by_role("button", name="Ask", exact=True).click()
    report = page.frame_locator(".report iframe")
    report.get_by_role("heading", name="Advice").wait_for()
    report.locator("canvas").first.wait_for()
    frame = next(one for one in page.frames if one.url.split("#")[0].endswith("/report"))
    reached = """() => {
      const tried = {};
      for (const [name, get] of Object.entries({
        page: () => parent.document, cookie: () => document.cookie, store: () => localStorage.length,
      })) {
        try { get(); tried[name] = "reached"; } catch (error) { tried[name] = error.name; }
      }
      return tried;
    }"""
    assert frame.evaluate(reached) == dict.fromkeys(("page", "cookie", "store"), "SecurityError")
    page.locator(".report iframe").evaluate("frame => new Promise(done => { const look = () => "
        "frame.clientHeight > 1000 ? done() : requestAnimationFrame(look); look(); })")  # fmt: skip
    shot(page, "report")
    page.get_by_text(re.compile(r"^\d+ steps$")).click()
    page.locator(".steps").get_by_text("categoriser").first.wait_for()


def test_a_run_is_replayed_and_is_the_same(open_page: Callable[..., Page], served: Served) -> None:
    page = open_page(served.asha)
    run = asked(page, payment("sample.yaml", idempotency_key="replay-1"))
    page.get_by_role("button", name="Stop").click()
    page.get_by_text("No answer came").wait_for()
    go(page, f"run/{run}")
    button = page.get_by_role("button", name=re.compile("^Replay"))
    done = page.locator(".banner.good", has_text="The same")
    while not done.count():  # the log is written in batches
        button.click()
        done.or_(page.get_by_role("alert").get_by_text("not_replayable")).first.wait_for()
    page.get_by_text("Read from the record").wait_for()


def test_a_replay_that_differs_shows_both_sides_of_the_first_difference(
    open_page: Callable[..., Page], served: Served
) -> None:
    page = open_page(served.asha)
    run = asked(page, payment("sample.yaml", idempotency_key="replay-2"))
    page.get_by_role("button", name="Stop").click()
    page.get_by_text("No answer came").wait_for()
    first = {
        "at": 0.25, "code": "payload", "message": "m-3", "topic": "fraud.verdict", "agent": "fraud_detector",
        "path": "score", "before": '{"score": 12, "level": "low"}', "after": '{"score": 71, "level": "low"}',
    }  # fmt: skip
    found = {"run": run, "same": False, "messages": 9, "recorded_s": 1.5, "ran": {"fraud_detector": 1}, "read": {},
             "counts": {"payload": 2}, "first": first, "notes": []}  # fmt: skip
    page.route("**/replay", lambda route: route.fulfill(json=found))
    go(page, f"run/{run}")
    page.get_by_role("button", name="Replay").click()
    page.get_by_role("status").get_by_text("It differs").wait_for()
    page.get_by_text("250 ms after the start").wait_for()
    for side, value in (("Recorded", "12"), ("Replayed", "71")):
        (changed,) = page.get_by_role("region", name=side).locator(".changed").all_inner_texts()
        assert changed.split() == ["score", "differs", value]
    page.get_by_role("heading", name="Replay", exact=True).evaluate("one => one.scrollIntoView()")
    shot(page, "replay")


def test_what_models_cost_is_shown_by_day_and_by_key(open_page: Callable[..., Page], served: Served) -> None:
    page = open_page(served.asha)
    said(page, "assistant", "What does a bus carry?")
    go(page, "spend")
    page.get_by_role("region", name="Spend by pipeline").get_by_role(
        "row", name=re.compile("assistant")
    ).first.wait_for()
    page.get_by_text("have no known cost").wait_for()
    page.get_by_role("button", name="Keys").click()
    page.get_by_role("region", name="Spend by key").get_by_text(re.compile("^asha ")).wait_for()
    row = {"key": "k1", "user": "asha", "pipeline": "assistant", "model": "sonnet", "failed": 0, "unpriced": 0,
           "estimated": 0, "input": 1_234_567, "output": 1}  # fmt: skip
    rows: list[dict[str, Any]] = [
        {**row, "day": "2026-01-31", "calls": 2, "cost": "0.1000000000001"},
        {**row, "day": "2026-01-30", "calls": 1, "cost": "1234.2"},
    ]
    told = {"today": "2026-01-31", "days": 30, "models": 1, "unpriced_models": 0, "currencies": ["USD"], "rows": rows}
    page.route("**/v1/spend*", lambda route: route.fulfill(json=told))
    go(page, "runs")
    page.get_by_role("heading", name="Runs", exact=True).wait_for()
    go(page, "spend")
    page.get_by_text("1,234.3001 USD").first.wait_for()
    assert page.locator(".day-bars li").count() == 30
    assert page.locator(".day-bars li").last.get_attribute("title") == "Jan 31: 0.10000001 USD"
    page.get_by_text("2,469,134").first.wait_for()
    shot(page, "spend")
    told["rows"] = []
    go(page, "runs")
    page.get_by_role("heading", name="Runs", exact=True).wait_for()
    go(page, "spend")
    page.get_by_role("heading", name="Nothing was spent yet").wait_for()
    ready(page)
