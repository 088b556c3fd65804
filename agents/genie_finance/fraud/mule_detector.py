"""Mule detector: accounts that pass on other people's money, and the rings they form."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie_finance.contracts.fraud import (
    AccountFacts,
    Level,
    MuleAccount,
    MuleCheck,
    MuleVerdict,
    Ring,
    Signal,
    Unchecked,
)
from genie_finance.contracts.grounds import Evidence, Grounds, Reason
from genie_finance.contracts.insufficient import InsufficientData, Lack
from genie_finance.contracts.money import Money
from genie_finance.domain.collecting import uncollected
from genie_finance.fraud.flows import Account, Passed, accounts_of, passed_on
from genie_finance.fraud.moments import Booked, booked
from genie_finance.fraud.rings import CURRENCY, LEAST_MINOR, rings_of
from genie_finance.fraud.scoring import CARD, METHOD, MOST, MOST_NAMED, NONE, added, worst_first
from genie_finance.fraud.traffic import burst, fan

ID = "mule_detector"
_SHARE = 0.9
_YOUNG_DAYS = 90
WEIGHTS: Mapping[str, Decimal] = {
    "pass_through": Decimal("0.2"),
    "weighty_pass_through": Decimal("0.4"),
    "repeated_pass_through": Decimal("0.6"),
    "fan_in_fan_out": Decimal("0.3"),
    "post_credit_burst": Decimal("0.4"),
    "cash_out": Decimal("0.2"),
    "young_account": Decimal("0.2"),
    "ring_member": Decimal("0.4"),
}
"""Points of each pattern; a repeated or large pass-through has more, and a repeated large one most."""
_WORST_FIRST: tuple[Level, ...] = ("high", "medium")
_WEIGHTY = 0.25
"""Fraction of an account's receipts above which a pass-through is large."""


def detect(check: MuleCheck) -> MuleVerdict | InsufficientData:
    """Return mule accounts and rings, or the missing data.

    Raises:
        InputError: The time zone is unknown, or two transfers have one id.
    """
    with uncollected():
        return _detected(check)


def _detected(check: MuleCheck) -> MuleVerdict | InsufficientData:
    asked = check.account_ids
    facts = {one.account_id: one for one in check.accounts}
    transfers = booked(check.transfers, check.timezone)
    accounts = {id_: one for (id_, currency), one in accounts_of(transfers).items() if currency == CURRENCY}
    lacks = _lacks(transfers, accounts, asked)
    if lacks:
        return InsufficientData(agent=ID, question="mule accounts", missing=lacks)
    shops = frozenset(id_ for id_, one in facts.items() if one.is_business)
    rings = rings_of(transfers, accounts, shops)
    in_rings = {id_: ring for ring in rings for id_ in ring.account_ids}
    chosen = asked if asked is not None else [id_ for id_, one in accounts.items() if one.incoming and one.outgoing]
    abroad = _abroad(transfers)
    signals: list[Signal] = []
    judged = []
    for id_ in sorted(set(chosen)):
        one, why = _judged(accounts[id_], facts.get(id_), in_rings.get(id_), foreign=id_ in abroad)
        judged.append(one)
        signals += why
    found = [one for one in judged if one.patterns or asked is not None]
    found.sort(key=lambda one: (-one.score, -one.received.minor, one.account_id))
    score = max((one.score for one in judged), default=NONE)
    unchecked = _unchecked(transfers, facts, judged)
    labels = {one.label for one in judged}
    worst = max((MOST if one.label == "undetermined" else one.score for one in judged), default=NONE)
    if any(one.check in {"post_credit_burst", "other_currencies"} for one in unchecked):
        worst = MOST
    return MuleVerdict(
        examined=len(judged),
        score=score,
        label=next((one for one in _WORST_FIRST if one in labels), CARD.label(score, worst)),
        accounts=tuple(found),
        signals=worst_first(signals),
        rings=rings,
        unchecked=unchecked,
        grounds=_grounds(check, len(judged), signals, rings),
    )


