"""Tax of a year: the catalogue's figures kept or corrected, worked examples from outside, and what must always hold."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from genie.errors import InputError
from genie_finance.contracts.insufficient import InsufficientData
from genie_finance.contracts.tax import RegimeTax, TaxEstimate, TaxEstimateRequest, TaxProfile
from genie_finance.tax.tax_estimator import estimate

Build = Callable[..., TaxProfile]
YEARS = ("2023-24", "2024-25", "2025-26", "2026-27")


def answered(profile: TaxProfile, regime: str = "cheaper") -> TaxEstimate:
    found = estimate(TaxEstimateRequest.model_validate({"profile": profile, "regime": regime}))
    assert isinstance(found, TaxEstimate)
    return found


def tax(profile: TaxProfile, regime: str) -> Decimal:
    return answered(profile, regime).tax.amount


def step(found: TaxEstimate, name: str) -> Decimal:
    return sum((line.amount.amount for line in found.lines if line.step == name), Decimal(0))


# --- the catalogue's vectors, kept or corrected ---


@pytest.mark.parametrize(
    ("year", "heads", "regime", "expected"),
    [
        ("2024-25", {"salary": 2_000_000}, "new", 278_200),
        ("2025-26", {"salary": 2_000_000}, "new", 192_400),
        ("2023-24", {"other": 2_000_000}, "new", 312_000),  # right for this year, without a standard deduction
        ("2023-24", {"other": 2_000_000}, "old", 429_000),
        ("2023-24", {"other": 700_000}, "new", 0),
        ("2023-24", {"other": 700_010}, "new", 10),  # the cliff of 26,000.10 is none: marginal relief
        ("2024-25", {"other": 500_000}, "old", 0),  # rebate
    ],
)
def test_the_catalogues_figures(profile: Build, year: str, heads: dict[str, int], regime: str, expected: int) -> None:
    assert tax(profile(year, **heads), regime) == expected


# --- worked examples from outside ---


@pytest.mark.parametrize(
    ("income", "expected"),
    # The ministry's answers of February 2025, as fortuneindia.com/budget (120350) quotes them; before cess.
    [(1_200_000, 0), (1_210_000, 10_000), (1_250_000, 50_000)],
)
def test_marginal_relief_of_the_rebate_as_the_ministry_explained_it(profile: Build, income: int, expected: int) -> None:
    found = answered(profile("2025-26", other=income), "new")
    assert step(found, "tax by slabs") + step(found, "rebate") == expected


@pytest.mark.parametrize(
    ("income", "relief"),
    # gstguntur.com, marginal relief on surcharge: its 51 lakh; at 1.01 crore it takes the slabs to be the same too.
    [(5_100_000, 64_250), (10_100_000, 75_125)],
)
def test_marginal_relief_of_the_surcharge_in_the_old_regime(profile: Build, income: int, relief: int) -> None:
    found = answered(profile("2024-25", other=income), "old")
    assert step(found, "marginal relief") == -relief


def test_marginal_relief_above_two_crore(profile: Build) -> None:
    # support.kdksoftware.com, "Marginal Relief calculation above 2 Crore".
    found = answered(profile("2023-24", other=20_261_550), "old")
    assert step(found, "tax by slabs") == Decimal(5890965)
    assert step(found, "surcharge before relief") == Decimal("1472741.25")
    due = sum(step(found, name) for name in ("tax by slabs", "surcharge before relief", "marginal relief"))
    assert due == 5_812_500 + 871_875 + 261_550


@pytest.mark.parametrize(
    ("salary", "deductions", "tax_due"),
    # caindelhiindia.com, break-even table for 2025-26: lakhs with two digits. Its row of 10 lakh is left out (it states
    # a tax that the rebate takes away), and so are the rows whose tax it rounds.
    [
        (1_400_000, "5.18", 81_900),
        (1_600_000, "5.68", 113_100),
        (2_000_000, "7.08", 192_400),
        (5_000_000, "8.00", 1_099_800),
    ],
)
def test_break_even_deductions(profile: Build, salary: int, deductions: str, tax_due: int) -> None:
    found = answered(profile("2025-26", salary=salary))
    assert found.tax.amount == tax_due
    assert found.break_even_deductions is not None
    assert abs(found.break_even_deductions.amount / 100_000 - Decimal(deductions)) <= Decimal("0.01")


@pytest.mark.parametrize(("salary", "deductions"), [(950_000, 237_500), (1_550_000, 375_000), (3_000_000, 375_000)])
def test_break_even_deductions_of_2023(profile: Build, salary: int, deductions: int) -> None:
    # businesstoday.in, 378903 of 26 April 2023. Here tax is rounded to ten rupees, so a few rupees less are enough.
    found = answered(profile("2023-24", salary=salary)).break_even_deductions
    assert found is not None
    assert deductions - 100 <= found.amount <= deductions


@pytest.mark.parametrize(
    ("heads", "age", "gains", "new", "old"),
    # What taxbrainai-compute 0.1.0 answers for 2025-26. Of 4,000 taxes without gains none differed; with gains it
    # grants no marginal relief, and takes a surcharge above 15 per cent on slab tax where only gains cross a step.
    [
        ({"salary": 1_275_000}, 40, (), 0, 187_200),
        ({"salary": 6_500_000}, 65, (), 1_724_580, 1_996_280),
        ({"other": 30_000_000}, 85, (), 11_154_000, 11_440_000),
        ({"other": 60_000_000}, 40, (), 22_854_000, 25_379_250),
        ({"other": 300_000}, 40, (("short_listed", 500_000), ("long_listed", 400_000)), 118_950, 142_350),
    ],
)  # fmt: skip
def test_a_library_of_others_says_the_same(
    profile: Build, heads: dict[str, int], age: int, gains: tuple[tuple[str, int], ...], new: int, old: int
) -> None:
    rows = tuple({"kind": kind, "on": "2025-09-01", "gain": gain} for kind, gain in gains)
    person = profile("2025-26", age=age, gains=rows, **heads)
    assert (tax(person, "new"), tax(person, "old")) == (new, old)


# --- rules that are easily got wrong ---


@pytest.mark.parametrize(("age", "expected"), [(59, 23_400), (60, 20_800), (79, 20_800), (80, 10_400)])
def test_older_residents_have_wider_slabs_in_the_old_regime(profile: Build, age: int, expected: int) -> None:
    assert tax(profile("2025-26", other=550_000, age=age), "old") == expected


def test_non_residents_have_neither_rebate_nor_wider_slabs(profile: Build) -> None:
    assert tax(profile("2025-26", other=450_000, resident=False, age=85), "old") == 10_400
    assert tax(profile("2025-26", other=1_000_000, resident=False), "new") == 41_600


def test_the_rebate_of_the_new_regime_does_not_reach_gains(profile: Build) -> None:
    gains = ({"kind": "short_listed", "on": "2025-06-02", "gain": 100_000},)
    assert tax(profile("2025-26", other=1_000_000, gains=gains), "new") == 20_800


def test_rates_of_gains_are_those_of_the_day_of_the_sale(profile: Build) -> None:
    def sold(day: str) -> Decimal:
        gains = ({"kind": "short_listed", "on": day, "gain": 100_000},)
        return step(answered(profile("2024-25", other=900_000, gains=gains), "new"), "tax on gains at special rates")

    assert (sold("2024-07-22"), sold("2024-07-23")) == (15_000, 20_000)


LAND = {"kind": "long_other", "on": "2024-11-04"}


@pytest.mark.parametrize(
    ("gain", "indexed", "expected"),
    [
        # livemint.com 11721882912676: bought in 1990 for 50 lakh, sold for 7 crore; 67.4 lakh with indexation, else 75.
        (65_000_000 - 5_000_000, 33_700_000, 6_740_000),
        (60_000_000, None, 7_500_000),
        (60_000_000, 50_000_000, 7_500_000),  # 20 per cent of it is more: section 112(1), second proviso
        (1_000_000, -200_000, 0),  # a loss with indexation: no tax, and no loss to set off
    ],
)
def test_land_pays_the_lower_of_both_taxes(profile: Build, gain: int, indexed: int | None, expected: int) -> None:
    sold = {**LAND, "gain": gain, "indexed_gain": indexed}
    found = answered(profile("2024-25", other=1_000_000, gains=(sold,)), "new")
    special = [line.amount.amount for line in found.lines if line.step == "tax on gains at special rates"]
    assert sum(special) == expected
    total = next(line.amount.amount for line in found.lines if line.step == "total income")
    assert total == 1_000_000 + gain  # the choice is of the tax; income is the gain without indexation


def test_losses_and_the_basic_exemption_reduce_both_gains_of_land(profile: Build) -> None:
    sold = {**LAND, "gain": 2_000_000, "indexed_gain": 1_000_000}
    loss = {"kind": "long_listed", "on": "2024-12-02", "gain": -300_000}
    found = answered(profile("2024-25", other=900_000, gains=(sold, loss)), "new")
    assert step(found, "tax on gains at special rates") == 700_000 * Decimal("0.20")
    alone = answered(profile("2024-25", gains=(sold, loss)), "new")  # 3,00,000 of it are below the first slab
    assert step(alone, "tax on gains at special rates") == 400_000 * Decimal("0.20")


@pytest.mark.parametrize(
    "wrong", [{"kind": "long_listed"}, {"on": "2024-07-22"}, {"indexed_gain": 100_001}, {"resident": False}]
)
def test_indexation_where_the_law_has_none_is_refused(profile: Build, wrong: dict[str, Any]) -> None:
    sold = {**LAND, "gain": 100_000, "indexed_gain": 50_000}
    resident = wrong.get("resident", True)
    sold |= {name: value for name, value in wrong.items() if name != "resident"}
    with pytest.raises(ValidationError, match="indexed_gain"):
        profile("2024-25", gains=(sold,), resident=resident)


def test_the_exemption_is_one_for_both_halves_of_2024_and_goes_to_the_higher_rate(profile: Build) -> None:
    gains = tuple({"kind": "long_listed", "on": day, "gain": 100_000} for day in ("2024-05-02", "2024-09-02"))
    found = answered(profile("2024-25", other=900_000, gains=gains), "new")
    assert step(found, "tax on gains at special rates") == 75_000 * Decimal("0.10")


def test_a_long_term_loss_reduces_no_short_term_gain_and_is_carried(profile: Build) -> None:
    gains = (
        {"kind": "short_listed", "on": "2025-06-02", "gain": 100_000},
        {"kind": "long_listed", "on": "2025-06-03", "gain": -40_000},
    )
    found = answered(profile("2025-26", other=2_000_000, gains=gains), "new")
    assert step(found, "tax on gains at special rates") == 20_000
    assert [reason.code for reason in found.grounds.reasons] == ["tax.loss_carried"]


def test_tax_on_dividends_has_no_surcharge_above_fifteen_per_cent(profile: Build) -> None:
    found = answered(profile("2025-26", dividends=60_000_000), "old")
    assert step(found, "surcharge before relief") == step(found, "tax by slabs") * Decimal("0.15")


def test_deductions_count_within_their_limits(profile: Build) -> None:
    full = {
        "life_and_savings": 150_000,
        "health_self": 25_000,
        "deposit_interest": 10_000,
        "home_loan_interest": 200_000,
    }
    more = {name: amount + 50_000 for name, amount in full.items()}
    assert tax(profile(salary=2_000_000, deductions=full), "old") == tax(
        profile(salary=2_000_000, deductions=more), "old"
    )
    assert tax(profile(salary=2_000_000, deductions=more, age=60), "old") < tax(
        profile(salary=2_000_000, deductions=full, age=60), "old"
    )


def test_the_employers_pension_contribution_counts_in_both_regimes(profile: Build) -> None:
    """taxbrainai-compute 0.1.0 says 1,71,600 and 3,82,200 for 20 lakh with 1,00,000 under section 80CCD(2)."""
    person = profile(salary=2_000_000, deductions={"employer_pension": 100_000})
    assert (tax(person, "new"), tax(person, "old")) == (171_600, 382_200)


# --- missing data, and what every answer carries ---


@pytest.mark.parametrize("regime", ["old", "cheaper"])
def test_without_deductions_nothing_is_said_of_the_old_regime(profile: Build, regime: str) -> None:
    unknown = profile(salary=2_000_000).model_copy(update={"deductions": None})
    found = estimate(TaxEstimateRequest.model_validate({"profile": unknown, "regime": regime}))
    assert isinstance(found, InsufficientData)
    assert [lack.what for lack in found.missing] == ["profile.deductions"]


def test_the_new_regime_alone_needs_no_deductions(profile: Build) -> None:
    found = answered(profile(salary=2_000_000).model_copy(update={"deductions": None}), "new")
    assert (found.saving, found.break_even_deductions, len(found.regimes)) == (None, None, 1)


def test_a_year_without_an_edition_is_an_error(profile: Build) -> None:
    with pytest.raises(InputError, match="editions cover"):
        answered(profile("2019-20", salary=1_000_000))


def test_what_is_not_verified_is_said(profile: Build) -> None:
    found = answered(profile("2026-27", salary=1_000_000)).grounds
    doubtful = {one.id for one in found.editions if not one.verified}
    assert doubtful == {"deductions_in@2026-04-01"}
    assert all(any(name in caveat for caveat in found.caveats) for name in doubtful)


# --- laws ---


def perhaps_land(sold: dict[str, Any]) -> dict[str, Any]:
    """A gain, of land bought long ago where ``less`` says by how much indexation makes it smaller."""
    less = sold.pop("less")
    return {**sold, "indexed_gain": sold["gain"] - less} if less is not None and sold["kind"] == "long_other" else sold


rupees = st.integers(0, 8_000_000).map(lambda ten: ten * 10)
gains = st.lists(
    st.fixed_dictionaries(
        {
            "kind": st.sampled_from(["short_listed", "long_listed", "long_other"]),
            "on": st.sampled_from(["2025-04-01", "2025-12-31", "2026-03-31"]),
            "gain": st.integers(-2_000_000, 8_000_000),
            "less": st.none() | st.integers(0, 4_000_000),
        }
    ).map(perhaps_land),
    max_size=5,
)


@given(year=st.sampled_from(YEARS), income=rupees, more=st.integers(1, 100_000), age=st.integers(18, 100))
def test_tax_never_falls_when_income_rises(profile: Build, year: str, income: int, more: int, age: int) -> None:
    for regime in ("new", "old"):
        low = tax(profile(year, other=income, age=age), regime)
        assert tax(profile(year, other=income + more * 10, age=age), regime) >= low


@given(year=st.sampled_from(YEARS), income=rupees, more=st.integers(1, 10_000))
def test_the_new_regime_takes_no_more_of_a_rise_than_the_rise_with_its_cess(
    profile: Build, year: str, income: int, more: int
) -> None:
    rise = tax(profile(year, other=income + more * 10), "new") - tax(profile(year, other=income), "new")
    assert rise <= more * 10 * Decimal("1.04") + 10


@given(year=st.sampled_from(YEARS), income=st.integers(50_001, 8_000_000), more=st.integers(1, 10_000))
def test_so_does_the_old_one_above_the_cliff_of_its_rebate(profile: Build, year: str, income: int, more: int) -> None:
    low, high = income * 10, (income + more) * 10
    assert (
        tax(profile(year, other=high), "old") - tax(profile(year, other=low), "old")
        <= (high - low) * Decimal("1.04") + 10
    )


@given(salary=rupees, dividends=rupees, gained=gains, claimed=st.integers(0, 1_500_000))
def test_the_cheaper_regime_is_never_worse_and_the_order_of_gains_does_not_matter(
    profile: Build, salary: int, dividends: int, gained: list[dict[str, Any]], claimed: int
) -> None:
    def found(rows: list[dict[str, Any]]) -> TaxEstimate:
        return answered(profile(salary=salary, dividends=dividends, gains=tuple(rows), deductions={"other": claimed}))

    one, other = found(gained), found(gained[::-1])
    assert one.tax == other.tax
    assert one.tax.minor == min(regime.tax.minor for regime in one.regimes)
    assert all(is_whole(regime) for regime in one.regimes)


def is_whole(regime: RegimeTax) -> bool:
    return regime.tax.minor % 1_000 == 0


@given(salary=rupees, claimed=st.integers(0, 150_000).map(lambda ten: ten * 10))
def test_break_even_is_where_the_regimes_change_places(profile: Build, salary: int, claimed: int) -> None:
    found = answered(profile(salary=salary, deductions={"other": claimed}))
    new, old = found.regimes
    if found.break_even_deductions is not None:
        assert (old.tax.minor <= new.tax.minor) == (claimed >= found.break_even_deductions.amount)


@given(salary=rupees, dividends=rupees, gained=gains)
def test_the_steps_add_up_to_the_tax(profile: Build, salary: int, dividends: int, gained: list[dict[str, Any]]) -> None:
    steps = (
        "tax by slabs", "tax on gains at special rates", "rebate", "surcharge before relief", "marginal relief",
        "health and education cess",
    )  # fmt: skip
    for regime in ("new", "old"):
        found = answered(profile(salary=salary, dividends=dividends, gains=tuple(gained)), regime)
        assert abs(sum(step(found, name) for name in steps) - found.tax.amount) <= 6


@pytest.mark.parametrize(("salary", "employer", "refused"), [(1_000_000, 140_000, False), (1_000_000, 140_001, True),
                                                             (0, 1, True)])  # fmt: skip
def test_an_employers_pension_beyond_the_limit_contradicts_the_salary(
    profile: Build, salary: int, employer: int, *, refused: bool
) -> None:
    """A contribution of any size was deducted in both regimes, down to no tax at all."""
    person = profile(salary=salary, deductions={"employer_pension": employer})
    if refused:
        with pytest.raises(InputError, match="employer_pension"):
            estimate(TaxEstimateRequest(profile=person, regime="new"))
    else:
        assert isinstance(estimate(TaxEstimateRequest(profile=person, regime="new")), TaxEstimate)
