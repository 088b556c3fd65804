"""Join: the answers of independent agents are combined into one payload."""

import anyio

from genie import Payload, Runtime, agent
from genie.contracts.agent import Join


class Application(Payload, topic="loan.application"):
    name: str


class Income(Payload, topic="loan.income"):
    cents: int


class Debts(Payload, topic="loan.debts"):
    cents: int


class File(Payload, topic="loan.file"):
    income: Income
    debts: Debts


class Decision(Payload, topic="loan.decision"):
    granted: bool


@agent("payroll")
async def payroll(application: Application) -> Income:
    return Income(cents=320_000)


@agent("bureau")
async def bureau(application: Application) -> Debts:
    return Debts(cents=90_000)


@agent("underwriter")
async def underwriter(file: File) -> Decision:
    return Decision(granted=file.debts.cents * 2 < file.income.cents)


whole_file = Join(id="file", into=File, parts={"income": Income, "debts": Debts}, within_s=5.0)


async def main() -> None:
    async with Runtime([payroll, bureau, underwriter], joins=[whole_file]) as runtime:
        print(await runtime.ask(Application(name="Ann"), Decision))


if __name__ == "__main__":
    anyio.run(main)
