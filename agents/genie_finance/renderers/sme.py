"""Reports on a loan to a small business: the decision, and the sanction that people must approve."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genie.contracts.report_parts import F, Series, bars, card, chart, facts, letter, lines, rows, section, tiles
from genie_finance.contracts.sme import LIMIT_NAMES, SmeLoanReport, SmeSanctionRequest
from genie_finance.renderers.described import Described, Parts

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import ClassVar

    from genie.contracts.rendering import Section
    from genie_finance.contracts.sme import CashflowScore, SmeLoanOffer, WorkingCapitalForecast

_RECOMMENDED = {"in_principle": "recommended in principle", "decline": "decline"}


class SmeLoanRendered(Described[SmeLoanReport]):
    """Renders ``lending.sme_report``."""

    topics: ClassVar[tuple[str, ...]] = ("lending.sme_report",)
    kind = SmeLoanReport
    parts: ClassVar[Parts] = (
        ("Offer", "offer.grounds"),
        ("Score", "score.grounds"),
        ("Working capital", "working_capital.grounds"),
    )

    def sections(self, payload: SmeLoanReport) -> Iterable[Section | None]:
        """Return the decision and the letter, then the offer and its basis."""
        sanction = payload.sanction
        yield section(
            "Decision",
            tiles(sanction, F("amount", "Sanctioned"), F("emi", "Instalment"), F("annual_rate_percent", "Rate a year",
                "%"),
                  F("tenor_months", "Over", "months")),
            card("Sanction", facts(
                sanction, F("borrower_id", "borrower", "text"), F("reference", unit="text"), F("valid_until"),
            )),
            card("Conditions", lines(sanction.conditions if sanction else ())),
            card("Letter", letter(sanction.letter) if sanction else None, wide=True),
            card("", None if sanction else facts(payload, F("decision"))),
            vital=True,
        )  # fmt: skip
        yield _offer(payload.offer)
        yield _score(payload.score)
        yield _working_capital(payload.working_capital)


class SmeSanctionPage(Described[SmeSanctionRequest]):
    """Renders ``lending.sme_sanction_request`` for its approvers."""

    topics: ClassVar[tuple[str, ...]] = ("lending.sme_sanction_request",)
    kind = SmeSanctionRequest
    parts: ClassVar[Parts] = (("", "offer.grounds"),)

    def headline(self, payload: SmeSanctionRequest) -> str:
        """Return the question, the sum and the applicant."""
        return f"Sanction {payload.offer.amount} to {payload.application.borrower_id}?"

    def sections(self, payload: SmeSanctionRequest) -> Iterable[Section | None]:
        """Return the applicant and the offer."""
        yield section(
            "The applicant",
            tiles(payload.application, F("requested_amount", "Asked for"), F("annual_turnover", "Turnover a year"),
                  F("collateral", "Collateral")),
            card("", facts(
                payload.application, F("borrower_id", "borrower", "text"), F("as_of", "as of"), F("facility"),
                F("sector"),
                F("enterprise"), F("udyam_registered", "Udyam registration"), F("requested_tenor_months", "for",
                    "months"),
                F("projected_turnover", "turnover, next twelve months"), F("gst_filing_regular", "GST returns in time"),
            ), wide=True),
            vital=True,
        )  # fmt: skip
        yield _offer(payload.offer)


def _offer(offer: SmeLoanOffer | None) -> Section | None:
    return None if offer is None else section(
        "Offer",
        tiles(offer, F("amount", "Amount"), F("emi", "Instalment"), F("annual_rate_percent", "Rate a year", "%"),
              F("dscr", "Debt service coverage"), F("tenor_months", "Over", "months")),
        card("Terms", facts(
            offer, F("recommendation", words=_RECOMMENDED), F("apr_percent", "rate with all fees", "%"),
            F("processing_fee"),
            F("guarantee_eligible", "guarantee scheme applies"), F("guarantee_fee_first_year",
                "guarantee fee, first year"),
        )),
        card("Limits of the amount", rows(
            "Lowest limit first", offer.limits, F("name", "limit", words=LIMIT_NAMES), F("most", "at most"),
        )),
        card("Checks", rows(
            "Checks", offer.checks, F("name", "check", "words"), F("passed"), F("status"), F("value", unit="text"),
            F("limit", unit="text"), F("reason", unit="text"), F("detail", unit="text"), F("text", unit="text"),
        ), wide=True),
        vital=True,
    )  # fmt: skip


def _score(score: CashflowScore | None) -> Section | None:
    return None if score is None else section(
        "Cash-flow score",
        tiles(score, F("score", "Score, 300 to 900"), F("grade", "Grade"), F("monthly_inflow", "Inflow per month"),
              F("monthly_outflow", "Outflow per month")),
        bars("signals", "Parts of the score", score.signals, F("name", "measure", "words"),
             F("normalised", "points, 0 to 100"), F("raw", "measured"), F("weight"), F("reason", "why", "text"),
             remark="More points are better."),
        card("The account", facts(
            score, F("months", "whole months"), F("monthly_obligations", "instalments per month"),
            F("bounces", "payments returned"), F("lowest_balance", "lowest balance"),
        )),
    )  # fmt: skip


def _working_capital(found: WorkingCapitalForecast | None) -> Section | None:
    return None if found is None else section(
        "Working capital",
        tiles(found, F("cash_conversion_cycle_days", "Cash conversion cycle", "days"), F("peak_funding_need",
            "Largest need"),
              F("stressed_funding_need", "If customers pay later"), F("drawing_power", "Drawing power")),
        chart("cash", "Cash at the end of each month", found.forecast, Series(
            F("month", unit="month"), (F("end_cash", "cash"),), (),
            (F("revenue"), F("collected"), F("paid_suppliers", "suppliers"),
             F("paid_costs", "costs"), F("net_cashflow", "net"), F("receivables"), F("inventory"), F("payables")),
        )),
        card("Finance by turnover", facts(
            found, F("turnover_limit", "bank finance"), F("turnover_margin", "own share"),
            F("turnover_method_applies", "method applies"), F("runway_months", "cash lasts", "months"),
        )),
    )  # fmt: skip
