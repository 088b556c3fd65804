"""Fetching under consent: every clause is kept, and what comes becomes transactions without anything added."""

from __future__ import annotations

import datetime
import json
from decimal import Decimal
from importlib import resources
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genie import Runtime
from genie.config.loader import parse
from genie.config.plugins import Plugins
from genie.contracts.agent import Binding
from genie.errors import InputError
from genie_finance.contracts.consent import AaFetchRequest, AaFetchResult, ConsentArtefact, Span
from genie_finance.index import EDGES
from genie_finance.insights.aa_fetcher import aa_fetcher, later, refusals, refused, result
from genie_finance.insights.aggregator import AccountAggregator, AggregatorData, OfflineAggregator

NOW = datetime.datetime(2025, 10, 10, 12, tzinfo=datetime.UTC)
FIXTURE = json.loads(resources.files("genie_finance.insights").joinpath("data/aggregator.json").read_text("utf-8"))
CONSENT = ConsentArtefact.model_validate_json(json.dumps(FIXTURE["consents"]["c-spending"])).model_dump()
REQUEST = AaFetchRequest(
    customer_id="asha@aa",
    consent_id="c-spending",
    account="acc-1",
    purpose_code="102",
    start=datetime.date(2025, 4, 1),
    end=datetime.date(2025, 9, 30),
)


async def artefact(**changes: Any) -> ConsentArtefact:
    held = await OfflineAggregator().consent("c-spending")
    assert held is not None
    return ConsentArtefact.model_validate({**held.model_dump(), **changes})


@pytest.mark.anyio
async def test_the_offline_aggregator_delivers_what_was_consented_to() -> None:
    binding = Binding(agent=aa_fetcher, card=aa_fetcher.card, ports={AccountAggregator: OfflineAggregator()})
    async with Runtime([binding]) as runtime:
        found = await runtime.ask(REQUEST, AaFetchResult)
        unknown = await runtime.ask(REQUEST.model_copy(update={"consent_id": "c-none"}), AaFetchResult)
        revoked = await runtime.ask(REQUEST.model_copy(update={"consent_id": "c-revoked"}), AaFetchResult)
    assert (found.status, found.unread, found.masked_account) == ("fetched", 0, "XXXXXX4521")
    assert found.statement is not None
    assert len(found.statement.transactions) == 30
    assert found.statement.transactions[0].amount.amount == 86_500
    assert found.delete_by is not None
    assert (unknown.status, unknown.refusals[0].code) == ("refused", "consent.unknown")
    assert (revoked.status, revoked.statement) == ("refused", None)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("changes", "asked", "code"),
    [
        ({"signature_valid": False}, {}, "consent.signature"),
        ({"status": "PAUSED"}, {}, "consent.status"),
        ({"consent_start": NOW + datetime.timedelta(days=1)}, {}, "consent.not_yet"),
        ({"consent_expiry": NOW}, {}, "consent.expired"),
        ({}, {"customer_id": "ravi@aa"}, "consent.customer"),
        ({}, {"purpose_code": "101"}, "consent.purpose"),
        ({"consent_types": ("PROFILE",)}, {}, "consent.type"),
        ({}, {"account": "acc-2"}, "consent.account"),
        ({"fi_types": ("MUTUAL_FUNDS",)}, {}, "consent.fi_type"),
        ({}, {"start": datetime.date(2025, 3, 31)}, "consent.range"),
        ({}, {"end": datetime.date(2025, 10, 1)}, "consent.range"),
        ({}, {"start": datetime.date(2025, 9, 2), "end": datetime.date(2025, 9, 1)}, "request.range"),
        ({"fetch_type": "ONETIME", "fetched_at": (NOW,)}, {}, "consent.frequency"),
        ({"fetched_at": (NOW, NOW - datetime.timedelta(hours=3))}, {}, "consent.frequency"),
    ],
)
async def test_each_clause_forbids_what_it_does_not_cover(
    changes: dict[str, Any], asked: dict[str, Any], code: str
) -> None:
    request = REQUEST.model_copy(update=asked)
    why = tuple(refusals(request, await artefact(**changes), NOW))
    assert [one.code for one in why] == [code]
    answer = refused(request, why)
    assert (answer.status, answer.statement) == ("refused", None)


