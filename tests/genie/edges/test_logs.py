"""Logs: run and agent in each line, one line an event, and nobody's data."""

from __future__ import annotations

import io
import json
import logging
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genie.contracts.agent import agent
from genie.contracts.context import Context
from genie.contracts.message import Payload, Value
from genie.edges.telemetry.logging import FORMATS, MOST_CHARACTERS, JsonLines, Pretty, configure
from genie.runtime.runtime import Runtime
from genie.testing import settled

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET = "4111 1111 1111 1111"


class Order(Payload, topic="logs.order"):
    card: str


class Part(Value):
    card: str


@agent("talker")
async def talker(order: Order, context: Context) -> None:
    """Logs what it should not."""
    context.logger.info("an order of %d pieces", 3)
    context.logger.info("got %s and %r in %s", order, context.message, [order])
    context.logger.info(order)
    context.logger.info("part %(part)s", {"part": Part(card=order.card)})
    context.logger.info("raw %s", order.card.encode())
    try:
        raise ValueError(order.card)
    except ValueError as error:
        context.logger.exception("could not: %s", error)


@agent("broken")
async def broken(order: Order) -> None:
    """Raises what quotes its input."""
    raise LookupError(order.card)


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name in ("genie", "agents"):
        logging.getLogger(name).setLevel(logging.NOTSET)


def configured(form: str, level: str = "debug") -> io.StringIO:
    stream = io.StringIO()
    configure(level=level, form=form, stream=stream)
    return stream


@pytest.mark.anyio
@pytest.mark.parametrize("form", FORMATS)
async def test_no_line_holds_a_payload(form: str) -> None:
    stream = configured(form)
    async with Runtime([talker, broken]) as runtime:
        await runtime.publish(Order(card=SECRET))
        await settled(runtime)
    written = stream.getvalue()
    assert SECRET not in written
    assert "4111" not in written
    for shown in (
        "an order of 3 pieces",
        "<logs.order>",
        "<list of 1>",
        "<Part>",
        "<19 bytes>",
        "ValueError at tests.",
    ):
        assert shown in written
    assert "Traceback" not in written


@pytest.mark.anyio
async def test_each_line_about_a_run_names_it_and_the_agent() -> None:
    stream = configured("json")
    async with Runtime([talker, broken]) as runtime:
        run = runtime.start(Order(card=SECRET), Order)
        await settled(runtime)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    named = {(line["logger"], line["agent"]) for line in lines}
    assert named == {("genie.agent", "talker"), ("genie.bus", "broken"), ("genie.incident", "broken")}
    assert {line["run_id"] for line in lines} == {run.id}
    failed = next(line for line in lines if line["agent"] == "broken")
    assert failed["level"] == "error"
    assert failed["message"].startswith("agent broken failed: LookupError at tests.")
    raised = next(line for line in lines if "error" in line)
    assert raised["error"].startswith("ValueError at tests.")


def logged(form: logging.Formatter, text: object, *arguments: Any) -> str:
    return form.format(logging.LogRecord("genie.agent", logging.INFO, "file.py", 1, text, arguments, None))


@given(st.text())
def test_whatever_is_logged_stays_on_its_line(text: str) -> None:
    line = logged(JsonLines(), "%s", text)
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line)["message"] == text[:MOST_CHARACTERS]
    assert len(logged(Pretty(), "%s", text).splitlines()) == 1
    assert "\x1b" not in logged(Pretty(), "%s", text)


def test_a_wrong_format_is_written_as_it_stands() -> None:
    assert json.loads(logged(JsonLines(), "%d of %s", "one", SECRET))["message"] == "%d of %s"
    assert json.loads(logged(JsonLines(), "%d%%"))["message"] == "%d%%"


def test_a_long_message_is_cut() -> None:
    assert len(json.loads(logged(JsonLines(), "x" * 100_000))["message"]) < MOST_CHARACTERS + 10


def test_other_libraries_are_heard_from_warning_on() -> None:
    stream = configured("json")
    logging.getLogger("httpx").info("HTTP Request: GET https://hooks.example/token")
    logging.getLogger("httpx").warning("slow")
    logging.getLogger("genie.bus").debug("fine")
    assert [json.loads(line)["message"] for line in stream.getvalue().splitlines()] == ["slow", "fine"]


def test_the_level_is_heeded() -> None:
    stream = configured("pretty", "error")
    logging.getLogger("genie.bus").warning("no")
    logging.getLogger("genie.bus").error("yes")
    assert stream.getvalue().endswith("error    genie.bus: yes\n")
    assert "no" not in stream.getvalue()
