"""AML monitor: monthly reports that are due under the PMLA, and drafts of suspicions for the principal officer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie.errors import InputError
from genie_finance.contracts.fraud import AmlCheck, AmlReport, ReportDue, ScreeningHit, SuspicionDraft, Unchecked
from genie_finance.contracts.grounds import Evidence, Grounds, Reason, RuleEdition, caveats_of
from genie_finance.contracts.insufficient import InsufficientData, Lack
from genie_finance.domain.countries import COUNTRIES
from genie_finance.domain.rulebook import edition
from genie_finance.fraud.conversion import Converted, in_rupees
from genie_finance.fraud.moments import Booked, booked
from genie_finance.fraud.reports import Owners, reports_due
from genie_finance.fraud.tables import CALL_FOR_ACTION, PMLA
from genie_finance.fraud.typologies import high_risk_countries, rapid_movement, round_trips, screening, structuring

ID = "aml_monitor"
METHOD = (
    "Reports follow from amounts and dates alone. Suspicions are patterns that also occur in honest business: each is "
    "a draft, and the principal officer decides. Reports go to the FIU within {days} working days of "
    "that decision; the customer must not learn of it."
)


def monitor(check: AmlCheck) -> AmlReport | InsufficientData:
    """Return due reports and drafts of suspicions, or the missing data.

    Raises:
        InputError: No edition of the rules covers a transfer; an account has two owners; the time zone is unknown, or
            two transfers have one id.
    """
    owned, hits = check.owners, check.screening_hits
    transfers = booked(check.transfers, check.timezone)
    if not transfers:
        lack = Lack(what="transfers", needed="the transfers of at least one customer")
        return InsufficientData(agent=ID, question="which reports are required", missing=(lack,))
    by_account = {one.account_id: one for one in owned}
    if len(by_account) != len(owned):
        raise InputError("owners", "contain one account twice", "give each account one owner")
    owners = Owners(by_account)
    given, converted = transfers, in_rupees(transfers)
    transfers = converted.transfers
    suspicions = [
        *structuring(transfers, owners),
        *round_trips(transfers, owners),
        *rapid_movement(transfers, owners),
        *high_risk_countries(transfers, owners),
        *screening(hits or (), transfers, owners),
    ]
    suspicions.sort(key=lambda one: (one.severity != "high", -one.amount.minor, one.typology, one.transaction_ids))
    reports = reports_due(transfers, owners)
    return AmlReport(
        examined=len(transfers),
        reports=reports,
        suspicions=tuple(suspicions),
        unchecked=_unchecked(given, owners, converted, hits),
        grounds=_grounds(check, converted, reports, suspicions),
    )


def _unchecked(
    transfers: Sequence[Booked], owners: Owners, converted: Converted, hits: Sequence[ScreeningHit] | None
) -> tuple[Unchecked, ...]:
    found = []
    wires = sum(one.transfer.channel == "wire" and not COUNTRIES.issuperset(_countries(one)) for one in transfers)
    if wires:
        found.append(Unchecked(check="CBWTR", needs=f"the countries of both sides of {wires:,} wires"))
    nowhere = sum(code not in COUNTRIES for one in transfers for code in _countries(one))
    if nowhere:
        needs = f"{nowhere:,} countries of senders and recipients"
        found.append(Unchecked(check="high_risk_country", needs=needs))
    if converted.unknown:
        needs = f"the equivalent in rupees of {converted.unknown:,} transfers: there is no rate for currency and day"
        found.append(Unchecked(check="amounts", needs=needs))
    if not owners.by_account:
        needs = "owners: every account was treated as a separate customer, and none as a non-profit organisation"
        found.append(Unchecked(check="customers", needs=needs))
    else:
        found += _of_owners(converted.transfers, owners)
    moved = {account for one in transfers for account in (one.transfer.sender, one.transfer.recipient)}
    if still := {hit.account_id for hit in hits or ()} - moved:
        needs = f"transfers of {len(still):,} accounts with screening hits, or their correct ids"
        found.append(Unchecked(check="screening", needs=needs))
    if hits is None:
        found.append(Unchecked(check="screening", needs="hits of a screening of names against sanctions lists"))
    return tuple(found)


def _countries(one: Booked) -> tuple[str | None, str | None]:
    return one.transfer.sender_country, one.transfer.recipient_country


def _of_owners(transfers: Sequence[Booked], owners: Owners) -> Iterator[Unchecked]:
    """Yield the missing facts about the owners of accounts where some owners are given."""
    cash = {
        id_
        for one in transfers
        if one.transfer.channel == "cash"
        for id_ in (one.transfer.sender, one.transfer.recipient)
        if id_ is not None and id_ not in owners.by_account
    }
    if cash:
        needs = f"owners of {len(cash):,} accounts with cash, each treated as a separate customer"
        yield Unchecked(check="customers", needs=needs)
    unknown = {
        one.transfer.recipient
        for one in transfers
        if one.transfer.recipient is not None and _above(one) and owners.non_profit(one.transfer.recipient) is None
    }
    if unknown:
        needs = f"whether {len(unknown):,} accounts that received more than the limit are of non-profit organisations"
        yield Unchecked(check="NTR", needs=needs)


def _above(one: Booked) -> bool:
    """Return whether a receipt would be reportable for a non-profit organisation."""
    rules, amount = edition(PMLA, on=one.day).rules, one.transfer.amount
    return amount.currency == rules.currency and amount.amount > rules.non_profit


def _grounds(
    check: AmlCheck,
    converted: Converted,
    reports: Sequence[ReportDue],
    suspicions: Sequence[SuspicionDraft],
) -> Grounds:
    transfers = converted.transfers
    counted = Counter(f"{one.kind} due" for one in reports) + Counter(
        one.typology.replace("_", " ") for one in suspicions
    )
    reasons = tuple(
        Reason(code=f"aml.{name.lower().replace(' ', '_')}", text=f"{name[:1].upper()}{name[1:]}: {count:,}.")
        for name, count in sorted(counted.items())
    ) or (
        Reason(code="aml.nothing", text=f"No transfer reaches a threshold or a pattern; examined: {len(transfers):,}."),
    )
    editions = _editions(transfers)
    rules = edition(PMLA, on=transfers[-1].day).rules
    return Grounds(
        reasons=reasons,
        inputs=(
            Evidence(name="transfers", value=f"{len(transfers):,}"),
            Evidence(name="from", value=str(transfers[0].day)),
            Evidence(name="to", value=str(transfers[-1].day)),
            Evidence(name="timezone", value=check.timezone),
            *_rates(converted),
        ),
        editions=editions,
        uncertainty=METHOD.format(days=rules.suspicion_working_days),
        caveats=caveats_of(editions),
    )


def _rates(converted: Converted) -> Iterator[Evidence]:
    if converted.converted:
        first, last = converted.days
        text = f"{converted.converted:,} amounts, rates of {first} to {last}: {converted.source}"
        yield Evidence(name="converted to rupees", value=text)


def _editions(transfers: Sequence[Booked]) -> tuple[RuleEdition, ...]:
    """Return the editions used; the list of countries if a country was given."""
    days = {one.day for one in transfers}
    abroad = {one.day for one in transfers if one.transfer.sender_country or one.transfer.recipient_country}
    found = {(said := edition(PMLA, on=day).said).id: said for day in days}
    found |= {(said := edition(CALL_FOR_ACTION, on=day).said).id: said for day in abroad}
    return tuple(found[id_] for id_ in sorted(found))


@agent(
    id=ID,
    executor="thread",
    capabilities=("fraud.monitor_aml",),
    risk=Risk.HIGH,
    tier=Tier.BETA,
    clearance="restricted",
    concurrency=2,
    rules=("pmla_in", "fatf_call_for_action"),
)
def aml_monitor(check: AmlCheck) -> AmlReport | InsufficientData:
    """Finds signs of laundering in India: cash, cross-border and non-profit reports due, structuring, round trips."""
    return monitor(check)