@pytest.mark.anyio
async def test_fetches_of_the_day_before_do_not_count_today() -> None:
    held = await artefact(fetched_at=(NOW - datetime.timedelta(days=1), NOW - datetime.timedelta(days=2)))
    assert tuple(refusals(REQUEST, held, NOW)) == ()


@pytest.mark.anyio
async def test_what_cannot_be_read_or_was_not_asked_for_is_left_out_and_counted() -> None:
    good = {"type": "DEBIT", "amount": 19.99, "valueDate": "2025-05-05", "narration": "TEA", "currentBalance": "10.00"}
    rows = [good, {**good, "type": "TRANSFER"}, {**good, "amount": "x"}, {**good, "valueDate": "2026-05-05"}, 7, None]
    found = result(REQUEST, await artefact(), AggregatorData("ready", json.dumps(rows).encode()), NOW)
    assert found.statement is not None
    assert [one.amount.amount for one in found.statement.transactions] == [Decimal("-19.99")]
    assert found.unread == 5


@pytest.mark.anyio
@pytest.mark.parametrize("content", [b"{}", b"nonsense", b"[" * 100_000, b"\xff"])
async def test_data_that_is_none_is_an_error_without_its_text(content: bytes) -> None:
    with pytest.raises(InputError, match="aggregator"):
        result(REQUEST, await artefact(), AggregatorData("ready", content), NOW)


@pytest.mark.anyio
@pytest.mark.parametrize("state", ["pending", "no_data"])
async def test_no_data_is_said_and_nothing_invented(state: Any) -> None:
    found = result(REQUEST, await artefact(), AggregatorData(state, b""), NOW)
    assert (found.status, found.statement, found.delete_by) == (state, None, None)


@pytest.mark.parametrize(
    ("unit", "value", "expected"),
    [
        ("HOUR", 5, "2025-10-10T17"),
        ("DAY", 30, "2025-11-09T12"),
        ("MONTH", 6, "2026-04-10T12"),
        ("YEAR", 1, "2026-10-10T12"),
    ],
)
def test_the_life_of_data_is_counted_in_its_unit(unit: Any, value: int, expected: str) -> None:
    found = later(NOW, Span(unit=unit, value=value))
    assert found is not None
    assert found.isoformat().startswith(expected)


@given(st.dates(datetime.date(2024, 1, 1), datetime.date(2027, 1, 1)), st.integers(0, 400))
def test_a_range_is_covered_where_both_its_ends_are(start: datetime.date, days: int) -> None:
    consent = ConsentArtefact.model_validate(CONSENT)
    end = start + datetime.timedelta(days=days)
    why = {one.code for one in refusals(REQUEST.model_copy(update={"start": start, "end": end}), consent, NOW)}
    assert ("consent.range" in why) == (start < consent.data_from or end > consent.data_to)


def test_a_pipeline_binds_the_offline_aggregator_by_its_name() -> None:
    text = """
    version: 1
    id: fetch
    agents:
      - id: aa_fetcher
        ports: { AccountAggregator: { use: aggregator_offline } }
    input: insights.aa_fetch_request
    output: insights.aa_fetch_result
    caller: { user: local, clearance: restricted }
    """
    pipeline = parse(text, plugins=Plugins(agents={"aa_fetcher": aa_fetcher}, edges=EDGES))
    [binding] = pipeline.bindings
    bound = binding.ports[AccountAggregator]  # type: ignore[type-abstract]  # a port is a protocol
    assert isinstance(bound, OfflineAggregator)


@pytest.mark.parametrize(("unit", "name"), [("HOUR", "hours"), ("DAY", "days"), ("MONTH", "months"), ("YEAR", "years")])
@given(
    day=st.dates(datetime.date(2020, 1, 1), datetime.date(2040, 12, 31)), count=st.integers(0, 60), back=st.booleans()
)
def test_spans_end_as_dateutil_says(unit: Any, name: str, day: datetime.date, count: int, *, back: bool) -> None:
    """python-dateutil 2.9.0, relativedelta: a month after the 31st of January is its next one's last day."""
    relativedelta = pytest.importorskip("dateutil.relativedelta").relativedelta
    start = datetime.datetime.combine(day, datetime.time(9, 30), datetime.UTC)
    assert later(start, Span(unit=unit, value=count), back=back) == start + relativedelta(
        **{name: -count if back else count}
    )
