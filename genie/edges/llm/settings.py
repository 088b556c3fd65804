"""One entry of ``models:``: settings of a model agent besides those of its wire."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from genie.edges.llm.price import Price

Seconds = Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)]
ModelId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*([.-][a-z0-9_]+)*$", max_length=100)]


class Section(BaseModel):
    """Base of the mappings of an entry: frozen, without unknown keys, and silent about values."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True)


class LimitsOfModel(Section):
    """Limits on calls."""

    concurrency: int = Field(default=8, ge=1, le=10_000, description="Calls at the same time.")
    queue: int = Field(default=64, ge=1, le=100_000, description="Calls that may wait.")


class BreakerSection(Section):
    """Settings of the circuit breaker."""

    failures: int = Field(default=5, ge=1, le=1_000, description="Failures in a row that open the circuit.")
    open_s: Seconds = Field(default=15.0, description="Seconds for which it stays open.")
    shut_s: Seconds = Field(
        default=300.0, description="Open time in seconds after an exhausted account or a refused key."
    )


class SummarySection(Section):
    """A model that writes the report on dropped turns; if it fails, rules write the report."""

    model: ModelId = Field(description="Id of another model of this file; its calls are judged and charged as usual.")
    max_output: int = Field(default=400, ge=16, le=4_000, description="Most tokens of a summary.")
    within_s: Seconds = Field(default=20.0, description="Seconds to wait for a summary.")


class CompactionSection(Section):
    """How a transcript is shortened if it does not fit the window."""

    at: float = Field(default=0.8, gt=0, le=1, description="Share of the window above which it is shortened.")
    to: float = Field(default=0.5, gt=0, le=1, description="Share of the window to which it is reduced.")
    keep_first: int = Field(default=2, ge=0, le=100, description="Turns from the beginning that are kept.")
    tail_tokens: int = Field(default=2_000, ge=0, description="Tokens of the latest turns that are kept.")
    summary: SummarySection | None = Field(default=None, description="Model that writes the report.")


class ModelOptions(Section):
    """Settings of a model agent besides those of its wire."""

    region: str | None = Field(default=None, min_length=1, max_length=64, description="Region where the model runs.")
    clearance: Literal["public", "internal", "confidential", "restricted"] = Field(
        default="internal", description="Highest label that the model may read."
    )
    internal: bool = Field(
        default=False,
        description="True if the model runs inside the organisation, so that its input does not leave it.",
    )
    tenants: frozenset[str] | None = Field(default=None, min_length=1, description="Tenants that may use it.")
    price: Price | Annotated[str, Field(min_length=1, max_length=300)] | None = Field(
        default=None,
        description="Price per million tokens, or vendor/model of the shipped table; without one only tokens count.",
    )
    max_output: int = Field(default=4_096, ge=1, le=1_000_000, description="Most tokens of one reply.")
    first_token_s: Seconds = Field(default=20.0, description="Seconds until the first part of a reply.")
    idle_s: Seconds = Field(default=15.0, description="Seconds between two parts of a reply.")
    timeout_s: Seconds = Field(default=600.0, description="Seconds of one call with all its attempts.")
    max_wait_s: float = Field(default=30.0, ge=0, le=3_600, description="Seconds to wait before an attempt.")
    backoff_s: float = Field(
        default=0.25, ge=0, le=3_600, description="Seconds before the second attempt; doubled before each further one."
    )
    attempts: int = Field(default=3, ge=1, le=10, description="Attempts of one call, those of fallbacks included.")
    limits: LimitsOfModel = LimitsOfModel()
    breaker: BreakerSection = BreakerSection()
    cache: int = Field(default=1_024, ge=0, le=1_000_000, description="Replies kept for requests with `cache: true`.")
    compaction: CompactionSection = CompactionSection()
    fallback: Annotated[tuple[ModelId, ...], Field(max_length=8)] = Field(
        default=(), description="Models that take over, in this order."
    )
