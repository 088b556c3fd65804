"""Business loans: the catalogue's price and instalment, what bounds and declines, cost by pyxirr, and the letter."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
import pyxirr
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from genie.errors import InputError
from genie_finance.contracts.grounds import Grounds
from genie_finance.contracts.insufficient import InsufficientData
from genie_finance.contracts.sme import CashflowScore, SmeApplication, SmeLoanOffer, SmeOfferRequest, SmeSanctionRequest
from genie_finance.domain.rulebook import editions
from genie_finance.domain.time_value import amortise, monthly_rate
from genie_finance.lending.guarantee import fee_percent
from genie_finance.lending.sme_loan_pricer import price
from genie_finance.lending.sme_loan_sanctioner import sanction
from genie_finance.lending.tables import GUARANTEE

NO_GROUNDS = Grounds(reasons=(), inputs=(), editions=(), uncertainty="of a test")


def application(**given: Any) -> SmeApplication:
    values = {
        "borrower_id": "B1", "as_of": "2026-02-01", "sector": "manufacturing", "enterprise": "small",
        "udyam_registered": True, "facility": "term_loan", "requested_amount": 3_000_000,
        "requested_tenor_months": 36, "annual_turnover": 20_000_000, "projected_turnover": 22_000_000,
        "gst_filing_regular": True, "collateral": 0,
    }  # fmt: skip
    return SmeApplication.model_validate({**values, **given})


def asked(
    score: Any = "750.0", into: int = 1_650_000, out: int = 1_300_000, owed: int = 0, **given: Any
) -> SmeLoanOffer | InsufficientData:
    grade = CashflowScore.model_validate(
        {
            "applicant_id": "B1", "score": str(score), "grade": "B", "signals": (), "months": 12,
            "monthly_inflow": into, "monthly_outflow": out, "monthly_obligations": owed, "bounces": 0,
            "lowest_balance": None, "grounds": NO_GROUNDS,
        }
    )  # fmt: skip
    return price(SmeOfferRequest(application=application(**given), score=grade, working_capital=None))


def offered(**given: Any) -> SmeLoanOffer:
    found = asked(**given)
    assert isinstance(found, SmeLoanOffer)
    return found


def failed(found: SmeLoanOffer) -> set[str]:
    return {check.name for check in found.checks if not check.passed}


def test_the_catalogues_offer() -> None:
    """Turnover 2 crore, 30 lakh over 36 months, a score of 0.75 (750): 11.25 percent and 98571.70 a month."""
    found = offered()
    assert found.recommendation == "in_principle"
    assert (found.amount.amount, found.annual_rate_percent) == (3_000_000, "11.25")
    assert found.emi.amount == Decimal("98571.70")
    assert found.guarantee_eligible
    assert found.limits[0].name == "requested"
    assert found.dscr == "3.55"  # 350000 over 98571.70


def test_a_third_of_the_turnover_is_the_most() -> None:
    """The catalogue: turnover 50 lakh, 40 lakh asked for, 15 lakh offered: three tenths."""
    found = offered(annual_turnover=5_000_000, requested_amount=4_000_000, into=500_000, out=300_000)
    assert (found.amount.amount, found.limits[0].name) == (1_500_000, "turnover_share")


def test_turnover_that_is_not_seen_in_the_accounts_does_not_count() -> None:
    found = offered(into=1_250_000, out=900_000, requested_amount=6_000_000)
    assert found.amount.amount == 4_500_000  # 30 percent of twelve times 12.5 lakh, not of 2 crore
    assert failed(offered(into=1_100_000, out=800_000)) == {"banked_turnover"}


@pytest.mark.parametrize(
    ("given_", "name"),
    [
        ({"score": "420.0"}, "score"),
        ({"gst_filing_regular": False}, "gst_filing"),
        ({"into": 500_000, "out": 100_000}, "banked_turnover"),
        ({"out": 1_650_000}, "debt_service"),
        ({"into": 1_650_000, "out": 1_500_000, "owed": 900_000}, "debt_service"),
    ],
)
def test_what_declines(given_: dict[str, Any], name: str) -> None:
    """The catalogue used neither returns nor debts, and named the cash flow for every decline."""
    found = offered(**given_)
    assert found.recommendation == "decline"
    assert failed(found) == {name}
    assert (found.amount.minor, found.emi.minor, found.annual_rate_percent) == (0, 0, None)
    assert f"lending.{name}_failed" in {reason.code for reason in found.grounds.reasons}


def test_no_tenor_and_no_turnover_are_refused() -> None:
    """The catalogue approved a tenor of 0 with an instalment of 0."""
    with pytest.raises(ValidationError):
        application(requested_tenor_months=0)
    with pytest.raises(ValidationError):
        application(annual_turnover=0)


@pytest.mark.parametrize(
    ("given_", "covered"),
    [
        ({"udyam_registered": False}, False),
        ({"enterprise": "medium"}, False),
        ({"collateral": 3_000_000}, False),
        ({"collateral": 1_000_000}, True),
    ],
)
def test_whom_the_fund_guarantees(given_: dict[str, Any], covered: bool) -> None:
    found = offered(**given_)
    assert found.guarantee_eligible is covered
    assert found.annual_rate_percent == ("11.25" if covered else "11.75")
    assert bool(found.guarantee_fee_first_year.minor) is covered


def test_the_ceiling_is_that_of_the_day() -> None:
    """The catalogue knew five crore alone; from April 2025 it is ten."""
    large = {
        "requested_amount": 60_000_000, "annual_turnover": 300_000_000, "projected_turnover": 300_000_000,
        "into": 25_000_000, "out": 15_000_000,
    }  # fmt: skip
    assert offered(**large).guarantee_eligible
    assert not offered(**large, as_of="2025-03-31").guarantee_eligible
    with pytest.raises(InputError, match="no edition covers 2019-01-01"):
        asked(as_of="2019-01-01")
    fees = [fee_percent(Decimal(amount), editions(GUARANTEE)[-1].rules) for amount in (10**6, 10**6 + 1, 5 * 10**6)]
    assert fees == [Decimal("0.37"), Decimal("0.55"), Decimal("0.55")]


def test_what_was_not_verified_is_said() -> None:
    assert any("cgtmse_in@2025-04-01 is not verified" in caveat for caveat in offered().grounds.caveats)


def test_a_score_of_somebody_else_prices_nothing() -> None:
    found = asked(borrower_id="B2")
    assert isinstance(found, InsufficientData)
    working = asked(facility="working_capital")
    assert isinstance(working, InsufficientData)
    assert working.missing[0].what == "working_capital"


def test_the_annual_percentage_rate_is_twelve_times_the_monthly_return() -> None:
    """pyxirr 0.10.8 on the flows: 30 lakh less 1 percent and the guarantee's fee; fees at each year's start."""
    found = offered()
    rows = list(amortise(300_000_000, monthly_rate(Decimal("11.25")), found.emi.minor, periods=36))
    flows = [-297_000_000.0, *(float(row.payment) for row in rows)]
    for start in (0, 12, 24):
        flows[start] += rows[start].opening * 0.0055
    expected = pyxirr.irr(flows)
    assert expected is not None
    assert found.apr_percent is not None
    assert abs(float(found.apr_percent) - expected * 1200) < 0.006
    assert found.guarantee_fee_first_year.amount == 16_500
    assert Decimal(found.apr_percent) > Decimal("11.25")


@given(
    score=st.decimals(480, 900, places=1), into=st.integers(1_200_000, 5_000_000), spent=st.integers(0, 5_000_000),
    owed=st.integers(0, 500_000), asked_for=st.integers(1_000, 10**7), months=st.integers(1, 120),
)  # fmt: skip
def test_an_offer_keeps_every_limit(
    score: Decimal, into: int, spent: int, owed: int, asked_for: int, months: int
) -> None:
    found = offered(
        score=score, into=into, out=min(spent, into) + owed, owed=owed, requested_amount=asked_for,
        requested_tenor_months=months,
    )  # fmt: skip
    if found.recommendation == "decline":
        assert failed(found)
        return
    assert all(found.amount.minor <= limit.most.minor for limit in found.limits)
    assert found.dscr is not None
    assert Decimal(found.dscr) >= Decimal("1.25") or found.amount.amount < 1000
    assert found.annual_rate_percent is not None
    assert Decimal("10.0") <= Decimal(found.annual_rate_percent) <= Decimal("15.5")
    better = offered(
        score=min(score + 50, Decimal(900)), into=into, out=min(spent, into) + owed, owed=owed,
        requested_amount=asked_for, requested_tenor_months=months,
    )  # fmt: skip
    assert better.annual_rate_percent is not None
    assert Decimal(better.annual_rate_percent) <= Decimal(found.annual_rate_percent)


# --- sanction ---

TODAY = datetime.date(2026, 2, 10)


def test_a_sanction_says_what_was_offered_and_when_it_lapses() -> None:
    request = SmeSanctionRequest(application=application(), offer=offered())
    found = sanction(request, TODAY)
    assert (found.amount, found.emi) == (request.offer.amount, request.offer.emi)
    assert found.valid_until == datetime.date(2026, 5, 11)
    assert found.reference == sanction(request, TODAY + datetime.timedelta(days=1)).reference
    assert "3,000,000.00 INR" in found.letter
    other = SmeSanctionRequest(application=application(requested_tenor_months=35), offer=request.offer)
    assert sanction(other, TODAY).reference != found.reference


def test_only_an_offer_to_this_borrower_is_sanctioned() -> None:
    with pytest.raises(InputError, match="declines the loan"):
        sanction(SmeSanctionRequest(application=application(), offer=offered(score="400.0")), TODAY)
    with pytest.raises(InputError, match="another borrower"):
        sanction(SmeSanctionRequest(application=application(borrower_id="B2"), offer=offered()), TODAY)
    with pytest.raises(InputError, match="was requested"):
        sanction(SmeSanctionRequest(application=application(requested_amount=100), offer=offered()), TODAY)


@pytest.mark.parametrize("score", ["nan", "sNaN", "abc", "1000", "-5", "1e5", "901", "299.9", ""])
def test_a_score_that_is_none_prices_nothing(score: str) -> None:
    """A score of 1,000 was priced below the lowest rate, and one that is no number ended in a traceback."""
    with pytest.raises(InputError, match="score"):
        asked(score)
