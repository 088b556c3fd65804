"""Attack: a sender writes a word that a rule forbids, or a name that it allows, with look-alike characters."""
# ruff: noqa: RUF001 - look-alikes are the attack

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genie.contracts.card import AgentCard
from genie.contracts.classification import Classification
from genie.contracts.headers import Headers
from genie.contracts.message import Inspection, Payload, stamp
from genie.policy.policy import PolicySet
from genie.rules.policy import Rules
from genie.rules.schema import RulesSettings

DESK = AgentCard(id="desk", clearance=Classification.RESTRICTED)


class Memo(Payload, topic="disguise.memo"):
    text: str = ""
    tags: tuple[str, ...] = ()
    code: str | None = None


def applies(when: dict[str, Any], memo: Memo, **headers: Any) -> bool:
    """Return True if a rule with a condition denies a memo."""
    rule = {"name": "r", "when": {"topic": "disguise.memo", **when}, "then": "deny", "because": "x"}
    evaluator = PolicySet((Rules(RulesSettings.model_validate({"rules": (rule,)})),)).evaluator(Memo, DESK)
    message = stamp(1, memo, "desk", None, None, 0, 0, Headers(**headers), Classification.INTERNAL, Inspection(0))
    return evaluator.judge(message, DESK) is not None


DISGUISES = {
    "case": "OfFsHoRe Bank",
    "zero width": "off\u200bsh\u2060ore b\u00adank",
    "cyrillic": "оffshоrе bаnk",
    "cyrillic capitals": "OFFSНОRЕ ВАNК",
    "width": "ｏｆｆｓｈｏｒｅ　ｂａｎｋ",
    "accents": "öffshóre bánk",
    "mathematical": "𝐨𝐟𝐟𝐬𝐡𝐨𝐫𝐞 𝐛𝐚𝐧𝐤",
    "greek": "σffshσre bαnκ",
    "rare scripts": "ⲟꓝꓝsᏂꓳꭱe ᗷank",
    "tags": "off" + "".join(chr(0xE0000 + ord(char)) for char in "shore bank"),
}
FORBIDDEN = {
    "contains": {"payload.text": {"contains": "offshore bank"}},
    "equal": {"payload.text": "Offshore Bank"},
    "in": {"payload.text": {"in": ["x", "offshore bank"]}},
    "starts with": {"payload.text": {"starts_with": "offshore"}},
    "ends with": {"payload.text": {"ends_with": "BANK"}},
    "matches": {"payload.text": {"matches": r"^offshore\s+bank$"}},
    "tag": {"payload.tags": "offshore bank"},
    "any tag": {"payload.tags": {"any": {"contains": "shore b"}}},
    "not unequal": {"not": {"payload.text": {"ne": "offshore bank"}}},
    "not not": {"not": {"not": {"payload.text": {"contains": "offshore bank"}}}},
    "one of": {"any_of": [{"payload.text": "offshore bank"}, {"payload.code": "no"}]},
}


@pytest.mark.parametrize("disguise", DISGUISES)
@pytest.mark.parametrize("test", FORBIDDEN)
def test_a_forbidden_word_is_recognised_in_every_disguise(test: str, disguise: str) -> None:
    assert applies(FORBIDDEN[test], Memo(text=DISGUISES[disguise], tags=("a", DISGUISES[disguise]), code=""))
    assert not applies(FORBIDDEN[test], Memo(text="a bank on the shore", tags=("shore",), code=""))


@pytest.mark.parametrize("disguise", DISGUISES)
@pytest.mark.parametrize(
    "when",
    [
        {"payload.text": {"ne": "offshore bank"}},
        {"payload.text": {"not_in": ["offshore bank"]}},
        {"not": {"payload.text": "offshore bank"}},
        {"not": {"payload.text": {"contains": "offshore bank"}}},
        {"not": {"payload.text": {"matches": "^offshore bank$"}}},
        {"payload.tags": {"not_in": ["offshore bank"]}},
    ],
)
def test_a_look_alike_of_an_allowed_word_does_not_pass_for_it(when: dict[str, Any], disguise: str) -> None:
    assert applies(when, Memo(text=DISGUISES[disguise], tags=(DISGUISES[disguise],)))
    assert not applies(when, Memo(text="offshore bank", tags=("offshore bank",)))


def test_a_forbidden_user_is_recognised_and_a_look_alike_of_an_allowed_tenant_is_not() -> None:
    assert applies({"headers.user": "mallory"}, Memo(), user="Mаllory")
    assert applies({"headers.tenant": {"ne": "acme"}}, Memo(), tenant="аcme")


def test_what_folding_leaves_nothing_of_is_compared_as_it_stands() -> None:
    assert applies({"payload.text": {"contains": "\u200b"}}, Memo(text="a\u200bb"))
    assert not applies({"payload.text": {"contains": "\u200b"}}, Memo(text="ab"))


def test_a_pattern_in_another_script_is_looked_for_as_it_stands_too() -> None:
    assert applies({"payload.text": {"matches": "перевод"}}, Memo(text="срочный перевод"))
    assert applies({"payload.text": {"contains": "перевод"}}, Memo(text="ПЕРЕВОД денег"))


@given(st.text(max_size=12), st.text(max_size=4), st.sampled_from(["contains", "eq", "starts_with", "ends_with"]))
@settings(max_examples=300)
def test_whatever_matched_as_it_stands_still_matches(text: str, word: str, operator: str) -> None:
    plain = {
        "contains": word in text, "eq": word == text, "starts_with": text.startswith(word),
        "ends_with": text.endswith(word),
    }[operator]  # fmt: skip
    if plain:
        assert applies({"payload.text": {operator: word}}, Memo(text=text))
    if not plain and operator == "eq":
        assert applies({"payload.text": {"ne": word}}, Memo(text=text))
