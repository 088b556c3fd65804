"""What is held, as its approver reads it: a page, and what edits have changed."""

from __future__ import annotations

import html
from typing import Any

import pytest

from tests.genie.desk_for_tests import Desk, desk

pytestmark = pytest.mark.anyio
SCRIPT = "<script>alert(1)</script>"


async def held(at: Desk, text: str) -> str:
    await at.ask(at.key("zoe"), "order", text)
    return at.server.hosted["desk"].runtime.approvals.holds()[-1].id


async def edited(at: Desk, hold: str, key: str, text: str) -> dict[str, Any]:
    shown = (await at.get(f"/v1/approvals/{hold}", key)).json()
    ballot = {"approve": True, "reason": "better", "payload_sha256": shown["payload_sha256"], "edit": {"text": text}}
    found = await at.get(f"/v1/approvals/{hold}/votes", key, "POST", ballot)
    assert found.status_code == 200, found.text
    return (await at.get(f"/v1/approvals/{hold}", key)).json()  # type: ignore[no-any-return]  # JSON


async def test_a_held_message_is_a_page_for_its_approvers_alone() -> None:
    async with desk() as at:
        hold = await held(at, f"tea {SCRIPT}")
        path, key = f"/v1/approvals/{hold}/report", at.key("bob", roles=("checker",))
        found = await at.get(path, key)
        assert (found.status_code, found.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert html.escape(SCRIPT) in found.text
        assert SCRIPT not in found.text
        assert "sandbox allow-scripts allow-popups" in found.headers["content-security-policy"]
        assert (await at.get(path, at.key("eve", tenant="south"))).status_code == 404
        assert (await at.get(path, at.key("wim", rights=("observe",)))).status_code == 403


async def test_a_page_shows_what_its_approver_may_see() -> None:
    async with desk() as at:
        hold = await held(at, "write to ann@example.com")
        path = f"/v1/approvals/{hold}/report"
        seen = await at.get(path, at.key("bob", roles=("checker",)))
        assert "ann@example.com" in seen.text
        masked = await at.get(path, at.key("low", roles=("checker",), clearance="internal"))
        assert "ann@example.com" not in masked.text
        nothing = await at.get(path, at.key("none", roles=("checker",), clearance="public"))
        assert "ann@example.com" not in nothing.text


async def test_an_edit_is_shown_by_field_as_its_reader_may_see_it() -> None:
    async with desk() as at:
        hold, bob = await held(at, "tea"), at.key("bob", roles=("checker",))
        assert (await at.get(f"/v1/approvals/{hold}", bob)).json()["changes"] is None
        shown = await edited(at, hold, bob, "tea for ann@example.com")
        assert shown["changes"] == [{"path": ["text"], "before": "tea", "after": "tea for ann@example.com"}]
        shown = await edited(at, hold, at.key("cleo", roles=("checker",)), "coffee for ann@example.com")
        assert shown["changes"] == [{"path": ["text"], "before": "tea", "after": "coffee for ann@example.com"}]
        low = at.key("low", roles=("checker",), clearance="internal")
        assert "ann@example.com" not in (await at.get(f"/v1/approvals/{hold}", low)).text
