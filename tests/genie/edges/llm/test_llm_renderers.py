"""Reports of assistants and loops: the sentence that matters first, and every stop has its own."""

from __future__ import annotations

import pytest

from genie.contracts.loop_call import CallRecord, Link, LoopAnswer, StopReason
from genie.contracts.message import Payload
from genie.contracts.model_call import JsonText
from genie.contracts.rendering import Notice
from genie.edges.llm.assistant import AssistantAnswer
from genie.edges.llm.renderers import AssistantReport, LoopReport
from genie.reports.renderers import report_of


class Other(Payload, topic="llm_renderers.other"):
    text: str = ""


def test_an_answer_stands_first_and_its_note_is_shown() -> None:
    report = report_of(AssistantAnswer(text="Forty-two.", model="m", note="Scripted."))
    assert report.headline == "Forty-two."
    assert [block.text for block in report.lead if isinstance(block, Notice)] == ["Scripted."]


def test_a_number_names_the_tool_that_it_comes_from() -> None:
    call = CallRecord(id="c1", tool="loan_advisor", arguments=JsonText("{}"))
    answer = LoopAnswer(
        stop=StopReason.ANSWERED, text="It is 5.", links=(Link(text="5", start=6, call="c1", path="emi.amount"),),
        calls=(call,),
    )  # fmt: skip
    report = report_of(answer)
    assert report.headline == "It is 5."
    assert {"loan_advisor", "emi.amount"} <= set(str(report).replace("'", " ").split())


@pytest.mark.parametrize("stop", [stop for stop in StopReason if stop is not StopReason.ANSWERED])
def test_what_was_not_checked_is_never_the_headline(stop: StopReason) -> None:
    report = report_of(LoopAnswer(stop=stop, text="Buy everything."))
    assert "Buy everything." not in report.headline
    assert len({report_of(LoopAnswer(stop=other)).headline for other in StopReason}) == len(StopReason)


@pytest.mark.parametrize("renderer", [AssistantReport(), LoopReport()])
def test_another_payload_is_refused(renderer: AssistantReport | LoopReport) -> None:
    with pytest.raises(TypeError):
        renderer.render(Other())
