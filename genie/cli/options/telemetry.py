"""Options for metrics and logs."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from genie.config.environment import hidden
from genie.edges.telemetry.logging import FORMATS, LEVELS, configure
from genie.errors import InputError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from contextlib import AbstractAsyncContextManager

    from genie.config.pipeline import Pipeline
    from genie.runtime.runtime import Runtime

metrics_option = click.option(
    "--metrics", type=click.IntRange(0, 65_535), metavar="PORT",
    help="Serve Prometheus metrics on this port of 127.0.0.1 during the run; 0 picks a free port.",
)  # fmt: skip

otel_options = click.option(
    "--otel", is_flag=True,
    help="Record calls of models and tools with OpenTelemetry; `opentelemetry-instrument` configures the exporter.",
)  # fmt: skip

debug_option = click.option(
    "--debug/--no-debug", default=None,
    help="Show tracebacks and payloads of failing agents. On with `environment: development` in the file; refused in "
    "production.",
)  # fmt: skip

_LOGS = (
    click.option(
        "--log-level",
        type=click.Choice(LEVELS),
        default="error",
        show_default=True,
        help="Lowest level of logs on stderr.",
    ),
    click.option(
        "--log-format", type=click.Choice(FORMATS), default="pretty", show_default=True, help="Format of a log line."
    ),
)


def log_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --log-level and --log-format."""
    for option in reversed(_LOGS):
        command = option(command)
    return command


def logged(given: Mapping[str, Any]) -> None:
    """Configure logging from the options."""
    configure(level=given["log_level"], form=given["log_format"], hide=hidden)


def debugged(pipeline: Pipeline, given: Mapping[str, Any]) -> Pipeline:
    """Return a pipeline with debugging as the option states.

    Raises:
        InputError: Debugging is requested in production.
    """
    if given["debug"] is None:
        return pipeline
    if given["debug"] and pipeline.environment.name == "production":
        raise InputError(
            "--debug", "texts of exceptions may quote payloads, so production does not show them",
            "use --set environment=staging",
        )  # fmt: skip
    return replace(pipeline, debug=given["debug"])


@asynccontextmanager
async def spanned(runtime: Runtime, *, on: bool, pipeline: Pipeline) -> AsyncIterator[None]:
    """Record calls of models and tools with OpenTelemetry until the block ends.

    Raises:
        InputError: The library is not installed.
    """
    if not on:
        yield
        return
    from genie.loops.react import React  # noqa: PLC0415 - only for those who ask for spans

    try:
        from genie.edges.telemetry.otel import traced  # noqa: PLC0415 - the extra `otel`
    except ImportError:
        raise InputError("--otel", "needs opentelemetry-api", "install genie-bus[otel]") from None
    loops = [one.agent for one in pipeline.bindings if isinstance(one.agent, React)]
    async with traced(runtime, tools={tool.agent for loop in loops for tool in loop.toolbox.tools}):
        yield


def spans_of(given: Mapping[str, Any]) -> Callable[[Runtime, Pipeline], AbstractAsyncContextManager[None]] | None:
    """Return what records the calls of each runtime that is served; None where the options ask for none."""
    return (lambda runtime, pipeline: spanned(runtime, on=True, pipeline=pipeline)) if given["otel"] else None


@asynccontextmanager
async def metered(runtime: Runtime, *, port: int | None) -> AsyncIterator[None]:
    """Serve the metrics of a runtime until the block ends, and print the address; nothing without a port.

    Raises:
        InputError: The port cannot be opened.
    """
    if port is None:
        yield
        return
    # Only with --metrics: these imports take 30 ms.
    from genie.edges.telemetry.metrics_server import serving  # noqa: PLC0415 - as said above
    from genie.edges.telemetry.prometheus import CONTENT_TYPE, Metrics  # noqa: PLC0415 - as said above

    async with serving(Metrics(runtime.statistics).page, content_type=CONTENT_TYPE, port=port) as address:
        click.echo(f"metrics: {address}", err=True)
        yield
