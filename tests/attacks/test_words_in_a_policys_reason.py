"""Attack: a policy of one's own quotes the payload in its codes, reasons, paths, rules and notices."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from genie import Caller, Classification, GenieError, agent
from genie.journal.memory import MemoryJournal
from genie.policy.policy import (
    Allow,
    AsyncPolicy,
    AsyncSettings,
    Deny,
    Hold,
    PolicySet,
    PolicySettings,
    Redact,
    RuleVerdict,
)
from tests.attacks.test_words_in_errors import WORDS, Secret, made
from tests.genie.bus.test_observers import Kept
from tests.genie.policies_for_tests import Answer, running

pytestmark = pytest.mark.anyio

SENTENCE = "the amount is above the limit of the desk"


class Quoting:
    """Answers what a test gives it."""

    name: ClassVar[str] = "own"
    version: ClassVar[str] = "1"
    settings = PolicySettings()
    inspectors = ()
    texts: ClassVar[dict[str, str]] = {"limit": SENTENCE}

    def __init__(self, verdict: Any) -> None:
        self._verdict = verdict

    def compile(self, route: Any) -> Any:
        return (lambda _message, _sender: self._verdict) if route.payload is Secret else None


class Slow(AsyncPolicy):
    """Answers the same, outside the loop."""

    name: ClassVar[str] = "own"
    version: ClassVar[str] = "1"
    settings = AsyncSettings()
    texts: ClassVar[dict[str, str]] = {"limit": SENTENCE}

    def __init__(self, verdict: Any) -> None:
        self._verdict = verdict

    def judge_of(self, route: Any) -> Any:
        async def judge(_message: Any, _sender: Any) -> Any:
            return self._verdict

        return judge if route.payload is Secret else None


PLACE = frozenset({(WORDS,)})
VERDICTS: dict[str, Any] = {
    "a denial": Deny("limit", WORDS),
    "a code": Deny(WORDS + " 1", WORDS),
    "a hold": Hold(WORDS),
    "a masked field": Redact(frozenset({("text",)}), WORDS),
    "a path": Redact(PLACE, WORDS),
    "a path of a hold": Hold(WORDS, paths=PLACE),
    "a notice": Allow((WORDS,)),
    "a class": made(WORDS, object)(),
}
RULES: dict[str, Any] = {
    "a rule": (RuleVerdict(WORDS + " 1", "1", Deny("limit", WORDS)),),
    "a version": (RuleVerdict("one", WORDS + " 1", Deny("limit", WORDS)),),
    "a rule's reason": (RuleVerdict("one", "1", Deny("limit", WORDS)),),
    "a rule's hold": (RuleVerdict("one", "1", Hold(WORDS)),),
}


async def kept(policy: Any, caplog: pytest.LogCaptureFixture, *, shadow: bool = False) -> str:
    """Return everything that is told and kept of a message that a policy judges."""
    caplog.set_level("DEBUG")
    audit, journal = Kept(), MemoryJournal()

    @agent("teller", clearance="restricted")
    async def teller(question: Secret) -> Answer:
        return Answer()

    policies = PolicySet((policy,), shadow=frozenset({"own"}) if shadow else frozenset())
    async with running(teller, audit=audit, journal=journal, policies=policies) as runtime:
        run = runtime.start(Secret(), Answer, caller=Caller(user="ann", clearance=Classification.PUBLIC))
        told = ""
        try:
            await run.result()
        except GenieError as error:
            told = f"{error!s} {error!r}"
        holds = [(one.reason, one.needs) for one in runtime.approvals.requests()]
        for one in runtime.approvals.requests():
            runtime.approvals.refuse(one.id, by="bob")
        events = [event async for event in run.events()]
        state = [
            runtime.statistics(),
            runtime.operations.incidents(),
            runtime.operations.dead_letters(),
            run.failures(),
        ]
    records = [(one.kind, one.reason, one.code, dict(one.detail)) for one in journal]
    return "\n".join([told, repr(holds), repr(events), repr(state), repr(records), repr(audit.records), caplog.text])


@pytest.mark.parametrize("how", [*VERDICTS, *RULES])
async def test_the_words_of_a_policy_leave_nowhere(how: str, caplog: pytest.LogCaptureFixture) -> None:
    assert WORDS not in await kept(Quoting({**VERDICTS, **RULES}[how]), caplog)


@pytest.mark.parametrize("how", [*VERDICTS, *RULES])
async def test_nor_do_they_in_shadow_mode(how: str, caplog: pytest.LogCaptureFixture) -> None:
    assert WORDS not in await kept(Quoting({**VERDICTS, **RULES}[how]), caplog, shadow=True)


@pytest.mark.parametrize("how", VERDICTS)
async def test_nor_do_those_of_a_slow_judge(how: str, caplog: pytest.LogCaptureFixture) -> None:
    assert WORDS not in await kept(Slow(VERDICTS[how]), caplog)


@pytest.mark.parametrize("kind", [Quoting, Slow])
async def test_what_its_class_declares_for_a_code_is_told(kind: Any, caplog: pytest.LogCaptureFixture) -> None:
    assert f"denied(own: {SENTENCE})" in await kept(kind(Deny("limit", WORDS)), caplog)
