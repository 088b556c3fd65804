"""Calls through the proxy: replies in two dialects, budgets, cuts, and what is settled."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import anyio
import pytest

from genie.contracts.model_call import FailureClass, Stop, Usage
from genie.testing.providers import Rule, calls, fails, says
from tests.genie.server.proxy.proxy_for_tests import CHAT, MESSAGES, NOW, chat, desk, message, models, stuck

pytestmark = pytest.mark.anyio
LONG = "word " * 40
USED = Usage(input=1_000_000, output=3)
"""Costs 1 and 3."""


def said(answer: Any) -> str:
    """Return the words of a stream of either dialect."""
    found = [one for one in answer.events if one != "[DONE]"]
    chunks = [one["choices"][0]["delta"].get("content") or "" for one in found if one.get("choices")]
    deltas = [one["delta"].get("text", "") for one in found if one.get("type") == "content_block_delta"]
    return "".join(chunks + deltas)


# --- replies ---


async def test_a_whole_reply_has_the_shape_of_each_dialect() -> None:
    async with desk(models(Rule("", says("a bus", usage=USED)))) as at:
        key = at.key()
        found = await at.post(CHAT, key, chat())
        assert found.status == 200
        assert found.json["object"] == "chat.completion"
        assert found.json["choices"][0]["message"]["content"] == "a bus"
        assert found.json["choices"][0]["finish_reason"] == "stop"
        assert found.json["usage"]["total_tokens"] == 1_000_003
        found = await at.post(MESSAGES, "", message(), **{"x-api-key": key, "authorization": ""})
        assert found.status == 200
        assert found.json["content"] == [{"type": "text", "text": "a bus", "citations": None}]
        assert (found.json["stop_reason"], found.json["usage"]["output_tokens"]) == ("end_turn", 3)


async def test_a_stream_has_the_events_of_each_dialect() -> None:
    async with desk(models(Rule("", says(LONG, usage=USED)))) as at:
        key = at.key()
        found = await at.post(CHAT, key, chat(stream=True, stream_options={"include_usage": True}))
        assert found.headers["content-type"].startswith("text/event-stream")
        assert said(found) == LONG
        assert found.events[-1] == "[DONE]"
        assert found.events[-2]["usage"]["completion_tokens"] == 3
        found = await at.post(MESSAGES, key, message(stream=True))
        assert said(found) == LONG
        names = [one["type"] for one in found.events if one["type"] != "content_block_delta"]
        assert names == [
            "message_start", "content_block_start", "content_block_stop", "message_delta", "message_stop",
        ]  # fmt: skip


async def test_calls_of_tools_go_there_and_back_in_each_dialect() -> None:
    script = (
        Rule(lambda request: request.turns[-1].role == "tool", lambda request: request.turns[-1].parts[0].text),
        Rule("", lambda request: calls(("add", '{"a":1}'), request=request)),
    )
    function = {"name": "add", "description": "Add.", "parameters": {"type": "object", "properties": {}}}
    async with desk(models(*script)) as at:
        key = at.key()
        asked = chat(tools=[{"type": "function", "function": function}], stream=True)
        found = await at.post(CHAT, key, asked)
        (made,) = [one["choices"][0]["delta"]["tool_calls"] for one in found.events[:-1]
                   if "tool_calls" in one["choices"][0]["delta"]]  # fmt: skip
        assert made[0]["function"] == {"name": "add", "arguments": '{"a":1}'}
        asked["messages"] += [
            {"role": "assistant", "content": None, "tool_calls": [{k: v for k, v in made[0].items() if k != "index"}]},
            {"role": "tool", "tool_call_id": made[0]["id"], "content": "the sum is 3"},
        ]
        assert said(await at.post(CHAT, key, asked)) == "the sum is 3"

        tool = {"name": "add", "description": "Add.", "input_schema": {"type": "object"}}
        found = await at.post(MESSAGES, key, message(tools=[tool]))
        assert found.json["stop_reason"] == "tool_use"
        (block,) = found.json["content"]
        assert (block["name"], block["input"]) == ("add", {"a": 1})
        result = {"type": "tool_result", "tool_use_id": block["id"], "content": [{"type": "text", "text": "three"}]}
        more = [{"role": "assistant", "content": [block]}, {"role": "user", "content": [result]}]
        again = message(tools=[tool], stream=True)
        again["messages"] += more
        assert said(await at.post(MESSAGES, key, again)) == "three"
        provider: Any = at.proxy.models["desk"].provider
        assert provider.requests[-1].turns[-1].parts[0].name == "add"


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        (CHAT, chat(n=2), "unsupported"),
        (CHAT, chat(functions=[]), "unsupported"),
        (CHAT, chat(messages=[]), "invalid"),
        (CHAT, chat(temperature=9), "invalid"),
        (CHAT, chat(max_tokens=0), "invalid"),
        (CHAT, {**chat(), "model": "nobody"}, "model_not_found"),
        (CHAT, [], "invalid"),
        (CHAT, chat(messages=[{"role": "user", "content": [
            {"type": "image_url", "image_url": {"url": "http://169.254.169.254/x"}}]}]), "unsupported"),
        (MESSAGES, message(top_k=4), "unsupported"),
        (MESSAGES, {"model": "desk", "messages": [{"role": "user", "content": "hi"}]}, "invalid"),
        (MESSAGES, message(messages=[{"role": "user", "content": [{"type": "image", "source": {"type": "url"}}]}]),
         "invalid"),
    ],
)  # fmt: skip
async def test_what_is_not_done_is_refused_by_name_before_it_costs(path: str, body: Any, code: str) -> None:
    async with desk(models(Rule("", "never"))) as at:
        found = await at.post(path, at.key(), body)
        assert found.headers["x-genie-code"] == code
        assert found.status in {400, 404}
        assert "error" in found.json
        assert not at.proxy.spend.all()


async def test_fields_that_change_nothing_are_taken() -> None:
    async with desk(models(Rule("", "yes"))) as at:
        body = chat(n=1, user="u", metadata={"a": "b"}, frequency_penalty=0, logprobs=False, store=True, top_p=None)
        assert (await at.post(CHAT, at.key(), body)).status == 200
        body = message(metadata={"user_id": "u"}, service_tier="auto", system=[{"type": "text", "text": "be brief"}])
        assert (await at.post(MESSAGES, at.key(), body)).status == 200


# --- who ---


async def test_keys_are_refused_in_the_words_of_the_dialect() -> None:
    async with desk(models(Rule("", "yes"))) as at:
        assert (await at.post(CHAT, "gk_wrong", chat())).json["error"]["code"] == "genie_unauthenticated"
        found = await at.post(MESSAGES, "gk_wrong", message())
        assert (found.status, found.json["error"]["type"]) == (401, "authentication_error")
        house = at.key(models=("house",))
        assert (await at.post(CHAT, house, chat())).headers["x-genie-code"] == "forbidden"
        assert (await at.post(CHAT, house, {**chat(), "model": "house"})).status == 200
        async with at.http(house) as http:
            assert [one["id"] for one in (await http.get("/v1/models")).json()["data"]] == ["house"]


async def test_a_key_that_is_limited_to_other_routes_asks_no_model() -> None:
    async with desk(models(Rule("", "yes"))) as at:
        refused = await at.post(CHAT, at.key(scopes=("runs:read", "ask:write")), chat())
        assert (refused.status, refused.headers["x-genie-code"]) == (403, "forbidden")
        assert (await at.post(CHAT, at.key(scopes=("models:write",)), chat())).status == 200


async def test_a_key_that_is_revoked_while_it_streams_gets_no_more() -> None:
    async with desk(stuck()) as at:
        key, found = at.key(), []

        async def ask() -> None:
            found.append(await at.post(CHAT, key, chat(stream=True)))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask)
            await at.words.wait()
            at.server.take_keys(type(at.server.keys)())
        assert found[0].events[-1]["error"]["code"] == "genie_unauthenticated"


# --- what it costs ---


async def test_a_call_is_settled_with_what_the_provider_says() -> None:
    async with desk(models(Rule("", says("a bus", usage=USED)))) as at:
        await at.post(CHAT, at.key(budget={"cost": "1000"}), chat())
        for kind in ("key", "conversation", "model"):
            found = at.account(kind)
            assert (found.cost, found.tokens, found.reserved_cost, found.calls) == (4, 1_000_003, 0, 1)
            assert (found.estimated, found.latest) == (0, NOW)


async def test_what_may_be_spent_is_reserved_so_that_a_hundred_calls_at_once_spend_no_more() -> None:
    async with desk(models(Rule("", says("a bus", usage=Usage(input=1, output=64))))) as at:
        key = at.key(budget={"cost": "650"})  # for ten calls of 64 and a little
        answers = []

        async def ask(number: int) -> None:
            answers.append(await at.post(CHAT, key, chat(f"question {number}")))

        async with anyio.create_task_group() as tasks:
            for number in range(100):
                tasks.start_soon(ask, number)
        assert sorted(one.status for one in answers) == [200] * 10 + [429] * 90
        assert at.proxy.models["desk"].provider.calls == 10  # type: ignore[attr-defined]  # it is scripted
        assert (at.account("key").cost <= 650, at.account("key").refused) == (True, 90)


@pytest.mark.parametrize(
    ("path", "status", "kind"), [(CHAT, 429, "insufficient_quota"), (MESSAGES, 402, "billing_error")]
)
async def test_an_empty_budget_is_refused_so_that_clients_do_not_try_again(path: str, status: int, kind: str) -> None:
    async with desk(models(Rule("", "never"))) as at:
        found = await at.post(path, at.key(budget={"tokens": 10}), chat() if path == CHAT else message())
        assert (found.status, found.json["error"]["type"]) == (status, kind)
        assert (found.headers["x-should-retry"], found.headers["x-genie-code"]) == ("false", "budget_exceeded")
        assert at.proxy.models["desk"].provider.calls == 0  # type: ignore[attr-defined]  # it is scripted


async def test_a_budget_is_full_again_on_the_next_day() -> None:
    async with desk(models(Rule("", says("a bus", usage=Usage(input=1, output=64))))) as at:
        key = at.key(budget={"cost": "100", "per": "day"})
        assert [(await at.post(CHAT, key, chat())).status for _ in range(2)] == [200, 429]
        at.hand.at += 86_400
        assert (await at.post(CHAT, key, chat())).status == 200


async def test_conversations_have_budgets_of_their_own() -> None:
    async with desk(models(Rule("", says("a bus", usage=Usage(input=1, output=64))))) as at:
        key = at.key(conversation={"cost": "100"})
        assert [(await at.post(CHAT, key, chat("one"))).status for _ in range(2)] == [200, 429]
        longer = chat("one")
        longer["messages"] += [{"role": "assistant", "content": "a"}, {"role": "user", "content": "and?"}]
        assert (await at.post(CHAT, key, longer)).status == 429  # it begins alike, so it is the same conversation
        assert (await at.post(CHAT, key, chat("two"))).status == 200
        named = {"x-genie-conversation": "c1"}
        assert [(await at.post(CHAT, key, chat(str(n)), **named)).status for n in range(2)] == [200, 429]


async def test_the_same_request_again_and_again_is_a_loop() -> None:
    async with desk(models(Rule("", "yes"))) as at:
        key = at.key(repeats=2)
        assert [(await at.post(CHAT, key, chat())).status for _ in range(3)] == [200, 200, 429]
        longer = chat()
        longer["messages"] += [{"role": "assistant", "content": "a"}, {"role": "user", "content": "and?"}]
        assert (await at.post(CHAT, key, longer)).status == 200


async def test_a_model_without_a_price_is_no_free_model() -> None:
    async with desk(models(Rule("", "yes"), price=None)) as at:
        assert (await at.post(CHAT, at.key(budget={"cost": "5"}), chat())).headers["x-genie-code"] == "unpriced"
        assert (await at.post(CHAT, at.key(budget={"tokens": 5_000}), chat())).status == 200
        assert [one.unpriced for one in at.proxy.spend.all("model")] == [1]


# --- cut ---


@pytest.mark.parametrize(("path", "body"), [(CHAT, chat(stream=True)), (MESSAGES, message(stream=True, max_tokens=64))])
async def test_a_reply_beyond_its_bound_is_cut_when_the_key_has_no_more(path: str, body: Any) -> None:
    async with desk(stuck(1_000)) as at:
        found = await at.post(path, at.key(budget={"tokens": 200}), body)
        assert found.status == 200
        error = found.events[-1]["error"]
        assert "budget_exceeded" in str(error)
        assert len(said(found)) > 50
        provider: Any = at.proxy.models["desk"].provider
        assert (provider.calls, provider.ended) == (1, 1)
        spent = at.account("key")
        assert (spent.reserved_tokens, spent.estimated) == (0, 1)
        assert spent.tokens > 64


async def test_a_budget_of_the_pipeline_cuts_in_the_dialect_too() -> None:
    budget = "budgets: [{ id: small, tokens: 140 }]"
    async with desk(stuck(1_000), budget) as at:
        found = await at.post(CHAT, at.key(), chat(stream=True))
        assert found.events[-1]["error"]["code"] == "genie_budget_exceeded"
        assert at.account("key").reserved_tokens == 0


async def test_a_client_that_leaves_pays_for_what_was_made_and_gets_the_rest_back() -> None:
    async with desk(stuck()) as at:
        await at.leave_after(2, CHAT, at.key(), chat(stream=True))
        await anyio.wait_all_tasks_blocked()
        provider: Any = at.proxy.models["desk"].provider
        assert (provider.calls, provider.ended) == (1, 1)
        spent = at.account("key")
        assert (spent.reserved_cost, spent.reserved_tokens, spent.estimated) == (0, 0, 1)
        assert 0 < spent.cost < Decimal(64)


async def test_a_kill_ends_streams_and_refuses_calls_until_it_is_lifted() -> None:
    async with desk(stuck()) as at:
        key, found = at.key(), []

        async def ask() -> None:
            found.append(await at.post(CHAT, key, chat(stream=True)))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask)
            await at.words.wait()
            at.proxy.runtime.operations.kill("desk", reason="a test")
        assert found[0].events[-1]["error"]["code"] == "genie_suspended"
        again = await at.post(MESSAGES, key, message())
        assert (again.status, again.json["error"]["type"]) == (529, "overloaded_error")
        at.proxy.runtime.operations.revive("desk")
        assert not at.proxy.runtime.statistics().agents["desk"].suspended
        assert at.account("key").reserved_tokens == 0


# --- other models ---


async def test_another_model_takes_over_with_a_shorter_conversation() -> None:
    agents = models(Rule("", fails(FailureClass.OUT_OF_MONEY)), house=(Rule("", "from the house"),), max_output=64)
    async with desk(agents) as at:
        body = chat("the goal")
        for number in range(40):
            body["messages"] += [{"role": "assistant", "content": f"{number} " * 300},
                                 {"role": "user", "content": "go on"}]  # fmt: skip
        found = await at.post(CHAT, at.key(budget={"cost": "100"}), body)
        assert found.json["choices"][0]["message"]["content"] == "from the house"
        house: Any = agents["house"].provider
        assert len(house.requests[0].turns) < 60
        assert house.requests[0].turns[0].parts[0].text == "the goal"


async def test_a_model_that_fails_is_named_in_the_dialect_and_costs_nothing() -> None:
    async with desk(models(Rule("", fails(FailureClass.UNAUTHORISED)))) as at:
        found = await at.post(CHAT, at.key(), chat())
        assert (found.status, found.headers["x-genie-code"]) == (502, "failed")  # the key at the vendor is ours
        assert (at.account("key").cost, at.account("key").reserved_cost) == (0, 0)


async def test_a_reply_that_begins_again_after_words_were_sent_ends_the_stream() -> None:
    agents = models(
        Rule("", fails(FailureClass.TRUNCATED, after=("some words " * 10,))), house=(Rule("", "other words"),)
    )
    async with desk(agents) as at:
        found = await at.post(CHAT, at.key(), chat(stream=True))
        assert "other words" not in said(found)
        assert found.events[-1]["error"]["code"] == "genie_restarted"


# --- policies ---


async def test_policies_mask_what_a_model_may_not_have() -> None:
    agents = models(Rule("", lambda request: request.turns[-1].parts[0].text))
    async with desk(agents, policies="clearance, pii") as at:
        found = await at.post(CHAT, at.key(), chat("my card is 4111 1111 1111 1111"))
        assert found.status == 200
        provider: Any = agents["desk"].provider
        assert ["4111 1111" in one.model_dump_json() for one in provider.requests] == [False]


async def test_a_stop_at_the_limit_says_so() -> None:
    async with desk(models(Rule("", says("cut", stop=Stop.LENGTH)))) as at:
        found = await at.post(CHAT, at.key(), chat(max_tokens=5))
        assert found.json["choices"][0]["finish_reason"] == "length"
        assert at.proxy.models["desk"].provider.requests[0].max_output == 5  # type: ignore[attr-defined]  # as above


async def test_tokens_are_counted_without_a_call() -> None:
    async with desk(models(Rule("", "never"))) as at:
        body = {name: value for name, value in message().items() if name != "max_tokens"}
        found = await at.post("/v1/messages/count_tokens", at.key(), body)
        assert 0 < found.json["input_tokens"] < 100
        assert at.proxy.models["desk"].provider.calls == 0  # type: ignore[attr-defined]  # as above
