"""CloudEvents that come in: three modes, one run for one event, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.genie.desk_for_tests import Desk, desk, pipeline

pytestmark = pytest.mark.anyio
EVENT = {
    "specversion": "1.0",
    "id": "1",
    "source": "/shop",
    "type": "desk.wish",
    "data": {"kind": "grant", "text": "x"},
}
STRUCTURED, BATCH = "application/cloudevents+json", "application/cloudevents-batch+json"


async def sent(at: Desk, key: str, body: Any, media: str, path: str = "/v1/cloudevents", **more: str) -> httpx.Response:
    async with at.http(key) as http:
        return await http.post(path, content=json.dumps(body).encode(), headers={"Content-Type": media, **more})


async def test_the_same_event_in_three_modes_starts_one_run() -> None:
    async with desk() as at:
        key = at.key()
        binary = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "%2Fshop", "ce-type": "desk.wish"}
        structured = await sent(at, key, EVENT, f"{STRUCTURED}; charset=utf-8")
        found = [
            structured.json()["id"],
            (await sent(at, key, EVENT["data"], "application/json", **binary)).json()["id"],
            (await sent(at, key, [EVENT], BATCH)).json()["runs"][0]["id"],
        ]
        assert (structured.status_code, structured.headers["location"]) == (202, f"/v1/runs/{found[0]}")
        assert len(set(found)) == 1
        other = (await sent(at, key, {**EVENT, "id": "2"}, STRUCTURED)).json()["id"]
        assert other != found[0]
        changed = await sent(at, key, {**EVENT, "data": {"kind": "grant", "text": "y"}}, STRUCTURED)
        assert (changed.status_code, changed.json()["code"]) == (422, "idempotency_conflict")


async def test_a_pair_of_names_is_never_another_pair() -> None:
    async with desk() as at:
        key = at.key()
        one = await sent(at, key, {**EVENT, "source": "/a", "id": "b1"}, STRUCTURED)
        two = await sent(at, key, {**EVENT, "source": "/ab", "id": "1"}, STRUCTURED)
        assert one.json()["id"] != two.json()["id"]


@pytest.mark.parametrize(
    ("body", "media", "status", "code"),
    [
        ({**EVENT, "specversion": "0.3"}, STRUCTURED, 422, "invalid"),
        ({**EVENT, "type": "desk.unknown"}, STRUCTURED, 404, "not_found"),
        ({**EVENT, "data": {"kind": 7}}, STRUCTURED, 422, "invalid"),
        ({**EVENT, "datacontenttype": "text/xml"}, STRUCTURED, 422, "invalid"),
        ({**EVENT, "id": ""}, STRUCTURED, 422, "invalid"),
        (EVENT, "text/plain", 415, "unsupported_media_type"),
        (EVENT["data"], "application/json", 422, "invalid"),
        ([], BATCH, 422, "invalid"),
        ([EVENT] * 101, BATCH, 422, "invalid"),
        ([EVENT, {**EVENT, "type": "desk.unknown"}], BATCH, 404, "not_found"),
    ],
)
async def test_what_is_not_a_good_event_starts_nothing(body: Any, media: str, status: int, code: str) -> None:
    async with desk() as at:
        found = await sent(at, at.key(), body, media)
        assert (found.status_code, found.json()["code"]) == (status, code)
        assert not at.server.hosted["desk"].runs


async def test_where_several_pipelines_take_an_event_the_caller_chooses() -> None:
    async with desk(pipeline("one"), pipeline("two")) as at:
        key = at.key()
        assert (await sent(at, key, EVENT, STRUCTURED)).json()["code"] == "conflict"
        found = await sent(at, key, EVENT, STRUCTURED, "/v1/cloudevents?pipeline=two")
        assert found.json()["pipeline"] == "two"


@pytest.mark.parametrize("name", ["%ff", "%c3%28", "%ed%a0%80"])
async def test_an_attribute_that_is_no_text_is_refused(name: str) -> None:
    """Was: a failure of the server."""
    headers = {"ce-id": name, "ce-source": "s", "ce-type": "desk.wish", "ce-specversion": "1.0"}
    async with desk() as at, at.http(at.key(), **headers) as http:
        found = await http.post("/v1/cloudevents", json={"kind": "grant"})
        assert (found.status_code, found.json()["code"]) == (422, "invalid")
