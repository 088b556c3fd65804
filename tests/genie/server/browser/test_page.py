"""The page in a real Chromium: each screen's main way."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.genie.page_for_tests import asked, go, painted, payment, shot

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page, Route

    from tests.genie.page_for_tests import Served

pytestmark = pytest.mark.slow


def test_a_wrong_key_is_told_and_a_good_one_opens_the_graph(open_page: Callable[..., Page], served: Served) -> None:
    page = open_page()
    page.get_by_label("API key").fill("gk_wrong_key")
    page.keyboard.press("Enter")
    page.get_by_role("alert").get_by_text("unauthenticated").wait_for()
    page.get_by_label("API key").fill(served.asha)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name=re.compile("payment orchestrator")).first.wait_for()
    assert served.asha not in page.evaluate("JSON.stringify([localStorage, sessionStorage, document.cookie])")
    page.reload()
    page.get_by_role("heading", name="Payment").wait_for()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("heading", name="Sign in").wait_for()


def test_a_question_is_held_then_approved_by_keys_alone(open_page: Callable[..., Page], served: Served) -> None:
    asha, bela = open_page(served.asha), open_page(served.bela)
    run = asked(asha, payment("large.yaml", remark="Share of the roof works"))
    asha.get_by_text("It waits for a person.").wait_for()
    go(asha, "approvals")
    asha.get_by_text("senders cannot decide on their own messages").wait_for()
    assert asha.get_by_role("button", name="Approve").is_disabled()

    go(bela, "approvals")
    bela.get_by_text("250,000.00 INR").first.wait_for()
    bela.get_by_role("button", name="Approve").wait_for()
    bela.frame_locator("iframe[title='What would be delivered']").get_by_text("What you decide").wait_for()
    bela.locator("article .skeleton").wait_for(state="detached")
    shot(bela, "approvals")
    painted(bela)
    bela.keyboard.press("a")
    bela.get_by_role("dialog").wait_for()
    bela.keyboard.type("agreed with the society")
    bela.keyboard.press("Tab")
    bela.keyboard.press("Tab")
    bela.keyboard.press("Enter")
    bela.get_by_role("heading", name="Nothing waits for you").wait_for()

    go(asha, f"run/{run}")
    asha.locator(".figure .badge", has_text="complete").wait_for()
    asha.get_by_text("Nothing is missing.").wait_for()
    asha.get_by_role("img", name=re.compile("payments.instruction to payment_submitter")).first.wait_for()
    shot(asha, "run")
    asha.get_by_role("button", name="Causes").click()
    asha.locator(".tree").get_by_text("payments.instruction").first.wait_for()
    asha.get_by_role("button", name="Messages").click()
    asha.get_by_label("Find").fill("held")
    asha.get_by_role("cell", name="held").first.wait_for()


def test_a_held_message_is_read_as_a_page_and_edited_and_another_person_decides(
    open_page: Callable[..., Page], served: Served
) -> None:
    asha, bela, cleo = open_page(served.asha), open_page(served.bela), open_page(served.cleo)
    asked(asha, payment("large.yaml", idempotency_key="edit-1"))
    asha.get_by_text("It waits for a person.").wait_for()
    go(bela, "approvals")
    report = bela.frame_locator("iframe[title='What would be delivered']")
    report.get_by_role("heading", name="What you decide").wait_for()
    report.get_by_text("Sunrise Housing Society").first.wait_for()
    bela.get_by_text("Deliver something else instead").click()
    bela.get_by_role("button", name="Review the change").click()
    bela.get_by_text("Nothing was changed.").wait_for()
    bela.get_by_label("Remark").first.fill("Roof works, part two")
    bela.get_by_role("button", name="Review the change").click()
    dialog = bela.get_by_role("dialog")
    dialog.get_by_text("order / remark").wait_for()
    dialog.get_by_label("Reason").fill("the remark names the part")
    dialog.get_by_role("button", name="Edit", exact=True).click()
    bela.locator("article ins").get_by_text("Roof works, part two").wait_for()
    bela.get_by_role("button", name="Approve").click()
    dialog.get_by_label("Reason").fill("mine")
    dialog.get_by_role("button", name="Approve").click()
    bela.get_by_role("alert").get_by_text("editors cannot decide on their own edits").wait_for()
    go(cleo, "approvals")
    cleo.locator("article ins").get_by_text("Roof works, part two").wait_for()
    cleo.get_by_role("button", name="Approve").click()
    cleo.get_by_role("dialog").get_by_label("Reason").fill("agreed with the edit")
    cleo.get_by_role("dialog").get_by_role("button", name="Approve").click()
    cleo.get_by_role("heading", name="Nothing waits for you").wait_for()


def test_several_are_decided_at_once_but_none_of_high_risk(open_page: Callable[..., Page], served: Served) -> None:
    asha, bela = open_page(served.asha), open_page(served.bela)
    for number in range(3):
        asked(asha, payment("sample.yaml", idempotency_key=f"several-{number}"))
        asha.get_by_text("It waits for a person.").wait_for()
    held: list[Any] = []

    def listed(route: Route) -> None:  # the payment's agents are of high risk: two of the three are said to be below
        answer = route.fetch()
        found = answer.json()
        for one in found["approvals"][1:]:
            one["risk"] = "medium"
        held[:] = found["approvals"]
        route.fulfill(response=answer, json=found)

    sent: list[Any] = []

    def voted(route: Route) -> None:
        ballots = route.request.post_data_json["ballots"]
        sent.append(ballots)
        states = [{"id": ballots[0]["id"], "code": "", "state": "approved"},
                  {"id": ballots[1]["id"], "code": "conflict", "detail": "it was edited meanwhile"}]  # fmt: skip
        route.fulfill(json={"approvals": states})

    bela.route("**/v1/approvals", listed)
    bela.route("**/v1/approvals/votes", voted)
    go(bela, "approvals")
    waiting = bela.get_by_role("navigation", name="What waits")
    waiting.get_by_label("All 2 below high risk").check()
    assert waiting.get_by_role("checkbox", name=re.compile("^Choose")).count() == 2
    assert waiting.locator(".badge.bad").count() == 1
    waiting.get_by_role("button", name="Approve 2").click()
    dialog = bela.get_by_role("dialog")
    dialog.locator("summary").first.click()
    dialog.get_by_text("idempotency key").first.wait_for()
    dialog.get_by_label("Reason").fill("the same invoice in three parts")
    shot(bela, "several")
    dialog.get_by_role("button", name="Approve 2").click()
    bela.get_by_role("alert").get_by_text("it was edited meanwhile").wait_for()
    ((one, two),) = sent
    assert {one["id"], two["id"]} == {one["id"] for one in held[1:]}
    assert {one["payload_sha256"], two["payload_sha256"]} == {one["payload_sha256"] for one in held[1:]}
    assert (one["approve"], one["reason"]) == (True, "the same invoice in three parts")


def test_live_shows_what_happens_as_a_graph_and_as_a_table(open_page: Callable[..., Page], served: Served) -> None:
    page, asha = open_page(served.bela), open_page(served.asha)
    late = "real => { window.requestAnimationFrame = (draw) => real.call(window, (at) => draw(at - 2_000)) }"
    page.evaluate(f"() => ({late})(window.requestAnimationFrame)")  # frames of a busy machine
    go(page, "live/payment")
    page.locator(".figure .badge", has_text="live").wait_for()
    asked(asha, payment("sample.yaml", idempotency_key="live-1"))
    page.get_by_role("region", name="Latest events").get_by_text("payments.instruction").first.wait_for()
    node = page.get_by_role("button", name=re.compile("payment submitter .*wait"))
    node.wait_for()
    shot(page, "live")
    shot(page, "phone", 400)
    node.press("Enter")
    page.get_by_role("link", name="Its card, pause and kill").wait_for()
    page.get_by_text("The same as a table").click()
    row = page.get_by_role("region", name="Agents").get_by_role("row", name=re.compile("payment orchestrator"))
    assert "payment_submitter" in row.inner_text()


def test_a_run_is_cancelled_and_says_so(open_page: Callable[..., Page], served: Served) -> None:
    page = open_page(served.asha)
    run = asked(page, payment("sample.yaml", idempotency_key="cancel-1"))
    page.get_by_text("It waits for a person.").wait_for()
    go(page, f"run/{run}")
    page.get_by_role("button", name="Cancel the run").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel the run").click()
    page.locator(".figure .badge", has_text="failed").wait_for()
    page.get_by_text("cancelled", exact=True).first.wait_for()


def test_an_agent_is_paused_with_a_reason_and_resumed(open_page: Callable[..., Page], served: Served) -> None:
    page = open_page(served.asha)
    go(page, "agents")
    page.get_by_role("button", name="Pause mule detector").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Pause").click()
    assert dialog.is_visible(), "a reason is needed"
    dialog.get_by_label("Reason").fill("false alarms since noon")
    dialog.get_by_role("button", name="Pause").click()
    page.get_by_role("row", name=re.compile("mule detector")).get_by_text("paused").wait_for()
    go(page, "live/payment")
    page.get_by_role("button", name="mule detector suspended").wait_for()
    go(page, "agents/mule_detector")
    page.get_by_role("button", name="Resume mule detector").first.click()
    dialog.get_by_label("Reason").fill("the list is mended")
    dialog.get_by_role("button", name="Resume").click()
    page.get_by_role("row", name=re.compile("mule detector")).get_by_text("delivering").wait_for()


def test_the_process_is_drained_with_a_reason_and_a_fresh_sign_in(
    open_page: Callable[..., Page], served: Served
) -> None:
    page, told = open_page(served.asha), []

    def drained(route: Route) -> None:
        told.append(route.request.post_data_json)
        if len(told) == 1:
            route.fulfill(status=403, json={"code": "step_up", "within_s": 300})
        else:
            route.fulfill(status=202, json={"status": "draining", "within_s": 30})

    page.route("**/v1/drain", drained)
    go(page, "system")
    page.get_by_role("button", name="Drain and end the process").click()
    page.get_by_role("dialog").get_by_label("Reason").fill("a new version")
    page.get_by_role("dialog").get_by_role("button", name="Drain").click()
    page.get_by_label("API key or token").fill(served.asha)
    page.get_by_role("button", name="Sign in and drain").click()
    page.locator(".toast").get_by_text("The process drains").wait_for()
    assert told == [{"reason": "a new version"}] * 2


def test_who_may_only_look_is_told_what_is_not_for_them(open_page: Callable[..., Page], served: Served) -> None:
    page = open_page(served.watcher)
    go(page, "runs")
    page.get_by_role("heading", name="No runs yet").wait_for()
    go(page, "approvals")
    page.get_by_role("alert").get_by_text("forbidden").wait_for()
    go(page, "agents")
    page.get_by_role("row", name=re.compile("mule detector")).wait_for()
    assert page.get_by_role("button", name=re.compile("Kill")).count() == 0
    go(page, "ask/payment")
    page.get_by_text("does not include the right to ask").wait_for()


def test_a_screen_that_is_slow_to_load_does_not_replace_a_later_one(
    open_page: Callable[..., Page], served: Served
) -> None:
    page = open_page(served.asha)
    waiting: list[Route] = []
    page.route("**/screens/agents.js", lambda route: waiting.append(route))  # noqa: PLW0108 - playwright takes no builtin
    with page.expect_request("**/screens/agents.js"):
        go(page, "agents")
    go(page, "runs")
    page.get_by_role("heading", name="Runs", exact=True).wait_for()
    with page.expect_response("**/screens/agents.js"):
        waiting[0].continue_()
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    page.get_by_role("heading", name="Runs", exact=True).wait_for()


def test_a_field_that_is_not_valid_is_marked(open_page: Callable[..., Page], served: Served) -> None:
    page = open_page(served.asha)
    go(page, "ask/payment")
    page.get_by_role("button", name="as JSON").click()
    page.get_by_label("The payload as JSON").fill("{")
    page.get_by_role("button", name="Ask", exact=True).click()
    page.get_by_role("alert").get_by_text("malformed").wait_for()
    page.get_by_label("The payload as JSON").fill('{"payment": {"order": 7}}')
    page.get_by_role("button", name="Ask", exact=True).click()
    page.get_by_role("alert").get_by_text("/payload/payment/order").first.wait_for()


def test_a_policy_file_is_edited_tried_and_put_into_force_by_another(
    open_page: Callable[..., Page], served: Served
) -> None:
    asha, bela = open_page(served.asha), open_page(served.bela)
    asked(asha, payment("sample.yaml", idempotency_key="policy-1"))
    go(asha, "policies")
    asha.get_by_role("link", name="Edit rules.yaml").click()
    editor = asha.get_by_label("Text of ../payments/rules.yaml")
    text = editor.input_value()
    editor.fill(text.replace("because:", "becos:", 1))
    asha.get_by_text(re.compile("unknown key 'becos'")).wait_for()
    assert asha.get_by_role("button", name="Propose").is_disabled()
    editor.fill(text.replace("payload.needs_approval: true }", "payload.needs_approval: false }", 1))
    asha.locator(".badge", has_text=re.compile(r"\bvalid$")).wait_for()
    asha.get_by_role("button", name="Run its tests").click()
    asha.get_by_role("region", name="Result").get_by_text("fail", exact=False).first.wait_for()
    editor.fill(text.replace("then: { hold: { approvers: [treasury], expires: 4h } }", "then: deny", 1))
    asha.locator(".badge", has_text=re.compile(r"\bvalid$")).wait_for()
    asha.get_by_role("button", name="Backtest").click()
    asha.get_by_role("img", name=re.compile("becomes deny: [1-9]")).scroll_into_view_if_needed()
    shot(asha, "policy")
    editor.fill(text.replace("expires: 4h", "expires: 2h", 1))
    asha.locator(".badge", has_text=re.compile(r"\bvalid$")).wait_for()
    asha.get_by_role("button", name="Backtest").click()
    asha.get_by_role("img", name=re.compile("unchanged: \\d+ deliveries")).wait_for()
    month: list[dict[str, Any]] = []
    denied = {"before": "hold", "after": "deny", "deliveries": 12}
    told = {
        "messages": 81_204, "deliveries": 90_000, "skipped": {"version": 3}, "source": "log", "complete": False,
        "since": 1_767_225_600, "until": 1_769_817_600, "changes": [{"policy": "rules", "samples": ["m"], **denied}],
        "verdicts": [{"before": "allow", "after": "allow", "deliveries": 89_988}, denied],
    }  # fmt: skip

    def of_a_month(route: Route) -> None:
        month.append(route.request.post_data_json)
        route.fulfill(json=told)

    asha.route("**/v1/policies/backtest", of_a_month)
    asha.get_by_label("Backtest on").select_option("the last 30 days")
    asha.get_by_role("button", name="Backtest").click()
    asha.get_by_role("img", name="allow, unchanged: 89988 deliveries; hold becomes deny: 12 deliveries").wait_for()
    asha.get_by_text("81,204 messages of the log since January 1").wait_for()
    asha.get_by_text("A limit was reached").wait_for()
    asha.get_by_text(re.compile("Not judged: 3 . version")).wait_for()
    assert [one["until"] - one["since"] for one in month] == [30 * 86_400]
    asha.unroute("**/v1/policies/backtest")
    asha.get_by_role("button", name="Explain", exact=True).click()
    asha.get_by_role("heading", name="Explanation").wait_for()
    asha.get_by_role("button", name="Propose").click()
    asha.get_by_role("dialog").get_by_label("Reason").fill("four hours were too long")
    asha.get_by_role("dialog").get_by_role("button", name="Propose").click()
    asha.get_by_text("Another person approves what you proposed.").wait_for()
    assert asha.get_by_role("button", name="Approve").is_disabled()

    go(bela, "policies")
    bela.get_by_role("button", name="Show the changed lines").click()
    bela.get_by_label("Changed lines").get_by_text("expires: 2h").wait_for()
    bela.get_by_role("button", name="Approve").click()
    bela.get_by_role("dialog").get_by_label("Reason").fill("agreed")
    bela.get_by_role("dialog").get_by_role("button", name="Put into force").click()
    bela.get_by_role("region", name="Decided proposals").get_by_text("in force").wait_for()


def test_the_chain_of_the_audit_is_computed_in_the_browser(open_page: Callable[..., Page], served: Served) -> None:
    page = open_page(served.asha)
    asked(page, payment("sample.yaml", idempotency_key="audit-1"))
    go(page, "audit")
    page.get_by_role("button", name="Verify in this browser").click()
    page.get_by_text(re.compile("computed here: [1-9][0-9,]* records fit")).wait_for()

    def forged(route: Route) -> None:
        answer = route.fetch()
        found = answer.json()
        found["lines"][1] = found["lines"][1].replace('"by":"', '"by":"mallory')
        route.fulfill(response=answer, body=json.dumps(found))

    page.route("**/v1/audit/chain*", forged)
    page.get_by_role("button", name="Verify in this browser").click()
    page.get_by_text("The chain is broken at line 2.").wait_for()


def test_a_stream_resumes_after_the_last_event_that_it_has(open_page: Callable[..., Page], served: Served) -> None:
    page = open_page(served.asha)
    run = asked(page, payment("sample.yaml", idempotency_key="resume-1"))
    page.get_by_text("It waits for a person.").wait_for()
    headers: list[str | None] = []
    first = (
        'id: abc.7\nevent: accepted\ndata: {"message_id":"m","topic":"t","sender":"s","recipient":"first","at":1}\n\n'
    )

    def broken(route: Route) -> None:
        headers.append(route.request.headers.get("last-event-id"))
        if len(headers) == 1:
            route.fulfill(status=200, content_type="text/event-stream", body=first)
        elif len(headers) == 2:
            route.abort("connectionreset")
        else:
            route.fallback()

    page.route(f"**/v1/runs/{run}/events", broken)
    go(page, f"run/{run}")
    page.get_by_text("stream live").wait_for()
    page.get_by_role("img", name=re.compile("payments.instruction to payment_submitter")).first.wait_for()
    assert headers[:3] == [None, "abc.7", "abc.7"]


def test_a_long_wait_is_drawn_short_beside_the_work_unless_somebody_wants_the_scale(
    open_page: Callable[..., Page], served: Served
) -> None:
    page = open_page(served.asha)
    told = [(1.0, "accepted", "m1", None), (1.0, "started", "m1", "one"), (2.0, "handled", "m1", "one"),
            (2.0, "accepted", "m2", None), (2.0, "held", "m2", "two"), (3602.0, "released", "m2", "two"),
            (3602.0, "started", "m2", "two"), (3603.0, "handled", "m2", "two")]  # fmt: skip
    facts = ("at", "kind", "message_id", "recipient")
    body = "".join(
        f"id: abc.{number}\nevent: {one[1]}\n"
        f"data: {json.dumps({**dict(zip(facts, one, strict=True)), 'topic': 't', 'sender': 's'})}\n\n"
        for number, one in enumerate(told, 1)
    )  # fmt: skip
    record = {"id": "abc", "pipeline": "payment", "user": "asha", "at": 1.0, "ended_at": 3603.0, "status": "complete",
              "answer": None, "withheld": True, "notices": [], "held": [], "messages": {}, "missing": []}  # fmt: skip
    page.route("**/v1/runs/abc", lambda route: route.fulfill(json=record))
    page.route("**/v1/runs/abc/events", lambda route: route.fulfill(
        content_type="text/event-stream", body=f"{body}event: end\ndata: {{}}\n\n"))  # fmt: skip
    go(page, "run/abc")
    bar = page.locator(".track .working").first
    bar.wait_for()
    part = "one => one.getBoundingClientRect().width / one.parentElement.clientWidth"
    assert bar.evaluate(part) > 0.4
    shorten = page.get_by_role("button", name="Shorten waits")
    shorten.click()
    page.get_by_text("Drawn to scale.").wait_for()
    assert bar.evaluate(part) < 0.02
