"""The cash flow of bank statements: one report for uploaded files, one for data from an account aggregator."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from genie.contracts.report_parts import F, Named, Series, bars, card, chart, facts, lines, rows, section, tiles
from genie_finance.contracts.bulk import BulkAnalysis, BulkReport
from genie_finance.contracts.consent import AaReport
from genie_finance.renderers.described import Described, Parts, category_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import ClassVar

    from genie.contracts.rendering import Section
    from genie_finance.contracts.bulk import Linked
    from genie_finance.contracts.consent import Fetched

_BESIDE = (
    F("complete"), F("own_inflow", "own money in"), F("own_outflow", "own money out"), F("obligations", "loans"),
    F("transactions"), F("returns", "returned"), F("average_balance", "average balance"),
)  # fmt: skip


class BulkStatementsReport(Described[BulkReport]):
    """Renders ``insights.bulk_report``."""

    topics: ClassVar[tuple[str, ...]] = ("insights.bulk_report",)
    kind = BulkReport
    parts: ClassVar[Parts] = (("", "analysis.grounds"),)

    def sections(self, payload: BulkReport) -> Iterable[Section | None]:
        """Return the cash flow."""
        return _cash_flow(payload.analysis)


class AggregatorReport(Described[AaReport]):
    """Renders ``insights.aa_report``."""

    topics: ClassVar[tuple[str, ...]] = ("insights.aa_report",)
    kind = AaReport
    parts: ClassVar[Parts] = (("Consent", "fetched.grounds"), ("Cash flow", "cashflow.grounds"))

    def sections(self, payload: AaReport) -> Iterable[Section | None]:
        """Return the limits of the consent, then the cash flow."""
        yield _consent(payload.fetched)
        yield from _cash_flow(payload.cashflow)


def _consent(fetched: Fetched | None) -> Section | None:
    if fetched is None:
        return None
    told = facts(
        fetched, F("status"), F("consent_id", "consent"), F("masked_account", "account"), F("transactions"),
        F("unread", "transactions that could not be read"), F("delete_by", unit="IST"),
    )  # fmt: skip
    return section(
        "Limits of the consent",
        card("Fetch", told),
        card("Refused", lines(one.text for one in fetched.refusals)),
        vital=True,
    )


def _cash_flow(found: BulkAnalysis | None) -> Iterator[Section | None]:
    if found is None:
        return
    yield section(
        "Cash flow",
        tiles(
            found, F("monthly_average_inflow", "In per month"), F("monthly_average_outflow", "Out per month"),
            F("net_cashflow", "Net of the period"), F("return_count", "Returned unpaid"),
        ),
        chart(
            "months", "Money in and out by month", found.months,
            Series(F("month", unit="month"), (F("inflow", "in"), F("outflow", "out")), (F("net"),), _BESIDE),
            remark="Transfers between the accounts and refunds are netted out.",
        ),
        vital=True,
    )  # fmt: skip
    yield section(
        "Sources and uses of money",
        bars("payers", "Largest payers", found.top_payers, F("name"), F("total"), F("share_percent", "share", "%"),
             F("count", "times"), wide=False),
        bars("spending", "Largest spending", found.top_debit_categories, F("category", words=category_name), F("total"),
             F("share_percent", "share", "%"), F("count", "times"), wide=False),
        card("Regular obligations", rows(
            "Obligations", found.obligations, F("party"), F("kind"), F("cadence", "every"), F("amount", "latest"),
            F("monthly", "per month"), F("last", "last paid"), F("active", "still due"),
        ), wide=True),
        card("Accounts", rows(
            "Accounts", found.accounts, F("account_id", "account", "text"), F("period.start", "from"),
            F("period.end", "to"), F("transactions"), F("credits", "in"), F("debits", "out"), F("closing_balance"),
            F("average_balance"), F("lowest_balance"), F("overdrawn_days"),
        ), wide=True),
    )  # fmt: skip
    yield section(
        "Rows of the statements",
        card("Counts", facts(
            found, F("period.start", "from"), F("period.end", "to"), F("account_count", "accounts"),
            F("transaction_count_raw", "rows read"), F("transaction_count", "rows counted"), F("duplicate_count",
                "duplicates"),
            F("transfer_count", "transfers between the accounts"), F("refund_count", "refunds"),
            F("deposit_return_count", "returned deposited cheques"), F("quarantined_count", "rows not read"),
            F("other_currencies", "other currencies, left out"),
        )),
        card("Rows not read", rows("Rows not read", found.quarantined, F("file"), F("line"), F("reason"))),
        card("Files not read", rows("Files not read", found.unread, F("file"), F("reason"))),
        card("Rows netted out", rows(
            "Rows netted out", _alike(found.links), F("value.kind", "kind"), F("value.amount", "each"),
            F("name", "times"), F("value.why", "why"),
        ), wide=True),
    )  # fmt: skip


def _alike(links: Iterable[Linked]) -> list[Named]:
    """Return one link for all links that look equal to readers, with their number."""
    found = list(links)
    counts = Counter((one.kind, one.amount, one.why) for one in found)
    first = {(one.kind, one.amount, one.why): one for one in reversed(found)}
    return [Named(f"{count:,}", first[alike]) for alike, count in counts.items()]
