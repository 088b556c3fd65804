"""Count the modules that one `ask` through two agents enters, and the lines of the core that a newcomer reads.

Run it with ``python -m benchmarks.footprint``. The first ask of a runtime is not counted: it imports and compiles.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genie.benchmark.policies import CALLER, TENANTS, eight_policies
from genie.contracts.agent import agent
from genie.contracts.message import Payload
from genie.runtime.runtime import Runtime

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from types import FrameType

    from genie.policy.policy import PolicySet

ROOT = Path(__file__).parents[1]
PACKAGE = "genie"
CORE = (
    "genie/bus/",
    "genie/contracts/message.py",
    "genie/contracts/agent.py",
    "genie/contracts/context.py",
    "genie/policy/evaluator.py",
    "genie/policy/verdicts.py",
)
"""Modules that a newcomer reads to understand the core; a name that ends with a slash is a package."""


class Question(Payload, topic="bench.question"):
    """A request for the first agent."""

    text: str


class Work(Payload, topic="bench.work"):
    """A request for the second agent."""

    text: str


class Answer(Payload, topic="bench.answer"):
    """The reply to the caller."""

    text: str


@agent("first", tenants=TENANTS)
async def first(question: Question) -> Work:
    """Turn a question into work."""
    return Work(text=question.text)


@agent("second", tenants=TENANTS)
async def second(work: Work) -> Answer:
    """Answer."""
    return Answer(text=work.text)


@dataclass(frozen=True, slots=True)
class Footprint:
    """The modules that a sequence of calls enters."""

    calls: int
    """Calls of functions, and resumptions of coroutines and generators."""
    path: tuple[str, ...]
    """The modules in the order of the calls; calls within one module count once."""

    @property
    def modules(self) -> tuple[str, ...]:
        """The distinct modules, in the order of their first call."""
        return tuple(dict.fromkeys(self.path))

    @property
    def changes(self) -> int:
        """Share of calls in another module than the previous call."""
        return max(0, len(self.path) - 1)


def footprint(calls: Iterable[str]) -> Footprint:
    """Return the footprint of calls, each given by its module."""
    count = 0
    path: list[str] = []
    for module in calls:
        count += 1
        if not path or path[-1] != module:
            path.append(module)
    return Footprint(count, tuple(path))


@contextmanager
def traced(package: str) -> Iterator[list[str]]:
    """Collect the module of every call into a package, in this thread, while the context is open."""
    calls: list[str] = []
    inside = f"{package}."

    def note(frame: FrameType, event: str, _argument: Any) -> None:
        if event == "call":
            module = frame.f_globals.get("__name__", "")
            if module == package or module.startswith(inside):
                calls.append(module)

    sys.setprofile(note)
    try:
        yield calls
    finally:
        sys.setprofile(None)


async def asked(policies: PolicySet | None) -> Footprint:
    """Ask twice through two agents and return the footprint of the second ask."""
    async with Runtime([first, second], policies=policies, caller=CALLER) as runtime:
        await runtime.ask(Question(text="one"), Answer)
        with traced(PACKAGE) as calls:
            await runtime.ask(Question(text="two"), Answer)
    return footprint(calls)


def lines(root: Path, names: Sequence[str]) -> tuple[dict[str, int], list[str]]:
    """Return the lines of each module among ``names`` that exists under ``root``, and the names that do not exist."""
    found: dict[str, int] = {}
    missing = []
    for name in names:
        path = root / name
        files = sorted(path.rglob("*.py")) if name.endswith("/") else [path] * path.is_file()
        if not files:
            missing.append(name)
        for file in files:
            found[file.relative_to(root).as_posix()] = len(file.read_text(encoding="utf-8").splitlines())
    return found, missing


def main() -> None:
    """Print the footprint with the default policies and with eight, and the lines of the core."""
    for title, policies in (("the default policies", None), ("eight policies", eight_policies())):
        seen = asyncio.run(asked(policies))
        print(f"one ask through two agents, {title}: {len(seen.modules)} modules, {seen.changes} changes of module")
        print(f"  {seen.calls} calls: {' '.join(seen.path)}")
    found, missing = lines(ROOT, CORE)
    print(f"the core: {sum(found.values()):,} lines in {len(found)} modules")
    print(f"  missing: {', '.join(missing) or 'nothing'}")
    root = [len(file.read_text(encoding="utf-8").splitlines()) for file in (ROOT / PACKAGE).glob("*.py")]
    print(f"at the root of {PACKAGE}/: {sum(root):,} lines in {len(root)} modules")


if __name__ == "__main__":
    main()
