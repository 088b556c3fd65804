"""Run canonical round trips and nothing else: the process that `benchmarks.instructions` counts.

``python -m benchmarks.round_trips ours|all FANOUT LENGTH...`` forks for that side and for bare asyncio at each length,
one after the other, and prints ``SIDE LENGTH PID`` of each. The module loads no command-line library, because every
import runs under the simulation of a processor and costs fifty times its usual time.

The cycle collector stays on, on both sides. Objects that exist before the first round trip are frozen (``gc.freeze``),
so a collection costs what the round trips leave behind and does not depend on how much a side imports.
"""

from __future__ import annotations

import asyncio
import gc
import os
import random
import sys
from typing import TYPE_CHECKING

from genie.benchmark.baseline import Bare
from genie.benchmark.policies import CONSENTING, all_policies
from genie.benchmark.timing import governed, whole
from genie.benchmark.workload import Governed

if TYPE_CHECKING:
    from collections.abc import Callable

    from genie.benchmark.workload import Contender

SEED = 20_250_101
SIDES: dict[str, Callable[[int], Contender]] = {
    "ours": governed,
    "all": lambda n: Governed(n, policies=all_policies(), caller=CONSENTING),
    "bare": Bare,
}
"""The bus under eight policies and under all of them, and bare asyncio."""


async def run(side: str, fanout: int, length: int) -> None:
    """Make that many round trips, one after the other.

    Raises:
        BenchmarkError: The last answer is not whole.
    """
    async with SIDES[side](fanout) as opened:
        gc.collect()
        gc.freeze()
        for number in range(length - 1):
            await opened.ask(number)
        whole(await opened.ask(length - 1), length - 1, fanout)


def forked(side: str, fanout: str, length: str) -> None:
    """Make that many round trips in a process of their own, and print which it was.

    Raises:
        SystemExit: It failed.
    """
    if not (pid := os.fork()):
        random.seed(SEED)
        asyncio.run(run(side, int(fanout), int(length)))
        sys.exit()
    if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]):
        sys.exit(f"{side}, fan-out {fanout}, {length} round trips failed")
    print(side, length, pid, flush=True)


if __name__ == "__main__":
    for name in (sys.argv[1], "bare"):
        for given in sys.argv[3:]:
            forked(name, sys.argv[2], given)
