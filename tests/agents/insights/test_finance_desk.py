from collections.abc import Mapping

import pytest

from genie.contracts.gather import Gathered, Missing
from genie.contracts.message import Payload, topic_of
from genie.errors import InputError
from genie_finance.contracts.insights import (
    Advice,
    Anomalies,
    CashflowForecast,
    FinanceQuestion,
    InsightTask,
    MissingPart,
    Report,
    ReportRequest,
    SpendingAnalysis,
    Subscriptions,
)
from genie_finance.contracts.statements import (
    Assumption,
    CategorisedStatement,
    Quarantined,
    StatementFile,
    StatementReading,
    StatementReceived,
    UnreadFile,
)
from genie_finance.insights.analyser import analyse
from genie_finance.insights.finance_desk import FinanceDeskSettings, finance_desk
from genie_finance.insights.reporter import compose

QUESTION = FinanceQuestion(question="Why?", filename="bank.csv", content=b"x")


class FakeContext:
    """Answers a gather from a table: what comes, and who is missing with which reason."""

    def __init__(self, answers: Mapping[type[Payload], Payload], missing: Mapping[type[Payload], tuple[str, str]]):
        self.settings = FinanceDeskSettings(reading_within_s=7, insights_within_s=3, report_within_s=2)
        self.answers, self.missing = answers, missing
        self.asked: list[tuple[Payload, float]] = []

    def progress(self, text, *, fraction=None):
        assert text
        assert 0 <= fraction <= 1

    async def gather(self, payload, *, expect, within_s):
        self.asked.append((payload, within_s))
        answers = dict(self.answers)
        if isinstance(payload, ReportRequest):
            answers[Report] = compose(payload)
        gone = {part: self.missing[part] for part in expect if part in self.missing}
        return Gathered(
            "run",
            {part: answers[part] for part in expect if part not in gone},
            {},
            {agent: Missing(topic_of(part).name, agent, reason) for part, (agent, reason) in gone.items()},
        )


@pytest.fixture
def answers(statement, row):
    book = statement([row("2025-01-10", "-5", "Ziggy", "food.cafes")])
    return {
        StatementReading: StatementReading(
            statement=book,
            notices=("Balance chains.",),
            assumptions=(Assumption(field="currency", chosen="XXX", why="none given", settle_with="currency: EUR"),),
            quarantined=(Quarantined(line=9, reason="no date"),),
        ),
        CategorisedStatement: CategorisedStatement(statement=book),
        SpendingAnalysis: analyse(book),
        CashflowForecast: CashflowForecast(forecasts=()),
        Anomalies: Anomalies(anomalies=(), examined=1),
        Subscriptions: Subscriptions(subscriptions=()),
        Advice: Advice(answer="Because.", items=()),
    }


@pytest.mark.anyio
async def test_a_question_is_read_examined_and_reported(answers):
    context = FakeContext(answers, {})
    report = await finance_desk(QUESTION, context)
    assert [(type(payload), within_s) for payload, within_s in context.asked] == [
        (StatementReceived, 7),
        (InsightTask, 3),
        (ReportRequest, 2),
    ]
    assert (report.answer, report.missing) == ("Because.", ())
    assert report.anomalies == report.subscriptions == report.forecast == ()
    assert report.notices[0] == "Balance chains."
    assert [bad.line for bad in report.quarantined] == [9]
    assert report.assumptions[0].field == "currency"


@pytest.mark.anyio
async def test_several_files_are_read_at_once_and_one_that_cannot_be_is_named(answers):
    files = tuple(StatementFile(filename=name, content=b"x") for name in ("a.csv", "b.csv"))
    unread = (UnreadFile(file="b.csv", reason="is a PDF"),)
    answers[StatementReading] = answers[StatementReading].model_copy(update={"unread": unread})
    context = FakeContext(answers, {Advice: ("adviser", "late")})
    report = await finance_desk(FinanceQuestion(question="Why?", files=files), context)
    received = context.asked[0][0]
    assert isinstance(received, StatementReceived)
    assert received.received() == files
    assert [(part.agent, part.reason) for part in report.missing] == [
        ("statement_reader (b.csv)", "is a PDF"),
        ("adviser", "late"),
    ]


def test_a_question_is_about_one_file_or_several():
    with pytest.raises(ValueError, match="one file"):
        FinanceQuestion(question="Why?")


@pytest.mark.anyio
async def test_a_statement_that_cannot_be_read_fails_with_the_readers_reason(answers):
    context = FakeContext(answers, {StatementReading: ("statement_reader", "dead_lettered(InputError: no rows)")})
    with pytest.raises(InputError) as caught:
        await finance_desk(QUESTION, context)
    assert (caught.value.subject, caught.value.problem) == ("bank.csv", "dead_lettered(InputError: no rows)")
    assert len(context.asked) == 1


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("part", "agent", "field"),
    [
        (CashflowForecast, "forecaster", "forecast"),
        (Anomalies, "anomaly_detector", "anomalies"),
        (Subscriptions, "subscription_detector", "subscriptions"),
        (Advice, "adviser", "advice"),
    ],
)
async def test_who_drops_out_is_named_and_the_rest_is_reported(answers, part, agent, field):
    report = await finance_desk(QUESTION, FakeContext(answers, {part: (agent, "late")}))
    assert report.missing == (MissingPart(agent=agent, reason="late"),)
    assert getattr(report, field) is None
    assert report.totals


@pytest.mark.anyio
@pytest.mark.parametrize(("part", "agent"), [(SpendingAnalysis, "analyser"), (CategorisedStatement, "categoriser")])
async def test_without_an_analysis_nobody_is_asked_and_everything_lacking_is_named(answers, part, agent):
    context = FakeContext(answers, {part: (agent, "dead_lettered(ValueError)")})
    report = await finance_desk(QUESTION, context)
    assert [type(payload) for payload, _ in context.asked] == [StatementReceived, ReportRequest]
    assert report.missing[0] == MissingPart(agent=agent, reason="dead_lettered(ValueError)")
    assert {missing.agent for missing in report.missing[1:]} == {
        "insights.forecast",
        "insights.anomalies",
        "insights.subscriptions",
        "insights.advice",
    }
    assert [bad.line for bad in report.quarantined] == [9]


@pytest.mark.anyio
async def test_a_reporter_that_fails_costs_its_name_not_the_report(answers):
    report = await finance_desk(QUESTION, FakeContext(answers, {Report: ("reporter", "dead_lettered(timeout)")}))
    assert report.answer == "Because."
    assert report.missing == (MissingPart(agent="reporter", reason="dead_lettered(timeout)"),)


def test_the_card_declares_what_the_desk_asks():
    card = finance_desk.card
    assert set(card.asks) == {StatementReceived, InsightTask, ReportRequest}
    assert set(card.asks[InsightTask]) == {CashflowForecast, Anomalies, Subscriptions, Advice}
    assert card.produces == (Report,)
    assert card.settings is FinanceDeskSettings


@pytest.mark.parametrize("field", ["reading_within_s", "insights_within_s", "report_within_s"])
def test_a_limit_without_time_is_refused(field):
    with pytest.raises(ValueError, match="greater than 0"):
        FinanceDeskSettings.model_validate({field: 0})