def _abroad(transfers: Iterable[Booked]) -> frozenset[str]:
    """Return accounts with a transfer in another currency; they are not checked."""
    sides = (
        (one.transfer.sender, one.transfer.recipient) for one in transfers if one.transfer.amount.currency != CURRENCY
    )
    return frozenset(id_ for pair in sides for id_ in pair if id_ is not None)


def _lacks(
    transfers: Sequence[Booked], accounts: Mapping[str, Account], asked: Collection[str] | None
) -> tuple[Lack, ...]:
    if not transfers:
        return (Lack(what="transfers", needed="at least one transfer into or out of the accounts"),)
    if not accounts:
        return (Lack(what="transfers", needed="transfers in rupees from one account to another"),)
    unseen = [id_ for id_ in asked or () if id_ not in accounts]
    return tuple(
        Lack(what=f"transfers of {id_}", needed="at least one transfer of the account in rupees") for id_ in unseen[:20]
    )


def _judged(
    account: Account, facts: AccountFacts | None, ring: Ring | None, *, foreign: bool
) -> tuple[MuleAccount, tuple[Signal, ...]]:
    passes = passed_on(account)
    large = [one for one in passes if one.received.transfer.amount.minor >= LEAST_MINOR and one.share >= _SHARE]
    signals = worst_first(_signals(account, large, facts, ring))
    score = added(one.weight for one in signals)
    timed = all(one.timed for one in (*account.incoming, *account.outgoing))
    worst = score + (0 if timed else WEIGHTS["post_credit_burst"])
    # A missing age must not help: a case that is medium without it, and high for a young account, is high.
    young = WEIGHTS["young_account"] if large and _age_unknown(facts) else NONE
    taken = score + young if score >= CARD.medium else score
    worst = MOST if foreign else worst + young
    received, passed = account.received_minor, sum(one.minor for one in passes)
    found = MuleAccount(
        account_id=account.id,
        score=score,
        label=CARD.label(taken, worst),
        received=Money(minor=received, currency=account.currency),
        passed_on=Money(minor=passed, currency=account.currency),
        pass_through_ratio=(Decimal(passed) / received).quantize(Decimal("0.0001")) if received else NONE,
        payers=len({one.transfer.sender for one in account.incoming}),
        payees=len({one.transfer.recipient for one in account.outgoing}),
        patterns=tuple(one.pattern for one in signals),
    )
    return found, signals


def _age_unknown(facts: AccountFacts | None) -> bool:
    return facts is None or facts.opened is None


def _signals(
    account: Account, large: Sequence[Passed], facts: AccountFacts | None, ring: Ring | None
) -> Iterator[Signal]:
    if large:
        yield from _pass_through(account, large, facts)
    if not (facts is not None and facts.is_business) and (window := fan(account)):
        yield _signal("fan_in_fan_out", "medium", account, window, "at least five payers and five payees within a week")
    rush = burst(account)
    if rush:
        text = f"{len(rush) - 1} payments within an hour of a receipt of {rush[0].transfer.amount}"
        yield _signal("post_credit_burst", "high", account, rush, text)
    if ring is not None:
        yield _signal("ring_member", "high", account, (), f"belongs to {ring.ring_id}: {ring.reason}")


