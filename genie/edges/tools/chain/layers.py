"""The layers of a tool call, from the outermost to the innermost, with their modules."""

from __future__ import annotations

from typing import Literal, NamedTuple


class Layer(NamedTuple):
    """One layer."""

    name: str
    by: Literal["bus", "chain"]
    where: str
    """Module."""


LAYERS: tuple[Layer, ...] = (
    Layer("boundary", "chain", "genie.edges.tools.chain.call"),
    Layer("metrics", "bus", "genie.inflight.accounting"),
    Layer("audit", "bus", "genie.observation.observers"),
    Layer("policy", "bus", "genie.policy.evaluator"),
    Layer("arguments", "chain", "genie.edges.tools.chain.arguments"),
    Layer("idempotency", "chain", "genie.edges.tools.chain.idempotency"),
    Layer("loop_guard", "chain", "genie.edges.tools.chain.loop_guard"),
    Layer("failure_budget", "chain", "genie.edges.tools.chain.failure_budget"),
    Layer("quota", "bus", "genie.admission.limiter"),
    Layer("approval", "bus", "genie.approvals.holds"),
    Layer("rate", "bus", "genie.admission.limiter"),
    Layer("breaker", "chain", "genie.edges.tools.chain.breaker"),
    Layer("bulkhead", "bus", "genie.inflight.mailbox"),
    Layer("retry", "bus", "genie.bus.retries"),
    Layer("timeout", "bus", "genie.execution.worker"),
    Layer("detokenise", "chain", "genie.edges.tools.detokenise"),
    Layer("execute", "bus", "genie.execution.worker"),
)
"""Inbound layers. On the way back: ``RESULT_LAYERS``, then the inspectors and policies of the bus."""

RESULT_LAYERS: tuple[Layer, ...] = (
    Layer("result_size", "chain", "genie.edges.tools.chain.results"),
    Layer("result_trust", "chain", "genie.edges.tools.chain.results"),
    Layer("result_inspection", "bus", "genie.policy.inspection"),
    Layer("result_schema", "bus", "genie.execution.handlers"),
)

SWITCHED: frozenset[str] = frozenset(
    {
        "boundary", "arguments", "idempotency", "loop_guard", "failure_budget", "breaker", "result_size",
        "result_trust",
    }
)  # fmt: skip
"""Layers that ``Chain`` can omit, for measurements and tests only; pipelines cannot."""
