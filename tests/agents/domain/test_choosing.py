"""Models behind rules: they choose where the rules are not sure, among what there is, and never more."""

from __future__ import annotations

from typing import Any

import pytest

from genie.config.loader import load
from genie.runtime.runtime import Runtime

pytestmark = pytest.mark.anyio


async def asked(name: str, question: str, says: str) -> tuple[Any, int]:
    """Return the answer of a shipped pipeline whose model says something, and how often the model was asked."""
    pipeline = load(name, overrides={"models.desk.rules": f"[{{ say: '{says}' }}]"})
    async with Runtime.from_pipeline(pipeline) as runtime:
        answer = await runtime.ask(pipeline.input.question(question=question), pipeline.answer)
        return answer, runtime.statistics().agents["desk"].handled


UNCLEAR = "Nobody would listen to my grandmother."
CLEAR = "My UPI payment failed and the money is gone."


async def test_a_model_chooses_the_category_where_no_word_is_known_and_a_person_is_told() -> None:
    found, calls = await asked("complaint", UNCLEAR, '{"choice": "staff_conduct"}')
    assert (found.category, found.needs_human_review, calls) == ("staff_conduct", True, 1)
    assert "model" in found.review_reasons[0]


async def test_rules_that_are_sure_ask_nobody() -> None:
    found, calls = await asked("complaint", CLEAR, '{"choice": "staff_conduct"}')
    assert (found.category, calls) == ("digital_banking_upi_imps", 0)


@pytest.mark.parametrize(
    "says",
    [
        '{"choice": "none_of_them"}',
        '{"choice": "wire_all_money"}',
        "staff_conduct",
        '{"choice": "cards", "x": 1}',
        "",
        "[1]",
    ],
)  # fmt: skip
async def test_anything_but_one_of_the_options_chooses_nothing(says: str) -> None:
    found, _ = await asked("complaint", UNCLEAR, says)
    assert (found.category, found.needs_human_review) == ("other", True)
    assert not any("model" in reason for reason in found.review_reasons)


async def test_a_model_sends_a_question_where_the_rules_are_not_sure_and_says_so() -> None:
    found, calls = await asked("enquiry_with_model", "How dear is money at the moment?", '{"choice": "policy_rates"}')
    assert (found.route, calls) == ("policy_rates", 1)
    assert found.text.endswith("A model chose the route of the question.")
    found, calls = await asked("enquiry_with_model", "How dear is money at the moment?", '{"choice": "nowhere"}')
    assert (found.status, found.route, calls) == ("clarify", None, 1)
    found, calls = await asked("enquiry_with_model", "What is a liquidity coverage ratio?", '{"choice": "economy"}')
    assert (found.route, calls) == ("explain", 0)
