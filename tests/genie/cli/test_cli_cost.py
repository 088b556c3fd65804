"""`genie inspect --cost`: each model call of a run, and a sum that is the run's account."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import anyio
import pytest
from click.testing import Result

from genie.contracts.admission import Admission, Budget
from genie.contracts.agent import agent
from genie.contracts.card import Caller
from genie.contracts.context import Context
from genie.contracts.message import Payload
from genie.contracts.model_call import FailureClass, ModelFailed, ModelReply, ModelRequest, Role, Text, Turn, Usage
from genie.contracts.ports.provider import ProviderError, WireDelta
from genie.edges.llm.agent import Calls, ModelAgent
from genie.edges.llm.price import Price
from genie.edges.llm.settings import ModelOptions
from genie.errors import PartMissingError
from genie.journal.jsonl import JournalFile, JournalLines
from genie.policy.policy import PolicySet
from genie.reports.run_cost import MOST_CALLS, RunCost
from genie.runtime.runtime import Runtime
from genie.testing import settled
from genie.testing.providers import Rule, ScriptedProvider, says

Genie = Callable[..., Result]
PRICE = Price(input=Decimal(4), output=Decimal(20), cache_read=Decimal("0.4"))
ENDS = (ModelReply, ModelFailed)


class Go(Payload, topic="cost.go"):
    texts: tuple[str, ...]


class Gone(Payload, topic="cost.gone"):
    ends: tuple[str, ...]


def turn(text: str) -> Turn:
    return Turn(role=Role.USER, parts=(Text(text=text),))


@agent("talker", asks={ModelRequest: ENDS}, clearance="restricted")
async def talker(go: Go, context: Context) -> Gone:
    """Ask for each text, with all that was asked before it."""
    ends = []
    for number in range(len(go.texts)):
        turns = tuple(map(turn, go.texts[: number + 1]))
        try:
            reply = await context.ask(ModelRequest(turns=turns, max_output=50, cache=True), ENDS, to="desk")
            ends.append(type(reply).__name__)
        except PartMissingError as missing:
            ends.append(missing.why)
    return Gone(ends=tuple(ends))


def desk(*rules: Rule, id: str = "desk", **options: Any) -> ModelAgent:
    given = {"clearance": "restricted", "internal": True, "price": PRICE, "backoff_s": 0.0, "cache": 8, **options}
    takes_over = given.pop("takes_over", False)
    calls = given.pop("calls", None)
    return ModelAgent(id, ScriptedProvider(*rules), ModelOptions(**given), takes_over=takes_over, calls=calls)


async def run(path: Path, texts: tuple[str, ...], *models: ModelAgent, cap: str = "1") -> tuple[Decimal, int]:
    """Work on a task, write its journal, and return what the run's account has."""
    agents = (talker, *models)
    caller = Caller(user="ann")
    cards = {one.card.id: one.card for one in agents} | {caller.card().id: caller.card()}
    reader = Caller(user="auditor", clearance="restricted").card()
    admission = Admission(budgets=(Budget(id="run", cost=Decimal(cap), tokens=10**9),))
    with path.open("w") as file:
        journal = JournalFile(file, JournalLines(policies=PolicySet(), reader=reader, senders=cards))
        async with Runtime(agents, caller=caller, admission=admission, journal=journal) as runtime:
            await runtime.ask(Go(texts=texts), Gone)
            await settled(runtime)
            budgets = runtime.statistics().budgets
    return Decimal(budgets["run", "cost"].spent), int(budgets["run", "tokens"].spent)


