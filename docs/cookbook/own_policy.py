"""Own policy: deny every payment above a limit, and keep the reason in the journal."""

from typing import ClassVar

import anyio

from genie import Deny, Payload, PolicySet, Runtime, agent
from genie.errors import RunStalled
from genie.policy.policy import ALLOW, PolicySettings


class Order(Payload, topic="shop.order"):
    cents: int


class Paid(Payload, topic="shop.paid"):
    cents: int


class SpendingLimitSettings(PolicySettings):
    most_cents: int = 100_000


class SpendingLimit:
    """Denies an order above the limit. A judge is pure: it reads only the message and the sender's card."""

    name: ClassVar[str] = "spending_limit"
    version: ClassVar[str] = "1"
    Settings = SpendingLimitSettings
    inspectors = ()

    def __init__(self, settings: SpendingLimitSettings) -> None:
        self.settings = settings
        self.texts = {"too_much": f"more than {settings.most_cents} cents"}  # shown for the code

    def compile(self, route):
        """Return the judge of a route, or None for routes to which the policy does not apply."""
        if not issubclass(route.payload, Order):
            return None
        most = self.settings.most_cents
        return lambda message, sender: (
            Deny("too_much", f"{message.payload.cents} cents") if message.payload.cents > most else ALLOW
        )


@agent("bank")
async def bank(order: Order) -> Paid:
    return Paid(cents=order.cents)


async def main() -> None:
    policies = PolicySet((SpendingLimit(SpendingLimitSettings(most_cents=5_000)),))
    async with Runtime([bank], policies=policies) as runtime:
        print(await runtime.ask(Order(cents=4_000), Paid))
        try:
            await runtime.ask(Order(cents=9_000), Paid)
        except RunStalled as error:
            print(error.reasons)


if __name__ == "__main__":
    anyio.run(main)
