"""The page in a real Chromium: how much is sent, when it is painted, and how smoothly the topology moves.

Run ``python -m benchmarks.page``: 80 agents and 500 messages a second, for ten seconds.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import statistics
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

from genie.server.site import Site
from genie.server.topology import HIGH, WIDE, layout

AGENTS = 80
MESSAGES_S = 500
SECONDS = 10
ADDRESS = "http://127.0.0.1:9"
"""Nothing listens there: every request is answered by this program."""
FRAMES = """seconds => new Promise((done) => {
  const times = [];
  const step = (now) => {
    times.push(now);
    if (now - times[0] < seconds * 1000) requestAnimationFrame(step);
    else done(times);
  };
  requestAnimationFrame(step);
})"""
EMIT = """([names, rate]) => {
  let sent = 0;
  const began = performance.now();
  const encoder = new TextEncoder();
  const real = window.fetch;
  window.fetch = (path, init) => {
    if (!String(path).startsWith("/v1/events")) return real(path, init);
    const body = new ReadableStream({ start(to) {
      setInterval(() => {
        const due = Math.floor(((performance.now() - began) / 1000) * rate);
        for (; sent < due; sent += 1) {
          const [sender, recipient] = [names[sent % names.length], names[(sent * 7 + 1) % names.length]];
          for (const kind of ["started", "handled"]) {
            const event = { at: sent / rate, kind, message_id: `m${sent}`, topic: "crowd.note", sender, recipient };
            to.enqueue(encoder.encode(`id: a.${sent}\\nevent: ${kind}\\ndata: ${JSON.stringify(event)}\\n\\n`));
          }
        }
      }, 20);
    } });
    return Promise.resolve(new Response(body, { status: 200, headers: { "content-type": "text/event-stream" } }));
  };
}"""


def answers(names: list[str]) -> dict[str, Any]:
    """Return the answer of the API, by path."""
    edges = [(names[at], names[(at * 7 + 1) % len(names)]) for at in range(len(names))]
    nodes = [
        {"id": name, "title": name, "kind": "agent", "x": layer * WIDE, "y": row * HIGH}
        for name, (layer, row) in layout(names, edges).items()
    ]
    drawn = {
        "nodes": nodes,
        "edges": [{"source": one, "target": other, "topics": ["crowd.note"]} for one, other in edges],
    }
    return {
        "/v1/session": {"user": "asha", "tenant": None, "rights": ["observe"], "csrf": ""},
        "/v1/pipelines": {"pipelines": [{"id": "crowd", "title": "Crowd"}]},
        "/v1/pipelines/crowd/topology": drawn,
    }


def served(route: Route, site: Site, said: dict[str, Any]) -> None:
    """Answer one request."""
    path = route.request.url.removeprefix(ADDRESS).split("?")[0]
    if path == "/":
        route.fulfill(body=site.index.body.decode(), content_type=site.index.media_type)
    elif path.startswith("/page/"):
        found = site.assets[path.split("/", 3)[3]]
        route.fulfill(body=found.body.decode(), content_type=found.media_type)
    elif path in said:
        route.fulfill(body=json.dumps(said[path]), content_type="application/json")
    else:
        route.fulfill(status=404, body="{}", content_type="application/problem+json")


def main() -> int:
    """Print the figures; 1 where there is no browser."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - for this benchmark alone

    chromium = os.environ.get("GENIE_CHROMIUM") or shutil.which("chromium")
    if chromium is None:
        sys.stderr.write("no chromium on this machine\n")
        return 1
    names = [f"agent_{number}" for number in range(AGENTS)]
    site, said = Site(), answers(names)
    sent = sum(len(one.compressed) for one in (site.index, *site.assets.values()))
    sys.stdout.write(f"compressed: {sent:,} bytes of all files\n")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page: Page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.route("**/*", lambda route: served(route, site, said))
        page.add_init_script(f"({EMIT})({json.dumps([names, MESSAGES_S])})")
        page.goto(f"{ADDRESS}/#/live/crowd")
        page.locator(".node").nth(AGENTS - 1).wait_for()
        painted = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
        sys.stdout.write(f"first paint: {painted:,.0f} ms\n")
        devtools = page.context.new_cdp_session(page)
        devtools.send("Performance.enable", {"timeDomain": "threadTicks"})  # processor time, whatever else is running

        def spent() -> float:
            found = devtools.send("Performance.getMetrics")["metrics"]
            return next(float(one["value"]) for one in found if one["name"] == "TaskDuration")

        before = spent()
        times: list[float] = page.evaluate(FRAMES, SECONDS)
        used = spent() - before
        gaps = [later - one for one, later in itertools.pairwise(times)]
        worst = sorted(gaps)[int(len(gaps) * 0.95)]
        sys.stdout.write(
            f"topology of {AGENTS} agents, {MESSAGES_S} messages/s: {1000 / statistics.median(gaps):,.0f} frames/s "
            f"at the median, {1000 * len(gaps) / sum(gaps):,.0f} on average, {worst:,.0f} ms between frames at p95\n"
        )
        sys.stdout.write(
            f"the page's thread: {1e3 * used / len(gaps):.1f} ms of processor time a frame, "
            f"{used / (sum(gaps) / 1e3):.0%} of one core\n"
        )
        browser.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
