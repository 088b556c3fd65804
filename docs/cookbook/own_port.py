"""Own port: an agent asks for rates through an interface, and the runtime binds a real source or a fake one."""

from typing import Protocol

import anyio

from genie import Context, Payload, Runtime, agent
from genie.contracts.agent import Binding


class Rates(Protocol):
    """A source of exchange rates."""

    async def rate(self, currency: str) -> float:
        """Return units of the currency for one euro."""
        ...


class FixedRates:
    """Rates that never change; a test or a demo binds these."""

    async def rate(self, currency: str) -> float:
        return {"INR": 90.0, "USD": 1.1}[currency]


class Convert(Payload, topic="desk.convert"):
    euros: int
    currency: str


class Converted(Payload, topic="desk.converted"):
    amount: float


@agent("converter", ports=(Rates,))
async def converter(question: Convert, context: Context) -> Converted:
    rates = context.port(Rates)
    return Converted(amount=question.euros * await rates.rate(question.currency))


async def main() -> None:
    bound = Binding(agent=converter, card=converter.card, ports={Rates: FixedRates()})
    async with Runtime([bound]) as runtime:
        print(await runtime.ask(Convert(euros=20, currency="INR"), Converted))


if __name__ == "__main__":
    anyio.run(main)
