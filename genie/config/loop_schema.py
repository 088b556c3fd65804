"""Models of ``loops:`` of a pipeline file."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from genie.config.sections import Amount, Id, Level, Seconds, Section


class ToolSection(Section):
    """An agent as a tool of a loop."""

    agent: Id = Field(description="Id of an agent of this pipeline.")
    name: str | None = Field(default=None, pattern=r"^[a-zA-Z0-9_-]{1,64}$", description="Name of the tool.")
    description: str | None = Field(
        default=None, max_length=4_096, description="Description of the tool for the model."
    )
    effect: Literal["read", "write"] | None = Field(
        default=None, description="`write` changes something outside; the same call of a run is made once."
    )
    trusted: bool | None = Field(
        default=None, description="True if its answers may contain instructions for the model."
    )
    parallel: bool | None = Field(default=None, description="False makes the calls of a turn one after the other.")
    within_s: Seconds | None = Field(
        default=None, description="Longest wait for an answer, including a person's decision."
    )
    most_result: int | None = Field(
        default=None, ge=256, le=262_144, description="Maximum number of characters of a result that the model sees."
    )


class LoopSection(Section):
    """A loop over models and tools. Which keys it needs depends on its shape."""

    shape: Literal["react", "plan_execute", "reflect", "debate", "judge"]
    model: Id | None = Field(default=None, description="Model agent; for react, plan_execute and judge.")
    tools: tuple[ToolSection, ...] = Field(
        default=(), max_length=256, description="Tools of react: ids of agents, or mappings."
    )
    lock: str | None = Field(default=None, min_length=1, description="Lock file of the tools; see `genie tools lock`.")
    prompt: str | None = Field(
        default=None, description="A shipped prompt, or the path of a file NAME.vN.md; for react and judge."
    )
    criterion: str | None = Field(
        default=None, min_length=1, max_length=10_000, description="For judge: the criteria for an answer."
    )
    check: Literal["linked_numbers", "cited"] | None = Field(
        default=None,
        description="`linked_numbers` refuses numbers that are in no tool result; `cited` refuses statements without "
        "a source.",
    )
    roles_after_untrusted: frozenset[str] = Field(
        default=frozenset(), description="Roles that tool calls keep after untrusted text was read."
    )
    worker: Id | None = Field(default=None, description="For plan_execute: the loop that carries out a step.")
    writer: Id | None = Field(default=None, description="For plan_execute: the loop that writes the answer.")
    drafter: Id | None = Field(default=None, description="For reflect: the loop that writes drafts.")
    critic: Id | None = Field(default=None, description="For reflect: an agent that answers `loop.judgement`.")
    speakers: tuple[Id, ...] = Field(default=(), max_length=16, description="For debate: the loops that answer.")
    judge: Id | None = Field(default=None, description="For debate: the loop that combines the answers into one.")
    mode: Literal["all", "fail_fast", "quorum", "majority", "first", "race"] = "all"
    quorum: int = Field(default=1, ge=1, description="Number of answers that the mode `quorum` requires.")
    rounds: int = Field(default=3, ge=1, le=64, description="Number of drafts of reflect, or of plans of plan_execute.")
    max_steps: int = Field(
        default=12, ge=1, le=1_000, description="Number of model calls of react, or of steps of a plan."
    )
    max_output: int = Field(default=1_024, ge=1, le=1_000_000, description="Tokens of one reply.")
    tokens: int | None = Field(default=None, ge=1, description="Tokens of one task.")
    cost: Amount | None = Field(default=None, gt=0, description="Cost of one task.")
    calls: int | None = Field(default=None, ge=1, description="Number of model and tool calls of one task.")
    wall_s: Seconds | None = Field(default=None, description="Seconds of one task.")
    clearance: Level = Field(default="confidential", description="Highest classification that the loop may read.")
