"""Records what a bus does in a scenario, in a form that does not depend on time, ids or sentences."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from contextlib import asynccontextmanager
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio

from genie import GenieError, Run, Runtime
from genie.journal.memory import MemoryJournal
from genie.testing import settled
from tests.golden.conftest import BACKENDS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable

    from anyio.abc import TaskGroup

TRACES = Path(__file__).parent / "traces"
LONGEST_S = 1_000_000
"""Virtual seconds after which a scenario counts as hung."""
BY_TASKS = frozenset({"started", "cancelled", "expired"})
"""Kinds of records that handlers' tasks may write in any order at one moment."""
_CODE = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*\Z")

SCENARIOS: dict[str, Callable[[Stage], Awaitable[None]]] = {}


def scenario(function: Callable[[Stage], Awaitable[None]]) -> Callable[[Stage], Awaitable[None]]:
    """Register a scenario under its name, which is the name of its trace file."""
    SCENARIOS[function.__name__] = function
    return function


def head(reason: object) -> str | None:
    """Return the code that a reason starts with, ``...`` for a sentence, None for no reason."""
    if not reason:
        return None
    first = re.split(r"[(:;]", str(reason), maxsplit=1)[0].strip()
    return first if _CODE.match(first) else "..."


def _settled_order(records: Iterable[Any]) -> list[Any]:
    """Return records with what several tasks do at one moment in an order of its own.

    Handlers that start or are cut together are ready together; which of their tasks runs first is the backend's choice.
    """
    ordered: list[Any] = []
    for (_, kind), together in groupby(records, key=lambda one: (one.at, one.kind)):
        rows = list(together)
        if kind in BY_TASKS:
            rows.sort(key=lambda one: (one.recipient or "", int(one.message_id.rpartition("-")[2], 16)))
        ordered += rows
    return ordered


class _Names:
    """Renumbers ids by first appearance."""

    def __init__(self, letter: str) -> None:
        self._letter = letter
        self._known: dict[str, str] = {}

    def __getitem__(self, name: str) -> str:
        return self._known.setdefault(name, f"{self._letter}{len(self._known) + 1}")


class Stage:
    """One scenario: its runtime, what its callers saw, and the events of the runs that it follows."""

    def __init__(self, group: TaskGroup) -> None:
        self._group = group
        self._journal = MemoryJournal()
        self._said: list[list[object]] = []
        self._events: dict[str, list[Any]] = defaultdict(list)
        self._counts: list[Any] = []
        self._account: dict[str, int] = {}

    @asynccontextmanager
    async def runtime(self, *agents: Any, counts: bool = True, **options: Any) -> AsyncIterator[Runtime]:
        """Open a runtime with fixed ids, seed and wall time.

        Args:
            agents: Its agents.
            counts: The runtime's account is part of the trace.
            options: Of the runtime.
        """
        options = {"seed": 1, "wall": 0.0, "prefix": "g", "journal": self._journal} | options
        async with Runtime(agents, **options) as runtime:
            yield runtime
            totals = (await settled(runtime)).totals
            if counts:
                self._account = totals._asdict()

    def follow(self, run: Run[Any]) -> Run[Any]:
        """Record the events of a run, and its account at the end."""
        self._events[run.id]  # in the order of following
        self._group.start_soon(self._read, run)
        return run

    async def _read(self, run: Run[Any]) -> None:
        async for event in run.events():
            self._events[run.id].append(event)
        self._counts.append((run.id, run.messages()))

    def say(self, *facts: object) -> None:
        """Add what a caller, an agent or an observer saw."""
        self._said.append(list(facts))

    async def result(self, name: str, waiting: Awaitable[Any]) -> Any:
        """Await something, and record its payload's topic or its error's class."""
        try:
            value = await waiting
        except GenieError as error:
            self.say(name, type(error).__name__)
            return None
        self.say(name, type(value).__name__)
        return value

    def trace(self) -> dict[str, Any]:
        """Return what was recorded, in normal form."""
        runs, messages = _Names("r"), _Names("m")
        journal = [
            [runs[one.run_id], messages[one.message_id], one.kind, one.topic, one.sender, one.recipient,
             head(one.reason)]
            for one in _settled_order(self._journal)
        ]  # fmt: skip
        events = {
            runs[run]: [
                [messages[one.message_id], one.kind, one.topic, one.sender, one.recipient, head(one.reason)]
                for one in _settled_order(seen)
            ]
            for run, seen in self._events.items()
        }  # fmt: skip
        counts = {runs[run]: _counted(counted._asdict()) for run, counted in sorted(self._counts, key=lambda c: c[0])}
        return {
            "journal": journal,
            "events": events,
            "runs": counts,
            "account": _counted(self._account),
            "said": self._said,
        }


def _counted(counts: dict[str, int]) -> dict[str, int]:
    return {name: count for name, count in counts.items() if count}


def play(name: str, backend: str) -> dict[str, Any]:
    """Run a scenario in virtual time and return its trace."""

    async def main() -> dict[str, Any]:
        with anyio.fail_after(LONGEST_S):
            async with anyio.create_task_group() as group:
                stage = Stage(group)
                await SCENARIOS[name](stage)
        return stage.trace()

    return anyio.run(main, backend=backend, backend_options=BACKENDS[backend]())


def written(trace: dict[str, Any]) -> str:
    """Return a trace as JSON with one record a line, so that a change reads well."""
    parts = []
    for key, value in trace.items():
        if isinstance(value, list):
            parts.append(f"{json.dumps(key)}: {_lines(value)}")
        elif value and all(isinstance(one, list) for one in value.values()):
            inner = ",\n".join(f"{json.dumps(run)}: {_lines(rows)}" for run, rows in value.items())
            parts.append(f"{json.dumps(key)}: {{\n{inner}\n}}")
        else:
            parts.append(f"{json.dumps(key)}: {json.dumps(value)}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _lines(rows: list[Any]) -> str:
    return "[\n" + ",\n".join(f"  {json.dumps(row)}" for row in rows) + "\n]" if rows else "[]"


def path_of(name: str) -> Path:
    """Return where a scenario's trace is stored."""
    return TRACES / f"{name}.json"
