"""Policies over the API: drafts change nothing, and what comes into force has been seen by two people."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from genie.config.loader import load
from genie.config.plugins import Plugins
from genie.policies.index import POLICIES
from tests.genie.desk_for_tests import Desk, buyer, desk, teller

pytestmark = pytest.mark.anyio
RULES = """version: 1
id: shop
rules:
  - name: no_tea
    when: { topic: desk.wish, payload.text: TEA }
    then: deny
    because: there is none
    examples:
      - given: { topic: desk.wish, payload: { kind: grant, text: TEA } }
        then: deny
"""
NEVER, WRONG = (
    RULES.replace("TEA", "never"),
    RULES.replace("    then: deny\n    because", "    then: forbid\n    because"),
)
TEA, FAILING = RULES.replace("TEA", "tea"), RULES.replace("        then: deny", "        then: allow")
PIPELINE = """
version: 1
id: {id}
agents: [teller, buyer]
policies: [rules.yaml, tenant_isolation, clearance]
input: desk.wish
output: desk.granted
within_s: 60
"""


@contextlib.asynccontextmanager
async def shop(folder: Path, *names: str) -> AsyncIterator[Desk]:
    (folder / "rules.yaml").write_text(NEVER)
    plugins = Plugins(agents={"teller": teller, "buyer": buyer}, policies=POLICIES)
    pipelines = []
    for name in names or ("desk",):
        path = folder / f"{name}.yaml"
        path.write_text(PIPELINE.format(id=name))
        pipelines.append(load(path, plugins=plugins))
    async with desk(*pipelines) as at:
        yield at


class Governor:
    """Somebody who may propose and approve."""

    def __init__(self, at: Desk, user: str, **facts: Any) -> None:
        self.at = at
        self.key = at.key(user, rights=("ask", "observe", "govern", "operate_server"), **facts)

    async def post(self, path: str, text: str = TEA, **more: Any) -> httpx.Response:
        body = {"pipeline": "desk", "file": "rules.yaml", "text": text, **more}
        return await self.at.get(f"/v1/policies/{path}", self.key, "POST", body)

    async def decide(self, proposal: str, verb: str = "approve") -> httpx.Response:
        path = f"/v1/policies/proposals/{proposal}/{verb}"
        return await self.at.get(path, self.key, "POST", {"reason": "a test"})

    async def proposed(self, text: str = TEA) -> httpx.Response:
        files = (await self.at.get("/v1/policies/files", self.key)).json()["files"]
        return await self.post("proposals", text, base_sha256=files[0]["sha256"], reason="we have no tea")


async def test_a_draft_is_checked_with_lines_and_changes_nothing(tmp_path: Path) -> None:
    async with shop(tmp_path) as at:
        ann = Governor(at, "ann")
        before = at.server.hosted["desk"].runtime.bus.policies.sha256
        good = (await ann.post("check", NEVER)).json()
        assert (good["problems"], good["sha256"]) == ([], before)
        wrong = (await ann.post("check", WRONG)).json()["problems"]
        assert [(one["file"], one["line"]) for one in wrong] == [("rules.yaml", 6)]
        assert (await ann.post("check", "rules: [")).json()["problems"][0]["line"] is not None
        assert (await ann.post("test", TEA)).json()["passed"] == 1
        assert (await ann.post("test", FAILING)).json()["failed"] == 1
        assert (await ann.post("test", WRONG)).json()["errors"][0]["line"] == 6
        assert at.server.hosted["desk"].runtime.bus.policies.sha256 == before
        assert (tmp_path / "rules.yaml").read_text() == NEVER


async def test_a_draft_is_explained_and_backtested_on_real_messages(tmp_path: Path) -> None:
    async with shop(tmp_path) as at:
        ann = Governor(at, "ann")
        for text in ("tea", "coffee", "tea"):
            assert (await at.ask(ann.key, "grant", text)).status_code == 200
        await at.ask(at.key("eve", tenant="south"), "grant", "tea")
        messages = (await at.get("/v1/policies/messages", ann.key)).json()["messages"]
        assert len(messages) == 3
        found = (await ann.post("explain", message=messages[0]["id"])).json()["explanations"]
        assert [one["verdict"] for one in found] == ["deny"]
        told = (await ann.post("backtest")).json()
        assert (told["deliveries"], told["changed"]) == (3, 2)
        assert {"before": "allow", "after": "deny", "deliveries": 2} in told["verdicts"]
        assert (await ann.post("explain", message="unknown")).status_code == 404
        changes = (await ann.post("diff")).json()
        assert changes["changed"] == ["rules"]
        assert any(line.startswith("+") and "tea" in line for line in changes["lines"])


async def test_two_people_put_a_draft_into_force_and_the_file_holds_it(tmp_path: Path) -> None:
    async with shop(tmp_path) as at:
        ann, bob = Governor(at, "ann"), Governor(at, "bob")
        made = await ann.proposed()
        assert (made.status_code, made.json()["state"]) == (201, "proposed")
        own = await ann.decide(made.json()["id"])
        assert (own.status_code, own.json()["code"]) == (403, "forbidden")
        assert (await Governor(at, "Ann").decide(made.json()["id"])).status_code == 403
        assert (await at.ask(ann.key, "grant", "tea")).status_code == 200
        done = await bob.decide(made.json()["id"])
        assert (done.status_code, done.json()["state"], done.json()["decided_by"]) == (200, "in force", "bob")
        assert (await at.ask(ann.key, "grant", "tea")).json()["code"] == "denied"
        assert (tmp_path / "rules.yaml").read_text() == TEA
        assert (await bob.decide(made.json()["id"])).json()["code"] == "conflict"


async def test_every_pipeline_that_names_the_file_is_reloaded(tmp_path: Path) -> None:
    async with shop(tmp_path, "desk", "second") as at:
        ann, bob = Governor(at, "ann"), Governor(at, "bob")
        done = await bob.decide((await ann.proposed()).json()["id"])
        assert sorted(done.json()["policy_sets"]) == ["desk", "second"]
        for name in ("desk", "second"):
            async with at.http(ann.key) as http:
                body = {"pipeline": name, "payload": {"kind": "grant", "text": "tea"}}
                assert (await http.post("/v1/ask", json=body)).json()["code"] == "denied"


@pytest.mark.parametrize("text", [WRONG, FAILING, "rules: ["])
async def test_what_is_wrong_or_fails_its_examples_cannot_be_proposed(tmp_path: Path, text: str) -> None:
    async with shop(tmp_path) as at:
        found = await Governor(at, "ann").proposed(text)
        assert (found.status_code, found.json()["code"]) == (422, "invalid")
        assert not at.server.proposals.all


async def test_a_proposal_for_a_file_that_has_changed_is_void(tmp_path: Path) -> None:
    async with shop(tmp_path) as at:
        ann, bob = Governor(at, "ann"), Governor(at, "bob")
        made = (await ann.proposed()).json()["id"]
        (tmp_path / "rules.yaml").write_text(NEVER + "\n")
        assert (await bob.decide(made)).json()["code"] == "conflict"
        shown = (await at.get(f"/v1/policies/proposals/{made}", bob.key)).json()
        assert (shown["state"], shown["text"]) == ("replaced", TEA)
        stale = await ann.post("proposals", TEA, base_sha256="0" * 64, reason="old")
        assert stale.json()["code"] == "conflict"


async def test_a_draft_sees_no_variable_that_the_file_does_not_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GENIE_TEST_SECRET", "hidden words")
    async with shop(tmp_path) as at:
        found = await Governor(at, "ann").post(
            "check", NEVER.replace("payload.text: never", "payload.text: ${GENIE_TEST_SECRET}")
        )
        assert found.json()["problems"]
        assert "hidden words" not in found.text


@pytest.mark.parametrize("file", ["../rules.yaml", "/etc/passwd", "desk.yaml", "rules.yaml\x00", "./rules.yaml"])
async def test_only_files_that_the_pipeline_names_can_be_drafted(tmp_path: Path, file: str) -> None:
    async with shop(tmp_path) as at:
        found = await Governor(at, "ann").post("check", TEA, file=file)
        assert (found.status_code, found.json()["code"]) == (404, "not_found")


async def test_a_rejected_proposal_stays_out(tmp_path: Path) -> None:
    async with shop(tmp_path) as at:
        ann, bob = Governor(at, "ann"), Governor(at, "bob")
        made = (await ann.proposed()).json()["id"]
        assert (await ann.decide(made, "reject")).json()["state"] == "rejected"
        assert (await bob.decide(made)).json()["code"] == "conflict"
        assert (tmp_path / "rules.yaml").read_text() == NEVER
