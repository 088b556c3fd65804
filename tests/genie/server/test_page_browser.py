"""The page in a real Chromium, against a server in a process of its own."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import yaml

from genie.server.principals import ApiKeys, new_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, BrowserContext, Page, Route

ROOT = Path(__file__).parents[3]
CHROMIUM = os.environ.get("GENIE_CHROMIUM") or shutil.which("chromium") or ""
AXE = ROOT / "tests/data/axe/axe.min.js"
ALL = ("ask", "observe", "approve", "operate", "audit", "govern")
SCREENS = ("live", "runs", "ask", "approvals", "letters", "agents", "policies", "audit", "system")
HOSTILE = (
    '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script><svg onload="window.pwned=1">{{7*7}}\u202e'
)

pytestmark = pytest.mark.slow


class Served(NamedTuple):
    address: str
    asha: str
    """Key of somebody who asks."""
    bela: str
    """Key of somebody of the treasury, who approves."""
    watcher: str
    """Key without any right but to look."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    keys = ApiKeys()
    texts = []
    for user, roles, rights in (("asha", ["payer"], ALL), ("bela", ["treasury"], ALL), ("wim", [], ("observe",))):
        text, key = new_key(user=user, roles=roles, rights=list(rights), clearance="restricted")
        texts.append(text)
        keys.add(key)
    folder = tmp_path_factory.mktemp("served")
    path = folder / "keys.json"
    path.write_text(keys.text())
    path.chmod(0o600)
    config = tmp_path_factory.mktemp("repository") / "config"  # a copy: the tests change a policy file
    shutil.copytree(ROOT / "config", config)
    with (config / "pipelines/payment.yaml").open("a") as file:
        file.write(f"\naudit: {{ path: {config / 'trail'}, fsync: never }}\n")
    pipelines = [f"config/pipelines/{name}.yaml" for name in ("payment", "insights")]
    options = ["--keys", str(path), "--bind", "127.0.0.1:0", "--drain-within", "0"]
    command = [sys.executable, "-m", "genie", "serve", *pipelines, *options]
    with subprocess.Popen(command, cwd=config.parent, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            lines = []
            for line in process.stderr:
                lines.append(line)
                found = re.search(r"serving (http://\S+)", line)
                if found is not None:
                    yield Served(found[1], *texts)
                    break
            else:
                pytest.fail("the server did not start: " + "".join(lines))
        finally:
            process.terminate()
            process.communicate(timeout=30)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if not CHROMIUM:
        pytest.skip("no chromium on this machine")
    with api.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def faults() -> list[str]:
    """What no page may do: errors of scripts, breaches of the policy, requests to others, dialogs."""
    return []


@pytest.fixture
def open_page(browser: Browser, served: Served, faults: list[str]) -> Iterator[Callable[..., Page]]:
    contexts: list[BrowserContext] = []

    def opened(key: str | None = None, *, width: int = 1280, dark: bool = False) -> Page:
        scheme = "dark" if dark else "light"
        context = browser.new_context(viewport={"width": width, "height": 860}, color_scheme=scheme)  # type: ignore[arg-type]  # one of its words
        context.set_default_timeout(8_000)
        contexts.append(context)
        page = context.new_page()

        def guard(route: Route) -> None:
            if route.request.url.startswith(served.address):
                route.fallback()
            else:
                faults.append(f"request to {route.request.url}")
                route.abort()

        context.route("**/*", guard)
        page.on("pageerror", lambda error: faults.append(f"script: {error}"))
        page.on("dialog", lambda dialog: (faults.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.on("console", lambda said: faults.append(said.text) if "Content Security Policy" in said.text
                or "TrustedHTML" in said.text else None)  # fmt: skip
        page.goto(served.address)
        if key is not None:
            page.get_by_label("API key").fill(key)
            page.keyboard.press("Enter")
            page.get_by_role("navigation", name="Screens").wait_for()
        return page

    yield opened
    for context in contexts:
        context.close()
    assert faults == []


def go(page: Page, screen: str) -> None:
    page.evaluate("to => { location.hash = to }", f"#/{screen}")


def ready(page: Page) -> None:
    page.locator("main h1").first.wait_for()
    while page.locator(".skeleton").count():
        page.locator(".skeleton").first.wait_for(state="detached")


def shot(page: Page, name: str) -> None:
    """Write a picture for the documentation, and one of a phone, where a folder is named."""
    folder = os.environ.get("GENIE_SCREENSHOTS")
    if folder is not None:
        page.screenshot(path=f"{folder}/page-{name}.png")
        page.set_viewport_size({"width": 400, "height": 860})
        page.screenshot(path=f"{folder}/phone-{name}.png", full_page=True)
        page.set_viewport_size({"width": 1280, "height": 860})


def payment(name: str, **order: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        json.dumps(yaml.safe_load((ROOT / "config/payments" / name).read_text()), default=str)
    )
    found["order"].update(order)
    return {"payment": found}


def asked(page: Page, payload: dict[str, Any]) -> str:
    """Ask in the page, with a file, and return the run's id."""
    go(page, "ask/payment")
    page.get_by_text("Use a file").click()
    file = {"name": "q.json", "mimeType": "application/json", "buffer": json.dumps(payload).encode()}
    page.get_by_label("Drop a JSON file here").set_input_files(file)  # type: ignore[arg-type]  # a mapping of its kind
    page.get_by_label("The payload as JSON").wait_for()
    page.get_by_role("button", name="Ask", exact=True).click()
    link = page.get_by_role("link", name="How it came about")
    link.wait_for()
    return str(link.get_attribute("href")).rpartition("/")[2]


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
    asha.get_by_text("nobody decides on what they sent").wait_for()
    assert asha.get_by_role("button", name="Approve").is_disabled()

    go(bela, "approvals")
    bela.get_by_text("250,000.00 INR").first.wait_for()
    bela.get_by_role("button", name="Approve").wait_for()
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
    asha.get_by_role("button", name="Causes").click()
    asha.locator(".tree").get_by_text("payments.instruction").first.wait_for()
    asha.get_by_role("button", name="Messages").click()
    asha.get_by_label("Find").fill("held")
    asha.get_by_role("cell", name="held").first.wait_for()


def test_live_shows_what_happens_as_a_graph_and_as_a_table(open_page: Callable[..., Page], served: Served) -> None:
    page, asha = open_page(served.bela), open_page(served.asha)
    go(page, "live/payment")
    page.locator(".figure .badge", has_text="live").wait_for()
    asked(asha, payment("sample.yaml", idempotency_key="live-1"))
    page.get_by_role("region", name="Latest events").get_by_text("payments.instruction").first.wait_for()
    node = page.get_by_role("button", name=re.compile("payment submitter .*wait"))
    node.wait_for()
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
    shot(bela, "proposal")
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
    shot(page, "audit")

    def forged(route: Route) -> None:
        answer = route.fetch()
        found = answer.json()
        found["lines"][1] = found["lines"][1].replace('"by":"', '"by":"mallory')
        route.fulfill(response=answer, body=json.dumps(found))

    page.route("**/v1/audit/chain*", forged)
    page.get_by_role("button", name="Verify in this browser").click()
    page.get_by_text("The chain is broken at line 2.").wait_for()


@pytest.mark.parametrize(("width", "dark"), [(1440, False), (1440, True), (360, False), (360, True)])
def test_every_screen_is_accessible(open_page: Callable[..., Page], served: Served, width: int, dark: bool) -> None:
    page = open_page(served.asha, width=width, dark=dark)
    run = asked(page, payment("sample.yaml", idempotency_key=f"axe-{width}-{dark}"))
    page.evaluate(AXE.read_text())
    wrong: list[str] = []
    for screen in (*SCREENS, f"run/{run}", "agents/mule_detector", "policy/payment"):
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
        assert page.locator("main img, main script, main iframe, main object, main svg[onload]").count() == 0, screen
        assert page.evaluate("window.pwned") is None, screen
    assert page.locator("main").inner_text().count("<img src=x") > 0
    assert seen > len(SCREENS)
    page.unroute_all(behavior="ignoreErrors")


def test_an_error_a_slow_server_and_an_empty_list_are_told(open_page: Callable[..., Page], served: Served) -> None:
    page = open_page(served.watcher)
    problem = {"code": "internal_error", "title": "The server failed", "status": 500}
    page.route(
        "**/v1/policies*",
        lambda route: route.fulfill(status=500, content_type="application/problem+json", body=json.dumps(problem)),
    )
    go(page, "policies")
    page.get_by_role("alert").get_by_text("internal_error").wait_for()
    page.unroute("**/v1/policies*")
    page.get_by_role("button", name="Try again").click()
    page.get_by_text("in force").first.wait_for()

    waiting: list[Route] = []
    page.route("**/v1/agents*", lambda route: waiting.append(route))  # noqa: PLW0108 - playwright takes no builtin
    go(page, "agents")
    page.get_by_text("slow to answer").wait_for()
    waiting[0].continue_()
    page.unroute("**/v1/agents*")
    page.get_by_role("row", name=re.compile("mule detector")).wait_for()


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
