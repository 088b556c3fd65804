"""OpenTelemetry: a span of each call of a model and of a tool, metrics, and no words unless they are asked for."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("opentelemetry.sdk", reason="the extra `otel` with the SDK of OpenTelemetry is not installed")

import anyio
from opentelemetry import trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from genie.cli.options.telemetry import spans_of
from genie.config.loader import load
from genie.contracts.loop_call import LoopAnswer
from genie.edges.telemetry.otel import PROFILES, GenAi, traced
from genie.errors import InputError, RunStalled
from genie.runtime.runtime import Runtime
from genie.server.principals import ApiKeys
from genie.server.server import Server

pytestmark = pytest.mark.anyio


async def told(question: str, **options: Any) -> tuple[list[Any], dict[str, Any]]:
    """Return the spans and metrics of one question to the finance assistant."""
    spans, reader = InMemorySpanExporter(), InMemoryMetricReader()
    tracers, meters = TracerProvider(), MeterProvider(metric_readers=[reader])
    tracers.add_span_processor(SimpleSpanProcessor(spans))
    pipeline = load("finance_assistant", overrides=options.pop("overrides", ()))
    async with (
        Runtime.from_pipeline(pipeline) as runtime,
        traced(runtime, tools=("loan_advisor",), tracers=tracers, meters=meters, **options),
    ):
        try:
            await runtime.ask(pipeline.input.question(question=question), LoopAnswer)
        except RunStalled:
            pass
        await anyio.wait_all_tasks_blocked()
    data = reader.get_metrics_data()
    found = {} if data is None else {
        metric.name: metric for one in data.resource_metrics for scope in one.scope_metrics for metric in scope.metrics
    }  # fmt: skip
    return list(spans.get_finished_spans()), found


async def test_models_tools_and_loops_have_spans_in_one_trace() -> None:
    spans, found = await told("What does a loan of 10 lakh over 24 months cost?")
    names = sorted(one.name for one in spans)
    assert names == ["chat scripted", "chat scripted", "execute_tool loan_advisor", "invoke_agent finance_assistant"]
    assert len({one.context.trace_id for one in spans}) == 1
    chat = next(one for one in spans if one.name == "chat scripted")
    assert chat.attributes["gen_ai.operation.name"] == "chat"
    assert chat.attributes["gen_ai.provider.name"] == "scripted"
    assert chat.attributes["gen_ai.usage.input_tokens"] > 0
    tool = next(one for one in spans if one.name.startswith("execute_tool"))
    assert tool.attributes["gen_ai.tool.name"] == "loan_advisor"
    assert tool.end_time >= tool.start_time
    assert tool.status.is_ok or tool.status.is_unset
    names = PROFILES["main"]
    assert {names["tokens"], names["duration"], "gen_ai.execute_tool.duration"} <= set(found)
    assert sum(point.count for point in found[names["tokens"]].data.data_points) == 4


async def test_words_are_recorded_only_where_that_is_asked_for() -> None:
    spans, _ = await told("What does a loan cost?")
    assert all("instalment" not in str(dict(one.attributes)) for one in spans)
    spans, _ = await told("What does a loan cost?", content=True)
    assert any("instalment" in str(one.attributes.get("gen_ai.output.messages", "")) for one in spans)


async def test_an_older_edition_has_its_own_names() -> None:
    spans, found = await told("What does a loan cost?", profile="v1_36")
    chat = next(one for one in spans if one.name == "chat scripted")
    assert chat.attributes["gen_ai.system"] == "scripted"
    assert "gen_ai.provider.name" not in chat.attributes
    assert "gen_ai.client.operation.duration" in found
    with pytest.raises(InputError):
        GenAi((), 0.0, profile="v9")


async def test_a_call_that_a_budget_denies_is_an_error() -> None:
    spans, _ = await told("What does a loan cost?", overrides=["budgets.tokens_of_a_run.tokens=10"])
    (chat,) = [one for one in spans if one.name.startswith("chat")]
    assert (chat.attributes["error.type"], chat.status.is_ok) == ("budget", False)


async def test_calls_of_served_pipelines_have_spans_where_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    exporter, tracers = InMemorySpanExporter(), TracerProvider()
    tracers.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", tracers)  # the library's own: what opentelemetry-instrument sets up
    pipeline = load("finance_assistant")
    for asked in (False, True):
        server = Server([pipeline], ApiKeys())
        server.beside = spans_of({"otel": asked})
        async with server.open():
            question = pipeline.input.question(question="What does a loan of 10 lakh over 24 months cost?")
            await server.host(pipeline.id).runtime.ask(question, LoopAnswer)
            await anyio.wait_all_tasks_blocked()
        assert ("execute_tool loan_advisor" in [one.name for one in exporter.get_finished_spans()]) is asked
