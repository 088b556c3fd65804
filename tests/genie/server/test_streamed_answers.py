"""Answers that come in parts, and answers as pages: for whom they were judged, and for nobody else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from genie.client import Client
from genie.config.loader import parse
from genie.config.pipeline import Pipeline
from genie.server.reports import show_held, show_report
from genie.server.routes import RULES
from tests.genie.desk_for_tests import ORIGIN, Desk, Transport, desk

pytestmark = pytest.mark.anyio

WORDS = "One message goes to each agent that asked for it, and every policy judges it before. " * 20
CARD = "4111 1111 1111 1111"
TEXT = f"""
version: 1
id: talk
agents: [{{ id: assistant, settings: {{ stream: %s }} }}]
models:
  desk:
    wire: scripted
    internal: true
    rules: [{{ when: card, say: "The card is {CARD} today." }}, {{ say: "{WORDS}" }}]
policies: [clearance, pii]
input: assistant.question
output: assistant.answer
within_s: 60
"""


def talk(streams: str = "true") -> Pipeline:
    return parse(TEXT % streams, environ={})


async def asked(at: Desk, key: str, text: str = "hello", **more: Any) -> dict[str, Any]:
    body = {"pipeline": "talk", "payload": {"text": text, **more}}
    found: dict[str, Any] = (await at.get("/v1/ask", key, "POST", body)).json()
    return found


async def told(at: Desk, key: str, run: str) -> list[tuple[str, dict[str, Any]]]:
    """Return the events of a run that is over, as its stream sends them."""
    text = (await at.get(f"/v1/runs/{run}/events", key)).text
    blocks = [
        dict(line.split(": ", 1) for line in block.splitlines()) for block in text.split("\n\n") if "data" in block
    ]
    return [(block["event"], json.loads(block["data"])) for block in blocks]


def parts(events: list[tuple[str, dict[str, Any]]]) -> str:
    return "".join(data["fields"]["text"] for kind, data in events if kind == "part")


async def test_the_parts_of_an_answer_are_its_whole_text_in_order() -> None:
    async with desk(talk()) as at:
        key = at.key()
        run = await asked(at, key)
        events = await told(at, key, run["id"])
        kinds = [kind for kind, _ in events]
        assert kinds.count("part") > 1
        assert kinds[-1] == "end"
        assert parts(events) == run["answer"]["text"] == WORDS
        assert [data["topic"] for kind, data in events if kind not in {"part", "end"}].count("model.delta") == 0


async def test_the_client_yields_parts_and_returns_the_report() -> None:
    async with desk(talk()) as at:
        key = at.key()
        run = await asked(at, key)
        async with Client(ORIGIN, key, transport=Transport(at.app)) as client:
            events = [told async for told in client.events(run["id"])]
            pieces = [told.part["text"] for told in events if told.part is not None]
            assert "".join(pieces) == WORDS
            assert {told.event.kind for told in events if told.part is not None} == {"part"}
            assert WORDS[:60] in await client.report(run["id"])


async def test_a_pipeline_that_does_not_stream_sends_no_part() -> None:
    async with desk(talk("false")) as at:
        key = at.key()
        run = await asked(at, key)
        assert run["answer"]["text"] == WORDS
        assert parts(await told(at, key, run["id"])) == ""


async def test_parts_go_to_nobody_but_whom_the_answer_was_judged_for() -> None:
    async with desk(talk()) as at:
        run = await asked(at, at.key())
        auditor = at.key("olga", rights=("observe", "audit"))
        events = await told(at, auditor, run["id"])
        assert [kind for kind, _ in events].count("handled") > 0
        assert parts(events) == ""
        assert (await at.get(f"/v1/runs/{run['id']}", auditor)).json()["withheld"]


async def test_a_part_is_masked_like_the_answer() -> None:
    async with desk(talk()) as at:
        key = at.key("lea", clearance="internal")
        run = await asked(at, key, "which card?")
        assert "1111" not in json.dumps(await told(at, key, run["id"]))


async def test_a_conversation_carries_what_was_said_before() -> None:
    async with desk(talk()) as at:
        key = at.key()
        short = await asked(at, key, "and now?")
        long = await asked(at, key, "and now?", earlier=[{"question": "a" * 4_000, "answer": "b" * 4_000}])
        assert long["answer"]["usage"]["input"] > short["answer"]["usage"]["input"] + 1_000


async def test_an_answer_is_a_page_that_may_stand_in_a_frame_of_this_origin_alone() -> None:
    async with desk(talk()) as at:
        key = at.key()
        run = await asked(at, key)
        found = await at.get(f"/v1/runs/{run['id']}/report", key)
        assert found.status_code == 200
        assert found.headers["content-type"].startswith("text/html")
        assert WORDS[:60] in found.text
        (policy,) = found.headers.get_list("content-security-policy")
        rules = dict(part.strip().partition(" ")[::2] for part in policy.split(";"))
        assert (rules["default-src"], rules["frame-ancestors"]) == ("'none'", "'self'")
        assert "allow-same-origin" not in rules["sandbox"]
        assert "unsafe" not in policy
        assert found.headers.get_list("x-frame-options") == ["SAMEORIGIN"]


@pytest.mark.parametrize("who", [{"user": "olga", "rights": ("observe", "audit")}, {"user": "max", "tenant": "south"}])
async def test_the_page_of_an_answer_is_for_whom_it_was_judged(who: dict[str, Any]) -> None:
    async with desk(talk()) as at:
        run = await asked(at, at.key())
        found = await at.get(f"/v1/runs/{run['id']}/report", at.key(**who))
        assert (found.status_code, found.json()["code"]) == (404, "not_found")


def test_every_other_response_may_stand_in_no_frame() -> None:
    assert [rule.path for rule in RULES if rule.media == "text/html"] == [
        "/v1/runs/{id}/report", "/v1/approvals/{id}/report",
    ]  # fmt: skip
    assert [rule.endpoint for rule in RULES if rule.media == "text/html"] == [show_report, show_held]