def _pass_through(account: Account, large: Sequence[Passed], facts: AccountFacts | None) -> Iterator[Signal]:
    rows = [row for one in large for row in (one.received, *one.onward)]
    total = Money(minor=sum(one.minor for one in large), currency=account.currency)
    repeated, weighty = len(large) > 1, total.minor >= _WEIGHTY * account.received_minor
    text = f"{len(large)} receipt{'s' if repeated else ''} were passed on by 90 percent within a day: {total}"
    names = ("pass_through", "weighty_pass_through", "repeated_pass_through")
    severities = ("low", "medium", "high")
    rank = repeated + weighty
    yield _signal("pass_through", severities[rank], account, rows, text, weight=WEIGHTS[names[rank]])
    cash = sum(row.transfer.amount.minor for one in large for row in one.onward if row.transfer.channel == "cash")
    if 2 * cash >= total.minor:
        yield _signal("cash_out", "medium", account, rows, "most of the money that was passed on was withdrawn in cash")
    first = min(one.received.day for one in large)
    if facts is not None and facts.opened is not None and (first - facts.opened).days < _YOUNG_DAYS:
        text = f"opened {(first - facts.opened).days} days before the first money passed through"
        yield _signal("young_account", "medium", account, rows[:1], text)


def _signal(
    pattern: str, severity: str, account: Account, rows: Iterable[Booked], text: str, *, weight: Decimal | None = None
) -> Signal:
    ids = tuple(dict.fromkeys(one.transfer.transaction_id for one in rows))
    return Signal.model_validate(
        {
            "pattern": pattern, "severity": severity, "weight": WEIGHTS[pattern] if weight is None else weight,
            "reason": f"Account {account.id}: {text.rstrip('.')}.", "account_id": account.id,
            "transaction_ids": ids[:MOST_NAMED],
        }
    )  # fmt: skip


def _unchecked(
    transfers: Sequence[Booked], facts: Mapping[str, AccountFacts], judged: Iterable[MuleAccount]
) -> tuple[Unchecked, ...]:
    found = []
    dates = sum(not one.timed for one in transfers)
    if dates:
        needs = f"times of {dates:,} transfers that have only a date: checks by the hour are not possible"
        found.append(Unchecked(check="post_credit_burst", needs=needs))
    unknown = sum("pass_through" in one.patterns and _age_unknown(facts.get(one.account_id)) for one in judged)
    if unknown:
        needs = f"the opening dates of {unknown:,} accounts that pass money on"
        found.append(Unchecked(check="young_account", needs=needs))
    foreign = sum(one.transfer.amount.currency != CURRENCY for one in transfers)
    if foreign:
        found.append(
            Unchecked(check="other_currencies", needs=f"rupees: {foreign:,} transfers are in other currencies")
        )
    return tuple(found)


def _grounds(check: MuleCheck, examined: int, signals: Sequence[Signal], rings: Sequence[Ring]) -> Grounds:
    patterns = Counter(one.pattern for one in signals)
    reasons = [
        Reason(code=f"fraud.{pattern}", text=f"{count:,} accounts show {pattern.replace('_', ' ')}.")
        for pattern, count in sorted(patterns.items())
    ]
    reasons += [Reason(code="fraud.ring", text=ring.reason) for ring in rings]
    if not reasons:
        reasons = [
            Reason(code="fraud.no_pattern", text=f"No account shows a pattern of mules; examined: {examined:,}.")
        ]
    inputs = (
        Evidence(name="transfers", value=f"{len(check.transfers):,}"),
        Evidence(name="accounts judged", value=f"{examined:,}"),
        Evidence(name="timezone", value=check.timezone),
    )
    caveats = (
        "Balances are unknown, so a bill paid from savings on the day of a large receipt looks like a pass-through.",
    )
    return Grounds(reasons=tuple(reasons), inputs=inputs, editions=(), uncertainty=METHOD, caveats=caveats)


@agent(
    id=ID,
    executor="thread",
    capabilities=("fraud.detect_mules",),
    risk=Risk.HIGH,
    tier=Tier.BETA,
    clearance="restricted",
    concurrency=2,
    libraries={"networkx": "genie-bus[catalogue]"},
)
def mule_detector(check: MuleCheck) -> MuleVerdict | InsufficientData:
    """Finds mule accounts: pass-through within a day, fan-in, fan-out, bursts after a receipt, rings, round trips."""
    return detect(check)
