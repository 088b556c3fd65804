"""What a tool says of its own approval holds its calls as soon as the policy is in force."""

from __future__ import annotations

from typing import Any

import pytest

from genie import Caller, PolicySet, Runtime
from genie.config.loader import parse
from genie.config.plugins import Plugins
from genie.edges.tools.tool import ToolFunction, tool
from genie.errors import RunHeld
from genie.policies.index import POLICIES
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


FILE = """
version: 1
id: paying
agents: [pay]
policies: [{policies}]
input: tool.pay
output: tool.pay_answer
"""


@pytest.mark.parametrize("approval", ["always", "first", "rule", "never"])
@pytest.mark.parametrize("policies", ["clearance", "tool_approval"])
async def test_a_pipeline_that_asks_nobody_for_a_tool_that_needs_a_person_gets_a_warning(
    approval: str, policies: str
) -> None:
    plugins = Plugins(agents={"pay": paying(approval)}, policies=POLICIES)
    warnings = parse(FILE.format(policies=policies), environ={}, plugins=plugins).warnings
    expected = approval in {"always", "first"} and policies == "clearance"
    assert any("tool_approval" in line and "pay" in line for line in warnings) is expected
