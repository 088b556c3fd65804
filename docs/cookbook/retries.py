"""Retries: a failing handler is retried with increasing waits; after the last attempt there is a dead letter."""

import anyio

from genie import Payload, Retry, Runtime, agent
from genie.errors import RunStalled


class Quote(Payload, topic="market.quote"):
    symbol: str


class Price(Payload, topic="market.price"):
    cents: int


attempts = []


@agent("exchange", retry=Retry(attempts=3, first_s=0.01, factor=2.0, longest_s=1.0))
async def exchange(quote: Quote) -> Price:
    attempts.append(quote.symbol)
    if quote.symbol == "GONE" or len(attempts) < 3:
        raise ConnectionError("the line is busy")
    return Price(cents=1990)


async def main() -> None:
    async with Runtime([exchange]) as runtime:
        price = await runtime.ask(Quote(symbol="LAMP"), Price)
        print(price, "after", len(attempts), "attempts")
        try:
            await runtime.ask(Quote(symbol="GONE"), Price)
        except RunStalled as error:
            print(error.reasons, "after", attempts.count("GONE"), "attempts")
        [letter] = runtime.operations.dead_letters()
        print("kept for a redrive:", letter.agent)


if __name__ == "__main__":
    anyio.run(main)