def told(genie: Genie, path: Path) -> Any:
    result = genie("inspect", str(path), "--cost", "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def used(text: str, **more: int) -> Any:
    return says(text, usage=Usage(**{"input": 1_000, "output": 100, **more}))


def test_each_call_has_its_tokens_and_price_and_all_of_them_are_the_account(genie: Genie, tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    model = desk(
        Rule("second", used("b", input=2_000, cache_read=900, reasoning=40)), Rule("first", used("a")),
    )  # fmt: skip
    cost, tokens = anyio.run(run, path, ("the first words", "the second words", "the second words"), model)
    found = told(genie, path)
    first, second, third = found["calls"]
    assert (first["new"], first["replayed"], first["cached"]) == (1_000, 0, 0)
    assert (second["cached"], second["reasoning"], second["cache_ratio"]) == (900, 40, 0.45)
    assert second["new"] + second["replayed"] == 2_000
    assert 800 < second["replayed"] < 1_200, "half of what it sends was sent before"
    assert Decimal(first["cost"]) == PRICE.cost(Usage(input=1_000, output=100))
    assert third["replay_share"] > second["replay_share"]
    total = found["total"]
    assert (Decimal(total["cost"]), total["input"] + total["output"]) == (cost, tokens)
    assert (total["calls"], total["unpriced"], total["without_bill"]) == (3, 0, 0)
    table = genie("inspect", str(path), "--cost").stdout
    assert "replayed %" in table
    assert "45.0" in table


def test_attempts_that_failed_and_other_models_are_in_the_sum(genie: Genie, tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    cut = ProviderError(FailureClass.TRUNCATED, usage=Usage(input=300, output=7))
    calls = Calls()
    model = desk(Rule("", [cut], times=1), Rule("", [cut]), fallback=("house",), calls=calls, attempts=3)
    house = desk(Rule("", used("from the house")), id="house", calls=calls, takes_over=True)
    cost, tokens = anyio.run(run, path, ("hello",), model, house)
    found = told(genie, path)
    (call,) = found["calls"]
    assert (call["model"], call["end"]) == ("house", "answered")
    assert (Decimal(call["cost"]), call["input"] + call["output"]) == (cost, tokens)
    assert call["input"] > 1_000


def test_a_call_that_failed_says_what_it_was_charged(genie: Genie, tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    cut = ProviderError(FailureClass.TRUNCATED, usage=Usage(input=300, output=7))
    cost, tokens = anyio.run(run, path, ("hello",), desk(Rule("", [cut]), attempts=2))
    (call,) = told(genie, path)["calls"]
    assert call["end"] == "truncated"
    assert (Decimal(call["cost"]), call["input"] + call["output"]) == (cost, tokens)
    assert tokens == 614


def test_a_kept_reply_costs_nothing(genie: Genie, tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    model = desk(Rule("", used("a")))

    async def twice() -> tuple[Decimal, int]:
        await run(tmp_path / "before.jsonl", ("hello",), model)
        return await run(path, ("hello",), model)

    cost, tokens = anyio.run(twice)
    (call,) = told(genie, path)["calls"]
    assert (call["end"], call["cost"], call["input"], cost, tokens) == ("from the cache", "0", 0, 0, 0)


def test_a_call_that_was_cut_is_never_taken_for_free(genie: Genie, tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    words = [WireDelta(0, "text", "word " * 100)] * 200
    cost, _ = anyio.run(lambda: run(path, ("hello",), desk(Rule("", words), attempts=1), cap="0.01"))
    assert cost
    found = told(genie, path)
    assert (found["total"]["without_bill"], found["calls"][0]["cost"]) == (1, None)
    shown = genie("inspect", str(path), "--cost").stdout
    assert "unknown" in shown
    assert "1 call was cut off" in shown


def test_a_call_that_no_model_has_seen_costs_nothing(genie: Genie, tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    anyio.run(lambda: run(path, ("hello",), desk(Rule("", used("a"))), cap="0.000001"))
    found = told(genie, path)
    (call,) = found["calls"]
    assert (call["end"], call["cost"], found["total"]["without_bill"]) == ("denied", "0", 0)


def test_a_price_that_nobody_knows_is_unknown(genie: Genie, tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    anyio.run(lambda: run(path, ("hello",), desk(Rule("", used("a")), price=None)))
    found = told(genie, path)
    assert (found["calls"][0]["cost"], found["total"]["unpriced"]) == (None, 1)
    assert "unknown" in genie("inspect", str(path), "--cost").stdout.splitlines()[-2]


@pytest.mark.parametrize(
    "words", [("--cost", "--field", "x"), ("--cost", "--format", "csv"), ("--run", "x"), ("--as", "ann")]
)
def test_options_of_the_other_kind_are_refused(genie: Genie, tmp_path: Path, words: tuple[str, ...]) -> None:
    path = tmp_path / "run.jsonl"
    path.write_text('{"number":0,"kind":"policies","run_id":"a-1"}\n')
    result = genie("inspect", str(path), *words)
    assert (result.exit_code, "Traceback" in result.output) == (2, False)


def test_a_run_without_models_and_what_is_no_journal(genie: Genie, tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    path.write_text('{"kind":"handled","run_id":"a-1","topic":"x"}\n')
    assert genie("inspect", str(path), "--cost").exit_code == 5
    path.write_text("words\n")
    assert genie("inspect", str(path), "--cost").exit_code == 2


def test_lines_of_any_file_are_read_in_bounded_memory() -> None:
    found = RunCost("r")
    odd: tuple[Any, ...] = (None, [], "x", -1, 1e999, True, {"usage": []}, {"turns": 5, "usage": {"input": -4}})
    for number in range(MOST_CALLS + 10):
        payload = odd[number % len(odd)]
        found.add({"kind": "accepted", "topic": "model.request", "message_id": f"m{number}", "payload": payload})
        found.add({"kind": "accepted", "topic": "model.reply", "causation_id": f"m{number}", "payload": payload})
    found.close()
    assert (found.total.call, len(found.calls), found.total.input) == (MOST_CALLS + 10, MOST_CALLS, 0)
    json.dump(found.values(), io.StringIO(), allow_nan=False)
