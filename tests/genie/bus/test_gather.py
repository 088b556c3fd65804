"""Expectations as plain state: parts that come, parts that cannot, and when the wait is over."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from genie.contracts.gather import Each
from genie.contracts.outcome import Failure, Outcome, Reason
from genie.inflight.gather import Gather, GatherSpec
from tests.genie.policies_for_tests import Answer, Note, Opinion, Question


def expecting(expect: tuple[Any, ...], need: Any = "all", members: Iterable[str] = ("a", "b")) -> Gather:
    return Gather(GatherSpec(expect, need, lambda _part: members, Question))


def failure(agent: str, instead_of: str | None = None) -> Failure:
    return Failure(agent, "t.question", Outcome.DEAD_LETTERED, Reason("why"), 1, instead_of or agent)


def nothing_reaches(_agent: str | None, _kind: object) -> bool:
    return False


def test_all_is_over_when_each_part_is_in_or_known_to_be_missing() -> None:
    expectation = expecting((Answer, Each(Opinion)))
    assert expectation.put(Answer, "x", Answer())
    assert expectation.put(Opinion, "a", Opinion())
    assert not expectation.done
    expectation.fail_from(failure("b"), Question)
    assert expectation.done
    assert str(expectation.result("run").missing["b"]) == "dead_lettered(why)"


@pytest.mark.parametrize(("need", "parts"), [("first", 1), (1, 1), (2, 2), (99, 3), ("all", 3)])
def test_need_says_how_many_parts_end_the_wait(need: Any, parts: int) -> None:
    expectation = expecting((Answer, Each(Opinion)), need)
    steps = (lambda: expectation.put(Opinion, "a", Opinion()), lambda: expectation.put(Answer, "x", Answer()),
             lambda: expectation.put(Opinion, "b", Opinion()))  # fmt: skip
    for number, step in enumerate(steps, start=1):
        if number <= parts:
            assert not expectation.done
            step()
    assert expectation.done


def test_a_second_a_late_and_a_strangers_answer_change_nothing() -> None:
    expectation = expecting((Answer, Each(Opinion)))
    assert expectation.put(Answer, "x", Answer(text="one"))
    assert not expectation.put(Answer, "y", Answer(text="two"))
    assert not expectation.put(Opinion, "stranger", Opinion())
    expectation.finish()
    assert not expectation.put(Opinion, "a", Opinion())
    result = expectation.result("run")
    assert result[Answer].text == "one"
    assert dict(result[Each(Opinion)]) == {}
    assert {str(part) for part in result.missing.values()} == {"late"}


def test_nothing_more_can_come_names_the_guilty() -> None:
    expectation = expecting((Answer, Note))
    expectation.conclude([failure("a")], lambda agent, kind: agent == "a" and kind is Answer)
    missing = expectation.result("run").missing
    assert {name: str(part) for name, part in missing.items()} == {
        "a": "dead_lettered(why)", "t.note": "no agent takes the question",
    }  # fmt: skip


def test_who_could_have_answered_and_did_not_answered_nothing() -> None:
    expectation = expecting((Answer,))
    expectation.conclude([], lambda agent, _kind: agent is None)
    assert str(expectation.result("run").missing["t.answer"]) == "answered nothing"


def test_a_fallback_fails_in_the_name_it_stands_in_for() -> None:
    expectation = expecting((Each(Opinion),))
    expectation.fail_from(failure("substitute", instead_of="a"), Question)
    assert expectation.outstanding() == [(Opinion, "b")]


def test_giving_one_class_up_leaves_the_others() -> None:
    expectation = expecting((Answer, Note))
    expectation.give_up(Note, [], nothing_reaches)
    assert not expectation.done
    assert [kind for kind, _ in expectation.outstanding()] == [Answer]


@pytest.mark.parametrize("members", [()])
def test_each_of_nobody_is_over_at_once(members: tuple[str, ...]) -> None:
    expectation = expecting((Each(Opinion),), members=members)
    assert expectation.done
    assert dict(expectation.result("run")[Each(Opinion)]) == {}


@pytest.mark.parametrize(
    ("expect", "need"), [((), "all"), ((Answer, Each(Answer)), "all"), ((Answer,), 0), ((Answer,), True)]
)
def test_nonsense_is_refused(expect: tuple[Any, ...], need: Any) -> None:
    with pytest.raises(ValueError, match=r"expect|need"):
        expecting(expect, need)
