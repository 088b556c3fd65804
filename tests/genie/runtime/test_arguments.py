"""Wrong arguments: every public call refuses them before anything is published, and the runtime goes on."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import anyio
import pytest

from genie import Context, Each, GenieError, Runtime, agent
from genie.runtime.approvals import Approvals
from genie.runtime.arguments import CHECKS
from genie.runtime.operations import Operations
from tests.genie.policies_for_tests import Answer, Question, answerer, assert_at_rest, running, turns

pytestmark = pytest.mark.anyio
WRONG: tuple[Any, ...] = (
    1, -1, 10**400, 1.5, float("nan"), True, b"x", "e.a", [], {}, (), object(), int, Question, Question(), (Answer, 1),
    [Answer], Each(Answer), Each(int), {1},
)  # fmt: skip
Q = Question()
CALLS: Mapping[str, Callable[[Runtime, Any], Any]] = {
    "ask question": lambda runtime, wrong: runtime.ask(wrong, Answer),
    "ask answer": lambda runtime, wrong: runtime.ask(Q, wrong),
    "ask to": lambda runtime, wrong: runtime.ask(Q, Answer, to=wrong),
    "ask within_s": lambda runtime, wrong: runtime.ask(Q, Answer, within_s=wrong),
    "ask caller": lambda runtime, wrong: runtime.ask(Q, Answer, caller=wrong),
    "ask notices": lambda runtime, wrong: runtime.ask(Q, Answer, notices=wrong),
    "start question": lambda runtime, wrong: runtime.start(wrong, Answer),
    "start answer": lambda runtime, wrong: runtime.start(Q, wrong),
    "start to": lambda runtime, wrong: runtime.start(Q, Answer, to=wrong),
    "start caller": lambda runtime, wrong: runtime.start(Q, Answer, caller=wrong),
    "publish payload": lambda runtime, wrong: runtime.publish(wrong),
    "publish to": lambda runtime, wrong: runtime.publish(Q, to=wrong),
    "publish caller": lambda runtime, wrong: runtime.publish(Q, caller=wrong),
    "gather payload": lambda runtime, wrong: runtime.gather(wrong, expect=Answer),
    "gather expect": lambda runtime, wrong: runtime.gather(Q, expect=wrong),
    "gather need": lambda runtime, wrong: runtime.gather(Q, expect=Answer, need=wrong),
    "gather within_s": lambda runtime, wrong: runtime.gather(Q, expect=Answer, within_s=wrong),
    "gather caller": lambda runtime, wrong: runtime.gather(Q, expect=Answer, caller=wrong),
    "run": lambda runtime, wrong: runtime.run(wrong),
    "remove": lambda runtime, wrong: runtime.remove(wrong),
    "add": lambda runtime, wrong: runtime.add(wrong),
    "redrive": lambda runtime, wrong: runtime.redrive(wrong),
    "pause": lambda runtime, wrong: runtime.operations.pause(wrong),
    "kill": lambda runtime, wrong: runtime.operations.kill(wrong),
    "cancel": lambda runtime, wrong: runtime.operations.cancel(wrong),
    "approve": lambda runtime, wrong: runtime.approvals.approve(wrong, by="ann", reason="fine"),
    "kill for_s": lambda runtime, wrong: runtime.operations.kill("answerer", for_s=wrong),
    "redrive_all": lambda runtime, wrong: runtime.operations.redrive_all(per_s=wrong),
    "watch_policies": lambda runtime, wrong: runtime.operations.watch_policies(every_s=wrong),
    "observe": lambda runtime, wrong: runtime.observe(capacity=wrong),
    "view": lambda runtime, wrong: runtime.approvals.view("none", wrong),
}


@pytest.mark.parametrize("name", CALLS)
async def test_a_wrong_argument_is_refused_and_the_runtime_goes_on(name: str) -> None:
    """Bad input: a wrong type is a TypeError or ValueError, or a named error of ours that can be shown."""
    async with running(answerer) as runtime:
        for wrong in WRONG:
            with anyio.fail_after(5):
                try:
                    called = CALLS[name](runtime, wrong)
                    if inspect.isawaitable(called):
                        await called
                except (TypeError, ValueError, GenieError) as error:
                    told = str(error)
                    assert told
                    assert not any(word in told for word in ("unhashable", "not supported between", "object has no"))
            runtime.operations.revive("answerer")
            runtime.operations.resume("answerer")
        assert (await runtime.ask(Question(number=3), Answer)).number == 3
        await turns()
        assert_at_rest(runtime)


async def test_a_wrong_argument_of_a_handler_is_refused() -> None:
    refused = []

    @agent("asks", asks={Question: Answer}, publishes=(Question,))
    async def asks(question: Question, context: Context) -> Answer:
        for wrong in (10**400, -1, float("nan"), "x", None, True):
            calls: tuple[Callable[[], Any], ...] = (
                lambda wrong=wrong: context.after(wrong, Question()),
                lambda wrong=wrong: context.wanted(wrong),
            )
            for call in calls:
                with pytest.raises((TypeError, ValueError)):
                    call()
                refused.append(wrong)
            if wrong is not None:
                with pytest.raises((TypeError, ValueError)):
                    await context.gather(Question(), expect=Answer, within_s=wrong)
        return Answer()

    async with running(asks) as runtime:
        assert await runtime.ask(Question(), Answer) == Answer()
    assert len(refused) == 12


@pytest.mark.parametrize("face", [Operations, Approvals])
def test_every_argument_of_an_operator_has_a_check(face: type) -> None:
    """One name means one thing in all calls; what is checked elsewhere is named here."""
    elsewhere = {"self", "policies", "seal", "result"}
    for name, method in vars(face).items():
        if name.startswith("_") or not callable(method):
            continue
        assert set(inspect.signature(method).parameters) - elsewhere <= set(CHECKS), name
        assert hasattr(method, "__wrapped__") or len(inspect.signature(method).parameters) == 1, name


@pytest.mark.parametrize(
    "given",
    [{"agents": answerer}, {"agents": 1}, {"agents": "answerer"}, {"limits": 1}, {"caller": "ann"}, {"seed": "x"},
     {"joins": 1}, {"debug": "yes"}, {"prefix": 1}, {"journal": "run.jsonl"}, {"journal": 3}, {"audit": "trail"},
     {"log": "run.log"}, {"control": "control.db"}, {"admission": {}}, {"executor": "thread"}, {"source": 3},
     {"chatter": "abc"}, {"wall": "now"}],
)  # fmt: skip
def test_a_runtime_refuses_wrong_arguments(given: dict[str, Any]) -> None:
    """Was: a path as `audit` or `journal` was taken, and nothing was recorded."""
    with pytest.raises(TypeError, match=next(iter(given))):
        Runtime(**given)


def test_a_durability_that_there_is_not_is_refused() -> None:
    """Was: any word was taken."""
    with pytest.raises(ValueError, match="did you mean 'batched'"):
        Runtime(durability="bached")  # type: ignore[arg-type]  # that is the test


def test_a_policy_that_lacks_a_part_of_its_protocol_is_refused_by_name() -> None:
    parts = {"name": "p", "version": "1", "settings": None, "inspectors": (), "compile": lambda _route: None}
    for lacking in parts:
        half = type("Half", (), {name: part for name, part in parts.items() if name != lacking})()
        with pytest.raises(TypeError, match="not a policy"):
            Runtime([], policies=[half])
