"""A server in a process of its own, and a Chromium; without one of them the tests of the page are skipped."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from genie.server.principals import ApiKeys, new_key
from tests.genie.page_for_tests import ALL, ROOT, Served

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, BrowserContext, Page, Request

CHROMIUM = os.environ.get("GENIE_CHROMIUM") or shutil.which("chromium") or ""
PIPELINES = ("payment", "insights", "assistant", "finance_assistant")


@pytest.fixture(scope="session")
def chromium() -> str:
    """Return the browser's program, or skip."""
    pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if not CHROMIUM:
        pytest.skip("no chromium on this machine; name one with GENIE_CHROMIUM")
    return CHROMIUM


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """Return a browser.

    It is closed before the next module: while it is open, no other loop can run in this process.
    """
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def served(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Return a server with the keys of four people; all modules share it."""
    assert chromium
    keys = ApiKeys()
    texts = []
    people = (
        ("asha", ["payer", "analyst"], ALL),
        ("bela", ["treasury"], ALL),
        ("cleo", ["treasury"], ALL),
        ("wim", [], ("observe",)),
    )
    for user, roles, rights in people:
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
        file.write(f"durability: batched\nlog: {{ path: {config / 'log.db'} }}\n")
    pipelines = [f"config/pipelines/{name}.yaml" for name in PIPELINES]
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


@pytest.fixture
def faults() -> list[str]:
    """What no page may do: errors of scripts, breaches of the policy, requests to others, dialogs."""
    return []


@pytest.fixture
def open_page(browser: Browser, served: Served, faults: list[str]) -> Iterator[Callable[..., Page]]:
    """Return what opens the page for whoever has a key."""
    contexts: list[BrowserContext] = []

    def opened(key: str | None = None, *, width: int = 1280, dark: bool = False, still: bool = False) -> Page:
        scheme = "dark" if dark else "light"
        context = browser.new_context(viewport={"width": width, "height": 860}, color_scheme=scheme)  # type: ignore[arg-type]  # one of its words
        context.set_default_timeout(20_000)
        contexts.append(context)
        page = context.new_page()
        if still:  # time goes on when the test says so
            page.clock.install()

        def guard(request: Request) -> None:  # a route for each file would cost more than its page
            if request.url.startswith(("http", "ws")) and not request.url.startswith(served.address):
                faults.append(f"request to {request.url}")

        context.on("request", guard)
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
    http, headers = browser.new_context().request, {"Authorization": f"Bearer {served.asha}"}
    held = http.get(f"{served.address}/v1/runs?status=held&limit=500", headers=headers).json()["runs"]
    for run in held:  # the next test begins without them
        http.delete(f"{served.address}/v1/runs/{run['id']}", headers=headers)
    http.dispose()
    assert faults == []
