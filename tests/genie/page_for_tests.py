"""The page of a served pipeline for tests with a real Chromium: who signs in, and what they do on it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROOT = Path(__file__).parents[2]
ALL = ("ask", "observe", "approve", "operate", "audit", "govern")
SCREENS = ("live", "runs", "ask", "approvals", "letters", "agents", "policies", "audit", "spend", "system")
HOSTILE = (
    '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script><svg onload="window.pwned=1">'
    "[x](javascript:window.pwned=1) ![x](https://evil.example/x.png) {{7*7}}\u202e"
)


class Served(NamedTuple):
    """A server, and the keys of people who use its page."""

    address: str
    asha: str
    """Key of somebody who asks."""
    bela: str
    """Key of somebody of the treasury, who approves."""
    cleo: str
    """Key of somebody else of the treasury."""
    watcher: str
    """Key without any right but to look."""


def go(page: Page, screen: str) -> None:
    """Open a screen."""
    assert page.evaluate("to => { location.hash = to; return location.hash }", f"#/{screen}") == f"#/{screen}"


def ready(page: Page) -> None:
    """Wait until a screen has its data."""
    page.locator("main h1").first.wait_for()
    while page.locator("main .skeleton:not(.report .skeleton)").count():
        page.locator("main .skeleton:not(.report .skeleton)").first.wait_for(state="detached")


def painted(page: Page) -> None:
    """Wait until what is shown has been painted, and its effects, such as listeners for keys, are there."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(() => setTimeout(done))))")


def shot(page: Page, name: str, width: int = 1280) -> None:
    """Write a picture for the documentation where a folder is named: ``docs/images``."""
    folder = os.environ.get("GENIE_SCREENSHOTS")
    if folder is not None:
        page.set_viewport_size({"width": width, "height": 860})
        page.screenshot(path=f"{folder}/page-{name}.png", animations="disabled")
        page.set_viewport_size({"width": 1280, "height": 860})


def payment(name: str, **order: Any) -> dict[str, Any]:
    """Return the question about a payment of the sample data."""
    found: dict[str, Any] = json.loads(
        json.dumps(yaml.safe_load((ROOT / "config/payments" / name).read_text()), default=str)
    )
    found["order"].update(order)
    return {"payment": found}


def asked(page: Page, payload: dict[str, Any]) -> str:
    """Ask in the page, with a file, and return the run's id."""
    go(page, "runs")
    page.get_by_role("heading", name="Runs", exact=True).wait_for()
    go(page, "ask/payment")
    page.get_by_text("Use a file").click()
    file = {"name": "q.json", "mimeType": "application/json", "buffer": json.dumps(payload).encode()}
    page.get_by_label("Drop a JSON file here").set_input_files(file)  # type: ignore[arg-type]  # a mapping of its kind
    page.get_by_label("The payload as JSON").wait_for()
    page.get_by_role("button", name="Ask", exact=True).click()
    link = page.get_by_role("link", name="How it came about")
    link.wait_for()
    return str(link.get_attribute("href")).rpartition("/")[2]


def said(page: Page, pipeline: str, text: str) -> None:
    """Say something in the conversation with an assistant, and wait for its answer."""
    go(page, f"ask/{pipeline}")
    box = page.get_by_label("Your question")
    box.wait_for()
    before = page.locator(".turn").count()
    box.fill(text)
    box.press("Enter")
    page.locator(".turn").nth(before).get_by_text("tokens read").wait_for()
