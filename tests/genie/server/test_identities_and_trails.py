"""Signed identities at the door, and what whoever audits or operates is shown."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from genie.config.pipeline import Pipeline, SignedIdentity
from genie.contracts.card import Caller
from genie.contracts.classification import Classification
from genie.edges.audit.records import chained, parted
from genie.edges.audit.trail import AuditSettings, AuditTrail
from genie.edges.identity.jwt import issue
from genie.edges.identity.keys import generate, private_key
from tests.genie.desk_for_tests import NOW, desk, pipeline

pytestmark = pytest.mark.anyio
ANN = Caller(user="ann", roles=frozenset({"clerk"}), tenant="north", clearance=Classification.CONFIDENTIAL)


def signed(folder: Path, name: str = "desk") -> Pipeline:
    if not (folder / "id.key").exists():
        generate(folder / "id.key")
    identity = SignedIdentity(folder / "id.key.pub", "https://issuer.example", "genie")
    most = Caller(roles=frozenset({"clerk"}), clearance=Classification.CONFIDENTIAL)
    return replace(pipeline(name), signed=identity, caller=most)


def token(folder: Path, caller: Caller = ANN, now: float = NOW, audience: str = "genie") -> str:
    return issue(caller, private_key(folder / "id.key"), issuer="https://issuer.example", audience=audience, now=now)


async def test_a_pipeline_with_signed_identities_takes_tokens_and_no_keys(tmp_path: Path) -> None:
    async with desk(signed(tmp_path)) as at:
        found = await at.ask(token(tmp_path))
        assert (found.status_code, found.json()["user"], found.json()["tenant"]) == (200, "ann", "north")
        assert (await at.ask(at.key("ann"))).json()["code"] == "forbidden"
        assert (await at.get(f"/v1/runs/{found.json()['id']}", at.key("ann"))).status_code == 404
        wide = replace(ANN, roles=frozenset({"clerk", "admin"}))
        assert (await at.ask(token(tmp_path, wide))).json()["code"] == "forbidden"


async def test_an_operator_of_such_a_pipeline_is_signed_as_well(tmp_path: Path) -> None:
    async with desk(signed(tmp_path), pipeline("open")) as at:
        run = (await at.ask(token(tmp_path), "order")).json()
        checker = at.key("bob", roles=("checker",))
        shown = (await at.get(f"/v1/approvals/{run['held'][0]}", checker)).json()
        ballot = {"approve": True, "reason": "needed", "payload_sha256": shown["payload_sha256"]}
        assert (await at.get(f"/v1/approvals/{shown['id']}/votes", checker, "POST", ballot)).status_code == 403
        for path in ("agents/teller/kill", "agents/teller/pause"):
            found = await at.get(f"/v1/{path}?pipeline=desk", checker, "POST", {"reason": "a test"})
            assert (found.status_code, found.json()["code"]) == (403, "forbidden")
            found = await at.get(f"/v1/{path}?pipeline=open", checker, "POST", {"reason": "a test"})
            assert (found.status_code, found.json()["code"]) == (403, "forbidden"), "it works for other tenants too"
            root = at.key("root", roles=("checker",), rights=("operate", "operate_server"))
            found = await at.get(f"/v1/{path}?pipeline=open", root, "POST", {"reason": "a test"})
            assert found.status_code == 200
        assert len(at.server.hosted["desk"].runtime.approvals.holds()) == 1


async def test_a_token_that_is_not_good_is_nobody(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    generate(other / "id.key")
    async with desk(signed(tmp_path)) as at:
        good = token(tmp_path)
        head, body, mark = good.split(".")
        wrong = [
            token(tmp_path, now=NOW - 1_000), token(tmp_path, now=NOW + 1_000), token(tmp_path, audience="another"),
            token(other), f"{head}.{body}.", f"{head}.{body[:-2]}AA.{mark}", good[:-3], f"{good}.{mark}",
        ]  # fmt: skip
        answers = [await at.ask(one) for one in wrong]
        assert {one.status_code for one in answers} == {401}
        assert len({one.content for one in answers}) == 1  # nobody learns which part is wrong
        assert (await at.ask(good)).status_code == 200
        at.hand.at = 901.0
        assert (await at.ask(good)).status_code == 401  # though it was verified before


async def test_a_token_has_the_rights_that_its_roles_are_granted(tmp_path: Path) -> None:
    async with desk(signed(tmp_path)) as at:
        assert (await at.get("/v1/statistics", token(tmp_path))).status_code == 403
        assert (await at.get("/v1/session", token(tmp_path))).json()["rights"] == ["ask", "observe"]


async def test_an_auditor_reads_the_records_of_the_own_tenant(tmp_path: Path) -> None:
    trail = AuditTrail(AuditSettings(path=tmp_path / "trail", fsync="never"))
    async with desk(replace(pipeline(), audit=trail)) as at:
        mine = (await at.ask(at.key("ann", roles=()))).json()["run"]
        theirs = (await at.ask(at.key("eve", tenant="south", roles=()))).json()["run"]
        auditor = at.key("bob", rights=("audit",))
        found = (await at.get("/v1/audit", auditor)).json()
        runs = {record["run"] for record in found["records"]}
        assert mine in runs
        assert theirs not in runs
        first = (await at.get("/v1/audit?limit=1", auditor)).json()
        rest = (await at.get(f"/v1/audit?after={first['next'] or 10**9}", auditor)).json()
        assert first["records"] + rest["records"] == found["records"]
        everybody = (await at.get("/v1/audit", at.key("root", tenant=None, rights=("audit",)))).json()
        assert theirs in {record.get("run") for record in everybody["records"]}
        said = (await at.get("/v1/audit/verify", auditor)).json()
        assert (said["intact"], said["signatures_checked"]) == (True, False)
        assert (await at.get("/v1/audit?limit=-1", auditor)).json()["code"] == "invalid"


async def test_a_client_computes_the_chain_from_the_lines(tmp_path: Path) -> None:
    trail = AuditTrail(AuditSettings(path=tmp_path / "trail", fsync="never"))
    async with desk(replace(pipeline(), audit=trail)) as at:
        await at.ask(at.key("ann", roles=()))
        root = at.key("root", tenant=None, rights=("audit",))
        lines, after = [], "0"
        while after is not None:
            page = (await at.get(f"/v1/audit/chain?limit=2&after={after}", root)).json()
            lines, after = lines + page["lines"], page["next"]
        before = b"0" * 64
        for line in lines:
            parts = parted(f"{line}\n".encode())
            assert parts is not None
            before = chained(before, parts.body)
            assert before == parts.chain
        assert len(lines) == (await at.get("/v1/audit/verify", root)).json()["records"]
        assert (await at.get("/v1/audit/chain", at.key("bob", rights=("audit",)))).status_code == 404


async def test_figures_are_for_whoever_operates() -> None:
    async with desk() as at:
        key = at.key()
        await at.ask(key)
        await at.ask(key, "fail", "hidden words")
        found = (await at.get("/v1/statistics", key)).json()["pipelines"]["desk"]
        assert found["totals"]["handled"] >= 1
        assert (await at.get("/v1/agents/teller", key)).json()["figures"]["handled"] == 1
        assert (await at.get("/v1/agents/teller", at.key(rights=("observe",)))).json()["figures"] is None
        page = await at.get("/metrics", at.key("root", tenant=None))
        assert "genie_" in page.text
        letters = await at.get("/v1/dead-letters", key)
        assert letters.json()["dead_letters"][0]["agent"] == "teller"
        assert "hidden words" not in letters.text
        again = await at.get(
            f"/v1/dead-letters/{letters.json()['dead_letters'][0]['id']}/drop", key, "POST", {"reason": "a test"}
        )
        assert again.status_code == 200
        assert (await at.get("/v1/dead-letters", key)).json()["dead_letters"] == []
        assert (await at.get("/v1/policies", key)).json()["policies"][0]["policies"][0]["settings"] is None
        seen = (await at.get("/v1/policies", at.key(rights=("observe", "audit")))).json()
        assert seen["policies"][0]["policies"][0]["settings"] is not None
        assert (await at.get("/v1/health", key)).json()["status"] == "ready"
