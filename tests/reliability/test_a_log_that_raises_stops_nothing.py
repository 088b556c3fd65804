"""A log filter or handler of the program that raises is an observer: it changes no outcome, and no line is lost."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from genie import RestartBudget, Retry, agent
from genie.errors import RunStalled
from tests.genie.policies_for_tests import Answer, Question, running
from tests.reliability.trouble import refuses

pytestmark = pytest.mark.anyio


@pytest.fixture(params=[ValueError, SystemExit])
def broken_logs(request: pytest.FixtureRequest) -> Iterator[None]:
    """Every logger of the kernel raises at every line."""

    def raises(_record: logging.LogRecord) -> bool:
        raise request.param

    loggers = [logging.getLogger(f"genie.{name}") for name in ("bus", "incident")]
    for logger in loggers:
        logger.addFilter(raises)
    yield
    for logger in loggers:
        logger.removeFilter(raises)


@pytest.mark.usefixtures("broken_logs")
async def test_a_failure_is_retried_and_an_agent_quarantined_and_abandoned_where_no_line_can_be_logged(
    capsys: pytest.CaptureFixture[str],
) -> None:
    tried: list[int] = []

    @agent("fragile", retry=Retry(attempts=2), restarts=RestartBudget(failures=2, within_s=100))
    async def fragile(question: Question) -> Answer:
        tried.append(question.number)
        if question.number or len(tried) == 1:
            raise LookupError
        return Answer(number=7)

    @agent("stubborn", timeout_s=1)
    async def stubborn(question: Question) -> Answer:
        await refuses()
        return Answer()

    async with running(fragile, stubborn) as runtime:
        assert (await runtime.ask(Question(), Answer, to="fragile")).number == 7
        with pytest.raises(RunStalled) as stalled:
            await runtime.ask(Question(number=1), Answer, to="fragile")
        assert stalled.value.reasons == ("fragile: dead_lettered(LookupError)",)
        with pytest.raises(RunStalled):
            await runtime.ask(Question(), Answer, to="stubborn")
        counted = runtime.statistics().agents
        assert (counted["fragile"].suspended is not None, counted["stubborn"].abandoned) == (True, 1)
        assert [one.code for one in runtime.operations.incidents()].count("quarantined") == 1
    told = capsys.readouterr().err
    assert all(text in told for text in ("agent fragile failed: LookupError", "stubborn did not stop"))
