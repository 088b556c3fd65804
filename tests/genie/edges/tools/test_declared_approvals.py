"""What a tool says of its own approval holds its calls as soon as the policy is in force."""

from __future__ import annotations

from typing import Any

import pytest

from genie import Caller, PolicySet, Runtime
from genie.edges.tools.tool import ToolFunction, tool
from genie.errors import RunHeld
from genie.policies.tool_approval import ToolApproval, ToolApprovalRule, ToolApprovalSettings

pytestmark = pytest.mark.anyio


def paying(approval: str) -> ToolFunction:
    @tool("pay", approval=approval)
    async def pay(amount: int) -> int:
        """Pay."""
        return amount

    return pay


async def held(approval: str, **rules: Any) -> bool:
    pay = paying(approval)
    policies = PolicySet((ToolApproval(ToolApprovalSettings(tools=rules)),))
    async with Runtime([pay], policies=policies, caller=Caller(user="ann")) as runtime:
        run = runtime.start(pay.arguments.model_validate({"amount": 5}), pay.answer, to="pay")
        try:
            await run.result()
        except RunHeld:
            return True
        return False


@pytest.mark.parametrize(("approval", "waits"), [("always", True), ("first", True), ("rule", False), ("never", False)])
async def test_the_card_of_a_tool_says_when_its_calls_wait(approval: str, waits: bool) -> None:
    assert await held(approval) is waits


@pytest.mark.parametrize(("when", "waits"), [("never", False), ("always", True)])
async def test_a_rule_of_the_policy_goes_before_what_the_tool_says(when: str, waits: bool) -> None:
    for approval in ("always", "rule", "never"):
        assert await held(approval, pay=ToolApprovalRule(when=when)) is waits
