"""The scripted provider answers by its rules, on the loop's clock."""

import pytest

from genie.contracts.model_call import FailureClass, ModelRequest, Role, Text, Turn
from genie.contracts.ports.provider import Provider, ProviderError, WireDelta, WireEnd
from genie.testing.providers import Rule, ScriptedProvider, fails, says

ASKED = ModelRequest(turns=(Turn(role=Role.USER, parts=(Text(text="what is a bus"),)),))


async def read(provider: ScriptedProvider, request: ModelRequest = ASKED) -> list[object]:
    return [part async for part in provider.open(request, first_token_s=1, idle_s=1)]


@pytest.mark.anyio
async def test_the_first_rule_that_matches_answers_as_often_as_it_may():
    provider = ScriptedProvider(Rule("bus", "it carries messages", times=1), Rule("", "anything else"))
    assert isinstance(provider, Provider)
    first, second = await read(provider), await read(provider)
    assert [part.text for part in first[:-1]] == ["it ", "carries ", "messages"]
    end = second[-1]
    assert isinstance(end, WireEnd)
    assert end.parts == (Text(text="anything else"),)
    assert (provider.calls, provider.ended) == (2, 2)


@pytest.mark.anyio
async def test_faults_come_where_the_script_says():
    provider = ScriptedProvider(Rule("", fails(FailureClass.OVERLOADED, after=["a"], retry_after_s=3)))
    got = []
    with pytest.raises(ProviderError) as raised:
        async for part in provider.open(ASKED, first_token_s=1, idle_s=1):
            got.append(part)
    assert got == [WireDelta(0, "text", "a")]
    assert (raised.value.failure, raised.value.retry_after_s) == (FailureClass.OVERLOADED, 3)


@pytest.mark.anyio
async def test_a_silence_longer_than_the_limit_is_a_timeout():
    provider = ScriptedProvider(Rule("", [5.0, *says("late")]))
    with pytest.raises(ProviderError) as raised:
        async for _ in provider.open(ASKED, first_token_s=0.0, idle_s=1):
            pass
    assert raised.value.failure is FailureClass.TIMEOUT


@pytest.mark.anyio
async def test_a_request_without_a_rule_fails_by_name():
    with pytest.raises(ProviderError) as raised:
        await read(ScriptedProvider())
    assert raised.value.code == "no_rule"
