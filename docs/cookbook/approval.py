"""Approval: a large payment waits until a person of the treasury, other than its sender, approves it."""

import anyio

from genie import Caller, Payload, PolicySet, Runtime, agent
from genie.policies.four_eyes import FourEyes, FourEyesRule, FourEyesSettings


class Order(Payload, topic="payments.order"):
    cents: int


class Paid(Payload, topic="payments.paid"):
    cents: int


@agent("bank")
async def bank(order: Order) -> Paid:
    return Paid(cents=order.cents)


policies = PolicySet((FourEyes(FourEyesSettings(topics={"payments.order": FourEyesRule(approvers=("treasury",))})),))


async def main() -> None:
    async with Runtime([bank], policies=policies) as runtime:
        run = runtime.start(Order(cents=900_000), Paid, caller=Caller(user="ann"))
        await run.settled()  # only deliveries that wait for a person are left
        [request] = runtime.approvals.requests()
        print("waits for", *request.lacking())
        runtime.approvals.approve(request.id, by="ben", roles={"treasury"}, reason="as ordered")
        print(await run.result())


if __name__ == "__main__":
    anyio.run(main)
