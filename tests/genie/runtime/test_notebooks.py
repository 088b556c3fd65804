"""Scripts and notebooks: what things say of themselves, and a pipeline that is asked as the command asks it."""

from __future__ import annotations

from pathlib import Path

import pytest

import genie
from genie import Gathered, Handlers, Payload, Run, Runtime, agent, handles
from genie.errors import InputError
from tests.genie.policies_for_tests import Answer, Note, Question, answerer

STATEMENT = Path(__file__).parents[3] / "config/statements/sample.csv"


class Page(Payload, topic="notebooks.page"):
    text: str


@pytest.mark.anyio
async def test_a_run_that_is_awaited_is_the_run() -> None:
    async with Runtime([answerer]) as runtime:
        run = await runtime.start(Question(number=4), Answer)
        assert isinstance(run, Run)
        assert (await run.result()).number == 4
        assert run.id in repr(run)
        assert "at rest" in repr(run)


@pytest.mark.anyio
async def test_what_things_are_is_read_from_their_text_form() -> None:
    class Desk(Handlers, id="desk"):
        @handles
        async def on(self, question: Question) -> Note:
            raise ValueError("4111")

    assert all(word in repr(answerer) for word in ("answerer", "high", "sketch"))
    assert "desk" in repr(Desk())
    async with Runtime([answerer, Desk()]) as runtime:
        assert "answerer, desk" in repr(runtime)
        gathered = await runtime.gather(Question(), expect=(Answer, Note))
        assert isinstance(gathered, Gathered)
        told = repr(gathered)
        assert "desk: dead_lettered(ValueError)" in told
        assert "4111" not in told
    many = [agent(f"a{number}")(answerer.function) for number in range(40)]
    assert len(repr(Runtime(many))) < 200


def test_a_payload_shows_its_report_and_escapes_its_text() -> None:
    shown = Page(text="<script>")._repr_html_()
    assert "&lt;script&gt;" in shown
    assert "<script>" not in shown


def test_a_pipeline_is_asked_by_name_question_and_input() -> None:
    report = genie.ask("insights", question="Where am I overspending?", input=STATEMENT)
    assert "Food delivery" in report._repr_html_()


def test_what_only_a_pipeline_has_is_refused_elsewhere() -> None:
    with pytest.raises(InputError):
        genie.ask([answerer], Question(), Answer, question="?")
    with pytest.raises(InputError):
        genie.ask("insights", Question(), Answer, input=STATEMENT)
