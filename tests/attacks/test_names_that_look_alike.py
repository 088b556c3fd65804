"""Attack: the sender, or one who has voted already, decides under a name that only looks the same."""
# ruff: noqa: RUF001 - the ambiguous characters are the attack

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genie import Caller, PolicySet
from genie.approvals.people import person
from genie.errors import InputError
from genie.policy.verdicts import Hold
from tests.genie.policies_for_tests import Answer, Question, answerer, running, turns, verdict_for

ALIKE = (
    ("ann", "Ann"), ("ann", " ann "), ("ann", "ａｎｎ"), ("ann", "аnn"), ("ann", "ɑnn"), ("ann", "a\u200bnn"),
    ("ann", "an\u00adn"), ("ann", "\ufeffann"), ("ann", "𝐚𝐧𝐧"), ("ann", "ann\ufe0f"), ("ann", "aոn"),
    ("paul", "раul"), ("paul", "pau1"), ("paul", "pauI"), ("paul", "pau|"), ("bob", "b0b"), ("bob", "bоb"),
    ("bob", "bοb"), ("maria", "rnaria"), ("Nina", "Νina"), ("Ian", "lan"), ("ann lee", "ann  lee"),
    ("ann lee", "ann\u00a0lee"), ("Дарья", "дарья"), ("o'neil", "O'NEIL"), ("scope", "ѕсоре"),
    ("jane@x.org", "јane@x.org"), ("ann", "ann\0"), ("ann", "a\x08nn"), ("ann", "an\x9fn"), ("ann", "an\U000e0100n"),
    ("ann", "an\u180bn"), ("ann", "an\U000e0041n"), ("ann", "an\u2800n"), ("o'neil", "o\u2019neil"),
    ("ian", "i\u0307an"), ("Ian", "İan"), ("jane", "j\u0307\u0307ane"),
    ("anne-marie", "anne\u2011marie"), ("anne-marie", "anne\u2013marie"), ("anne-marie", "anne\u2212marie"),
)  # fmt: skip
DIFFERENT = (("ann", "anna"), ("ben", "dan"), ("josé", "jose"), ("eve", "ева"), ("li wei", "li mei"), ("u101", "u110"))


def test_what_is_drawn_as_nothing_makes_no_other_person() -> None:
    unseen = [code for code in range(0x110000) if unicodedata.category(chr(code)) in {"Cc", "Cf"}]
    unseen += [*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0), *range(0x180B, 0x1810), 0x34F, 0x3164]
    assert not [hex(code) for code in unseen if person(f"an{chr(code)}n") not in {"ann", "an n"}]
    assert not [hex(code) for code in unseen if person(f"ann{chr(code)}") != "ann"]


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_names_that_look_alike_are_one_person(one: str, other: str) -> None:
    assert person(one) == person(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_names_that_do_not_look_alike_are_two_people(one: str, other: str) -> None:
    assert person(one) != person(other)


@given(st.text(max_size=40))
def test_a_name_as_it_is_compared_stays_as_it_is(name: str) -> None:
    assert person(person(name)) == person(name)
    assert person(f"  {name}\u200b ") == person(name)


@pytest.mark.anyio
@pytest.mark.parametrize("name", ["Аnn", "аnn", "ａnn", "ɑnn"])
async def test_a_sender_and_a_voter_count_once_under_every_name(name: str) -> None:
    policies = PolicySet((verdict_for("answerer", Question, Hold("ask", quorum=2), name="ask"),))
    async with running(answerer, policies=policies) as runtime:
        run = runtime.start(Question(), Answer, caller=Caller(user="ann"))
        await turns()
        [request] = runtime.approvals.requests()
        with pytest.raises(InputError, match="sent it"):
            runtime.approvals.approve(request.id, by=name, reason="mine")
        runtime.approvals.approve(request.id, by="рaul", reason="fine")
        with pytest.raises(InputError, match="already"):
            runtime.approvals.approve(request.id, by="paul", reason="fine")
        runtime.approvals.approve(request.id, by="carla", reason="fine")
        await run.result()


@pytest.mark.anyio
@pytest.mark.parametrize("name", ["", " ", "\u200b", "\u3164", "\u2800", "\u2800\u3164", "\ufe0f", "\0"])
async def test_a_name_that_nobody_sees_decides_nothing(name: str) -> None:
    policies = PolicySet((verdict_for("answerer", Question, Hold("ask"), name="ask"),))
    async with running(answerer, policies=policies) as runtime:
        run = runtime.start(Question(), Answer, caller=Caller(user="ann"))
        await turns()
        [request] = runtime.approvals.requests()
        with pytest.raises(InputError, match="visible characters"):
            runtime.approvals.approve(request.id, by=name, reason="fine")
        runtime.approvals.approve(request.id, by="ben", reason="fine")
        await run.result()
