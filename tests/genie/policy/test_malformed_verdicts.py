"""A policy whose verdict has values of other types than declared denies; it cannot break the bus."""

from __future__ import annotations

import math
from typing import Any

import pytest

from genie import Allow, Deny, Hold, Payload, PolicySet, Redact, agent
from genie.errors import RunStalled
from genie.policy.verdict_check import is_verdict
from genie.policy.verdicts import RuleVerdict
from genie.testing import FunctionPolicy
from tests.genie.policies_for_tests import Answer, Question, answerer, running


class Unusable:
    """Raises whatever is done with it."""

    def __iter__(self) -> Any:
        raise RuntimeError

    def __hash__(self) -> int:
        raise RuntimeError

    __str__: Any = __iter__
    __eq__: Any = __iter__


BAD: Any = Unusable()
NONE: Any = None
LIST: Any = [("text",)]
MALFORMED = {
    "notices": Allow(NONE), "notices in one string": Allow("abc"),  # type: ignore[arg-type]  # on purpose
    "a notice": Allow((BAD,)), "a code": Deny(BAD, "why"), "no code": Deny(NONE, "why"), "a reason": Deny("code", BAD),
    "no paths": Redact(NONE), "a list of paths": Redact(LIST), "paths": Redact(BAD),
    "a path": Redact(frozenset({5})),  # type: ignore[arg-type]  # on purpose
    "the reason of a hold": Hold(BAD), "paths of a hold": Hold("why", paths=LIST), "text for a term": Hold("why", BAD),
    "no term at all": Hold("why", math.nan), "a term of the past": Hold("why", -1.0), "nobody": Hold("why", quorum=0),
    "a text for a number": Hold("why", quorum="2"),  # type: ignore[arg-type]  # on purpose
    "one role": Hold("why", approvers="risk"),  # type: ignore[arg-type]  # on purpose
    "a rule": (RuleVerdict(BAD, "1", Deny("code", "why")),), "a rule's paths": (RuleVerdict("r", "1", Redact(LIST)),),
}  # fmt: skip


@pytest.mark.anyio
@pytest.mark.parametrize("name", MALFORMED)
@pytest.mark.parametrize("judged", [Question, Answer])
async def test_a_malformed_verdict_denies(name: str, judged: type[Question | Answer]) -> None:
    policy = FunctionPolicy(lambda route: (lambda *_: MALFORMED[name]) if route.payload is judged else None)
    async with running(answerer, policies=PolicySet((policy,))) as runtime:
        run = runtime.start(Question(), Answer)
        with pytest.raises(RunStalled):
            await run.result()
        assert [one.reason.code for one in run.failures() if one.reason] == [f"{policy.name}:policy_error"]
        assert runtime.statistics().runs == 0


class Sheet(Payload, topic="malformed.sheet"):
    lines: tuple[str, ...]


@pytest.mark.anyio
@pytest.mark.parametrize(
    "path", [("lines", 2), ("lines", -1), ("lines", True), ("lines", "0"), ("line", 0), ("lines", 0, 0)]
)
async def test_a_path_that_the_payload_lacks_denies(path: tuple[str | int, ...]) -> None:
    @agent("reader")
    async def reader(sheet: Sheet) -> Answer:
        return Answer()

    policy = FunctionPolicy(lambda _route: lambda *_: Redact(frozenset({path}), "why"))
    async with running(reader, policies=PolicySet((policy,))) as runtime:
        run = runtime.start(Sheet(lines=("a", "b")), Answer)
        with pytest.raises(RunStalled):
            await run.result()
        assert [one.reason.code for one in run.failures() if one.reason] == [f"{policy.name}:policy_error"]


class Raises(Allow):
    """A verdict whose values raise."""

    @property
    def obligations(self) -> tuple[str, ...]:  # type: ignore[override]  # wrong on purpose
        raise SystemExit


def test_a_verdict_of_a_subclass_is_no_verdict() -> None:
    assert is_verdict(Allow())
    assert not is_verdict(Raises())
