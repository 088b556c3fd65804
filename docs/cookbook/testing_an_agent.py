"""Test: an agent is tested alone with a fake context, and over the bus with a scripted neighbour. No sleep, no mock."""

import anyio

from genie import Context, Payload, Runtime, agent
from genie.testing import FakeContext, Probe, Scripted, assert_at_rest, settled


class Question(Payload, topic="shop.question"):
    article: str


class Price(Payload, topic="shop.price"):
    cents: int


class Offer(Payload, topic="shop.offer"):
    text: str


@agent("desk", asks={Question: Price})
async def desk(offer: Offer, context: Context) -> Price:
    return await context.ask(Question(article=offer.text), Price)


async def test_the_desk_alone() -> None:
    context = FakeContext(answers={Price: Price(cents=1990)})
    assert await desk(Offer(text="lamp"), context) == Price(cents=1990)
    assert context.asked == [Question(article="lamp")]


async def test_over_the_bus() -> None:
    pricer = Scripted(Question, [Price(cents=5), ValueError("gone")])
    probe = Probe(Price)
    async with Runtime([pricer, probe]) as runtime:
        await runtime.publish(Question(article="lamp"))
        await runtime.publish(Question(article="lamp"))
        counted = await settled(runtime)
        assert_at_rest(runtime)
    assert probe.payloads(Price) == (Price(cents=5),)
    assert counted.agents["scripted"].dead_lettered == 1


async def main() -> None:
    await test_the_desk_alone()
    await test_over_the_bus()
    print("both pass")


if __name__ == "__main__":
    anyio.run(main)
