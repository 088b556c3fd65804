"""The files of the page: their hashes, sizes and headers, and the places of a graph's nodes."""

from __future__ import annotations

import gzip
import hashlib
import re
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from genie.server.proxy.app import PAGE as PROXY
from genie.server.site import FOLDER, Site
from genie.server.topology import layout

VENDOR = FOLDER / "vendor"
OWN = sorted(
    path
    for folder in (FOLDER, PROXY)
    for path in folder.rglob("*")
    if path.suffix in {".js", ".css", ".html"} and path.parent != VENDOR
)
MOST_LINES = 250
FIRST_SCREEN = {"index.html", "icon.svg", "style.css", "app.js", "api.js", "store.js", "ui.js", "vendor.js",
                "graph.js", "screens/signin.js", "screens/live.js"}  # fmt: skip


@pytest.fixture
def client() -> httpx.AsyncClient:
    app = Starlette(routes=Site().routes())
    app.router.redirect_slashes = False
    transport = httpx.ASGITransport(app=app)
    return httpx.AsyncClient(transport=transport, base_url="http://localhost")


def packed(path: Path) -> int:
    return len(gzip.compress(path.read_bytes(), 9))


def test_vendored_files_are_those_that_the_table_names() -> None:
    rows = [[cell.strip() for cell in line.strip("|\n").split("|")]
            for line in (VENDOR / "README.md").read_text().splitlines() if line.startswith("|")][2:]  # fmt: skip
    told = {row[0]: row[5] for row in rows}
    assert told == {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in VENDOR.glob("*.js")}
    for row in rows:
        licence = re.search(r"\((.+)\)", row[3])
        assert licence is not None
        assert (VENDOR / licence[1]).is_file()


def test_the_axe_of_the_tests_is_the_published_file() -> None:
    axe = Path(__file__).parents[2] / "data/axe/axe.min.js"
    assert hashlib.sha256(axe.read_bytes()).hexdigest() == (
        "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"
    )


def test_the_page_is_small() -> None:
    files = [path for path in FOLDER.rglob("*") if path.suffix in {".js", ".css", ".html", ".svg"}]
    first = [path for path in files if path.parent == VENDOR or path.relative_to(FOLDER).as_posix() in FIRST_SCREEN]
    assert len(first) == len(FIRST_SCREEN) + 5
    assert sum(map(packed, first)) <= 60_000
    assert sum(map(packed, files)) <= 260_000
    lines = {path.name: len(path.read_text().splitlines()) for path in OWN if path.suffix == ".js"}
    assert {name: count for name, count in lines.items() if count > MOST_LINES} == {}
    assert sum(lines.values()) <= 3_500


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.name)
def test_own_files_name_no_other_origin_and_make_no_markup_from_text(path: Path) -> None:
    text = path.read_text()
    assert re.findall(r"""["'(]\s*(?:https?:)?//[\w.]""", text) == []
    for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "dangerouslySetInnerHTML", "document.write", "eval(",
                 "new Function", "javascript:", "srcdoc", "DOMParser"):  # fmt: skip
        assert word not in text
    if path.suffix == ".html":
        assert re.findall(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|style=", text) == []


@pytest.mark.anyio
async def test_the_index_names_files_by_their_content(client: httpx.AsyncClient) -> None:
    index = await client.get("/")
    assert index.status_code == 200
    assert index.headers["cache-control"] == "no-cache"
    assert "require-trusted-types-for 'script'" in index.headers["content-security-policy"]
    named = re.findall(r'(?:src|href)="(/page/[^"]+)"', index.text)
    assert len(named) == 3
    for address in named:
        found = await client.get(address)
        assert found.status_code == 200
        assert "immutable" in found.headers["cache-control"]
        assert (await client.get(address, headers={"If-None-Match": found.headers["etag"]})).status_code == 304
    assert (await client.get("/", headers={"If-None-Match": index.headers["etag"]})).status_code == 304


@pytest.mark.anyio
async def test_files_are_compressed_for_those_that_take_it(client: httpx.AsyncClient) -> None:
    site = Site()
    for accepted, encoding in (("gzip, br", "gzip"), ("gzip;q=1.0", "gzip"), ("identity", None), ("br", None)):
        found = await client.get(f"/page/{site.edition}/style.css", headers={"Accept-Encoding": accepted})
        assert found.headers.get("content-encoding") == encoding
        assert found.content == (FOLDER / "style.css").read_bytes()
        assert found.headers["vary"] == "Accept-Encoding"


@pytest.mark.anyio
@pytest.mark.parametrize("name", [
    "", "index.html", "vendor/README.md", "../site.py", "%2e%2e/site.py", "..%2f..%2fapp.py", "/etc/passwd",
    "vendor/../../site.py", "app.js%00", "App.js", "screens",
])  # fmt: skip
async def test_only_the_files_of_the_page_are_served(client: httpx.AsyncClient, name: str) -> None:
    assert (await client.get(f"/page/{Site().edition}/{name}")).status_code == 404


@pytest.mark.anyio
async def test_an_edition_that_is_over_is_not_found(client: httpx.AsyncClient) -> None:
    assert (await client.get("/page/0000000000000000/app.js")).status_code == 404


def test_the_edition_changes_with_a_file(tmp_path: Path) -> None:
    for name, text in (("index.html", "{base}"), ("app.js", "1")):
        (tmp_path / name).write_text(text)
    before = Site(tmp_path)
    (tmp_path / "app.js").write_text("2")
    after = Site(tmp_path)
    assert before.edition != after.edition
    assert after.index.body == f"/page/{after.edition}/".encode()


def test_layers_lead_from_the_caller_forward() -> None:
    edges = [("c", "a"), ("a", "b1"), ("a", "b2"), ("b1", "d"), ("b2", "d"), ("d", "c")]
    found = layout(("c", "a", "b1", "b2", "d"), edges)
    assert [found[node][0] for node in ("c", "a", "b1", "b2", "d")] == [0, 1, 2, 2, 3]
    assert len(set(found.values())) == 5


def test_cycles_loops_and_lone_nodes_have_places() -> None:
    found = layout(("c", "a", "b", "x"), [("c", "a"), ("a", "b"), ("b", "a"), ("a", "a")])
    assert found.keys() == {"c", "a", "b", "x"}
    assert found["c"][0] < found["a"][0] < found["b"][0]
    assert len(set(found.values())) == 4


def test_neighbours_stand_beside_each_other() -> None:
    edges = [("c", "a1"), ("c", "a2"), ("c", "a3"), ("a1", "b3"), ("a2", "b2"), ("a3", "b1")]
    found = layout(("c", "a1", "a2", "a3", "b1", "b2", "b3"), edges)
    order = sorted(("a1", "a2", "a3"), key=lambda node: found[node][1])
    opposite = {"a1": "b3", "a2": "b2", "a3": "b1"}
    assert sorted(("b1", "b2", "b3"), key=lambda node: found[node][1]) == [opposite[node] for node in order]


def test_a_long_chain_and_a_wide_layer_are_laid_out() -> None:
    chain = [f"n{number}" for number in range(2_000)]
    assert layout(chain, list(zip(chain, chain[1:], strict=False)))["n1999"][0] == 1_999
    wide = layout(("c", *chain), [("c", node) for node in chain])
    assert {place[0] for place in wide.values()} == {0, 1}
