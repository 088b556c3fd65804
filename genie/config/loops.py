"""``loops:`` of a pipeline file: each entry becomes an agent that takes a task and sends its result."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from genie.config.source_map import suggestion
from genie.contracts.agent import Binding
from genie.contracts.loop_call import Subtask, Task
from genie.edges.tools.lock import Lock
from genie.edges.tools.tool import Effect, Tool, tools_of
from genie.edges.tools.toolbox import Toolbox
from genie.errors import GenieError
from genie.loops.citations import Cited
from genie.loops.flow import Flow
from genie.loops.judge import CRITERION, ModelJudge
from genie.loops.links import linked_numbers
from genie.loops.nodes import Judge
from genie.loops.prompt import Prompt, read, shipped
from genie.loops.react import Check, DocumentCheck, LoopLimits, React
from genie.loops.shapes import debate, plan_execute, reflect

if TYPE_CHECKING:
    from collections.abc import Mapping

    from genie.config.loop_schema import LoopSection, ToolSection
    from genie.config.resolver import Resolver
    from genie.contracts.agent import Agent
    from genie.graph.model import KeyPath

NEEDS: Mapping[str, tuple[str, ...]] = {
    "react": ("model",), "plan_execute": ("model", "worker", "writer"), "reflect": ("drafter", "critic"),
    "debate": ("speakers",), "judge": ("model",),
}  # fmt: skip
"""Keys that a shape needs."""
CHECKS: Mapping[str, Check | DocumentCheck] = {"linked_numbers": linked_numbers, "cited": Cited()}
OWN: Mapping[str, frozenset[str]] = {
    "react": frozenset({"tools", "lock", "prompt", "check", "roles_after_untrusted", "max_output", "max_steps"}),
    "plan_execute": frozenset({"max_steps", "rounds"}), "reflect": frozenset({"rounds"}),
    "debate": frozenset({"judge", "mode", "quorum"}), "judge": frozenset({"prompt", "criterion", "max_output"}),
}  # fmt: skip
"""Optional keys of a shape, besides the budget and the clearance, which every shape accepts."""
_SHARED = frozenset({"shape", "tokens", "cost", "calls", "wall_s", "clearance"})
_PARTS = ("worker", "writer", "drafter", "judge")
"""Keys that name subordinate loops."""
_IDS = ("model", "worker", "writer", "drafter", "critic", "judge")


def bind_loops(resolver: Resolver, entries: Mapping[str, LoopSection], folder: Path, *, locks: bool = True) -> None:
    """Bind the agents of the entries; problems are added at their lines.

    Args:
        resolver: Knows the agents of the file.
        entries: Id -> loop.
        folder: Relative paths are relative to it.
        locks: False accepts the tools unchecked, for a caller that checks the lock files.
    """
    known = {binding.card.id for binding in resolver.bindings} | entries.keys()
    # A subordinate loop takes no question of the caller.
    parts = {one for loop in entries.values() for one in (*(getattr(loop, key) for key in _PARTS), *loop.speakers)}
    for name, section in entries.items():
        path: KeyPath = ("loops", name)
        before = len(resolver.problems)
        if any(binding.card.id == name for binding in resolver.bindings):
            resolver.note(path, f"another agent has the id {name!r}")
        _keys(resolver, path, section)
        _ids(resolver, path, section, known)
        if len(resolver.problems) > before:
            resolver.complete = False
            continue
        try:
            agent = _made(resolver, path, section, folder, (Subtask,) if name in parts else (Task,), locks=locks)
        except GenieError as error:
            resolver.note(path, str(error))
            agent = None
        if agent is None:
            resolver.complete = False
            continue
        resolver.positions.append(path)
        resolver.bindings.append(Binding(agent=agent, card=agent.card))


def _keys(resolver: Resolver, path: KeyPath, section: LoopSection) -> None:
    """Add problems for missing keys of the shape, and for keys without an effect on it."""
    needed = NEEDS[section.shape]
    for key in needed:
        if not getattr(section, key):
            resolver.note(path, f"a loop of the shape {section.shape} needs `{key}`")
    useless = sorted(section.model_fields_set - _SHARED - OWN[section.shape] - {*needed})
    for key in useless:
        resolver.note((*path, key), f"`{key}` has no effect on the shape {section.shape}; remove it")


def _ids(resolver: Resolver, path: KeyPath, section: LoopSection, known: set[str]) -> None:
    named = [((*path, key), getattr(section, key)) for key in _IDS]
    named += [((*path, "speakers", at), one) for at, one in enumerate(section.speakers)]
    named += [((*path, "tools", at, "agent"), one.agent) for at, one in enumerate(section.tools)]
    for at, name in named:
        if name is not None and name not in known and resolver.complete:
            resolver.note(at, f"no agent has the id {name!r}{suggestion(name, known)}")


def _made(
    resolver: Resolver,
    path: KeyPath,
    section: LoopSection,
    folder: Path,
    consumes: tuple[type[Task], ...],
    *,
    locks: bool,
) -> Agent | None:
    name = str(path[1])
    limits = LoopLimits(
        max_steps=section.max_steps, max_output=section.max_output, tokens=section.tokens, cost=section.cost,
        calls=section.calls, wall_s=section.wall_s,
    )  # fmt: skip
    model = section.model or ""
    if section.shape == "judge":
        return ModelJudge(
            name, model=model, criterion=section.criterion or CRITERION,
            prompt=_prompt(section.prompt or "judge.v1", folder), limits=limits, clearance=section.clearance,
        )  # fmt: skip
    if section.shape == "react":
        tools = [tool for one in section.tools for tool in _tools(resolver, one)]
        lock = Lock.read(folder / section.lock) if section.lock is not None and locks else None
        box = Toolbox(tools, lock=lock)
        if box.changes:
            for change in box.changes[:16]:
                resolver.note(
                    (*path, "lock"),
                    f"tool {change}; `genie tools check` shows the changes, `genie tools lock` accepts them",
                )
            return None
        return React(
            name, model=model, tools=box, limits=limits, prompt=_prompt(section.prompt or "react.v1", folder),
            check=None if section.check is None else CHECKS[section.check],
            roles_after_untrusted=section.roles_after_untrusted, clearance=section.clearance,
            consumes=consumes,
        )  # fmt: skip
    if section.shape == "plan_execute":
        root = plan_execute(
            model=model, worker=section.worker or "", writer=section.writer or "", replans=section.rounds - 1,
            most_steps=min(section.max_steps, 16),
        )  # fmt: skip
    elif section.shape == "reflect":
        root = reflect(drafter=section.drafter or "", critic=Judge(section.critic or ""), rounds=section.rounds)
    else:
        root = debate(speakers=section.speakers, judge=section.judge, mode=section.mode, quorum=section.quorum)
    return Flow(name, root, limits=limits, clearance=section.clearance, consumes=consumes)


def _tools(resolver: Resolver, section: ToolSection) -> tuple[Tool, ...]:
    """Return the binding for an entry of ``tools``; a loop used as a tool is an ordinary tool."""
    binding = next((one for one in resolver.bindings if one.card.id == section.agent), None)
    if binding is None:  # it could not be bound, or is a loop further down
        return ()
    options: dict[str, Any] = {
        key: value for key in ("description", "trusted", "parallel", "within_s", "most_result")
        if (value := getattr(section, key)) is not None
    }  # fmt: skip
    if section.effect is not None:
        options["effect"] = Effect(section.effect)
    return tools_of(binding, name=section.name, **options)


def _prompt(name: str, folder: Path) -> Prompt:
    return read(folder / name) if name.endswith(".md") else shipped(name)
