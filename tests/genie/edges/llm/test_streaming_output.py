"""A structured answer while it streams: closed fields and items alone, and the whole at the end."""

import pytest

from genie import Payload, Runtime
from genie.contracts.model_call import FailureClass, ModelDelta, ModelFailed, ModelReply, ModelRestarted
from genie.edges.llm.output.streaming import Prefix, Whole, into
from genie.testing.providers import Rule, fails, says
from tests.genie.edges.llm.models_for_tests import model, request

pytestmark = pytest.mark.anyio
PARTS = (ModelDelta, ModelRestarted)
ENDS = (ModelReply, ModelFailed)
TEXT = '{"name": "lamp", "counts": [10, 200], "amount": 1000}'


class Order(Payload, topic="tests.streamed_order"):
    name: str
    counts: tuple[int, ...]
    amount: int


@pytest.mark.parametrize("at", range(1, len(TEXT), 5))
async def test_nothing_is_shown_that_the_whole_does_not_have(at):
    script = [part for piece in (TEXT[:at], TEXT[at:]) for part in (says(piece, pieces=[piece])[0], 1.0)]
    desk = model(Rule("", [*script, says(TEXT)[-1]]))
    async with Runtime([desk]) as runtime:
        got = [part async for part in into(runtime.stream(request(), parts=PARTS, end=ENDS, to="desk"), Order)]
    whole = got[-1]
    assert isinstance(whole, Whole)
    assert whole.read.payload == Order(name="lamp", counts=(10, 200), amount=1000)
    shown = [part.fields for part in got[:-1] if isinstance(part, Prefix)]
    for fields in shown:
        assert fields.get("amount", 1000) == 1000
        assert fields.get("counts", (10, 200)) in {(), (10,), (10, 200)}
        assert fields.get("name", "lamp") == "lamp"


async def test_a_failure_is_the_last_thing_that_comes():
    desk = model(Rule("", fails(FailureClass.FILTERED)))
    async with Runtime([desk]) as runtime:
        got = [part async for part in into(runtime.stream(request(), parts=PARTS, end=ENDS, to="desk"), Order)]
    assert [type(part) for part in got] == [ModelFailed]
