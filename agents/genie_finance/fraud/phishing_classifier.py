"""Phishing classifier: links, messages and payment addresses that try to steal money."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from decimal import Decimal
from types import MappingProxyType

import re2

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie.contracts.context import Context
from genie_finance.contracts.fraud import PhishingCheck, PhishingVerdict, Severity, Signal
from genie_finance.contracts.grounds import Evidence, Grounds, Reason, unverified
from genie_finance.domain.rulebook import edition
from genie_finance.fraud.hosts import Finding, findings, host_of, official, targets
from genie_finance.fraud.scoring import CARD, METHOD, NONE, added, worst_first
from genie_finance.fraud.tables import PHISHING, PhishingRules
from genie_finance.fraud.wording import plain, said, visible

ID = "phishing_classifier"
WEIGHTS: Mapping[str, tuple[Severity, Decimal]] = MappingProxyType(
    {
        "script_link": ("high", Decimal("0.7")),
        "ip_host": ("high", Decimal("0.7")),
        "poses_as_brand": ("high", Decimal("0.5")),
        "at_sign": ("medium", Decimal("0.3")),
        "encoded_host": ("medium", Decimal("0.3")),
        "foreign_letters": ("medium", Decimal("0.3")),
        "look_alike_letters": ("medium", Decimal("0.2")),
        "no_host": ("low", Decimal("0.2")),
        "many_levels": ("low", Decimal("0.2")),
        "shortener": ("low", Decimal("0.2")),
        "open_redirect": ("medium", Decimal("0.4")),
        "asks_credentials": ("high", Decimal("0.5")),
        "pay_to_receive": ("high", Decimal("0.5")),
        "remote_control": ("high", Decimal("0.5")),
        "promises_prize": ("medium", Decimal("0.4")),
        "kyc_pretext": ("medium", Decimal("0.3")),
        "digital_arrest": ("high", Decimal("0.5")),
        "utility_threat": ("high", Decimal("0.4")),
        "advance_fee": ("medium", Decimal("0.4")),
        "false_friend": ("medium", Decimal("0.4")),
        "lure": ("medium", Decimal("0.4")),
        "task_job": ("medium", Decimal("0.4")),
        "urgency": ("low", Decimal("0.2")),
        "service_address": ("medium", Decimal("0.4")),
        "malformed_vpa": ("medium", Decimal("0.4")),
        "unknown_handle": ("low", Decimal("0.2")),
    }
)
"""Severity and points of each pattern; a pattern counts once, however often it occurs."""
_MOST_LINKS = 20
_LINK = re2.compile(r"(?i)(?:https?://|www\.)[^\s<>\"']+|\b(?:[a-z0-9-]+\.)+[a-z]{2,24}\b(?:/[^\s<>\"']*)?")
_SERVICE = re2.compile(r"refund|cashback|kyc|helpdesk|support|customercare|lottery|reward|lucky|prize")
_WRITTEN_VPA = re2.compile(r"([a-z0-9._-]{2,256}@([a-z]{2,64}))(?:[^a-z0-9.@-]|\.(?:\s|$)|$)")
_VPA = re2.compile(r"^[a-z0-9._-]{2,256}@[a-z0-9.-]{2,64}$")


def classify(check: PhishingCheck, *, on: datetime.date) -> PhishingVerdict:
    """Return signs of phishing.

    Args:
        check: A link, a text, a payment address, or several of them from one message.
        on: The day, for the edition of the lists.

    Raises:
        InputError: No edition covers the day.
    """
    found = edition(PHISHING, on=on)
    rules = found.rules
    seen: dict[str, Finding] = {}
    vouched = []
    if check.url is not None:
        vouched.append(_link(seen, check.url, rules))
    if check.text is not None:
        _take(seen, said(check.text))
        for link in _links(check.text):
            _link(seen, link, rules)
        for vpa in _addresses(check.text, rules):
            _take(seen, tuple(_address(vpa, rules)))
        vouched.append(False)
    if check.upi_vpa is not None:
        _take(seen, tuple(_address(check.upi_vpa, rules)))
        vouched.append(False)  # anyone can get an address of a known handle
    signals = worst_first(
        Signal(pattern=one.pattern, severity=WEIGHTS[one.pattern][0], weight=WEIGHTS[one.pattern][1], reason=one.reason)
        for one in seen.values()
    )
    score = added(one.weight for one in signals)
    quiet = "safe" if all(vouched) and score == NONE else "unverified"
    label = "phishing" if score >= CARD.high else "suspicious" if score >= CARD.medium else quiet
    reasons = tuple(Reason(code=f"phishing.{one.pattern}", text=one.reason) for one in signals)
    calm = "Known to be official." if quiet == "safe" else "No warning signs, but not a known official source."
    said_edition = (found.said,)
    caveats = (*unverified(said_edition), "A known handle or domain does not show who receives the money.")
    return PhishingVerdict.model_validate(
        {
            "score": score,
            "label": label,
            "signals": signals,
            "grounds": Grounds(
                reasons=reasons or (Reason(code=f"phishing.{quiet}", text=calm),),
                inputs=tuple(_given(check)),
                editions=said_edition,
                uncertainty=METHOD,
                caveats=caveats,
            ),
        }
    )


def _link(seen: dict[str, Finding], url: str, rules: PhishingRules) -> bool:
    """Collect the warning signs of a link and its redirect targets; return whether it is known to be official."""
    vouched, first = True, True
    for one in (url, *targets(url)):
        host = host_of(one)
        _take(seen, findings(host, rules))
        own = official(host, rules)
        if not first and not own:
            _take(seen, (Finding("open_redirect", "The link contains an address to which it may redirect."),))
        vouched, first = vouched and own and (first or bool(host.name)), False
    return vouched


def _take(seen: dict[str, Finding], found: Iterator[Finding] | tuple[Finding, ...]) -> None:
    for one in found:
        seen.setdefault(one.pattern, one)


def _links(text: str) -> Iterator[str]:
    for count, match in enumerate(_LINK.finditer(visible(text))):
        if count == _MOST_LINKS:
            return
        yield match.group().rstrip(".,;:!?)")


def _addresses(text: str, rules: PhishingRules) -> Iterator[str]:
    """Yield payment addresses of known handles in a text; other words with an @ may be e-mail addresses."""
    for count, match in enumerate(_WRITTEN_VPA.finditer(plain(text))):
        if count == _MOST_LINKS:
            return
        if match.group(2) in rules.handles:
            yield match.group(1)


def _address(vpa: str, rules: PhishingRules) -> Iterator[Finding]:
    """Yield the warning signs of a payment address."""
    written = plain(vpa)
    if not _VPA.match(written):
        yield Finding("malformed_vpa", "This is not a payment address: it needs a name, an @ and a handle.")
        return
    local, _, handle = written.partition("@")
    if _SERVICE.search(local):
        yield Finding(
            "service_address", "The name promises a refund or a service; such addresses do not collect money."
        )
    if handle not in rules.handles:
        yield Finding("unknown_handle", "No known app or bank assigns this handle.")


def _given(check: PhishingCheck) -> Iterator[Evidence]:
    for name in ("url", "text", "upi_vpa"):
        value: str | None = getattr(check, name)
        if value is not None:
            yield Evidence(name=name, value=f"{len(value):,} characters" if name == "text" else value)


@agent(
    id=ID,
    capabilities=("fraud.classify_phishing",),
    risk=Risk.MEDIUM,
    tier=Tier.BETA,
    clearance="restricted",
    concurrency=4,
    rules=("phishing_in",),
    libraries={"tldextract": "genie-bus[catalogue]"},
)
async def phishing_classifier(check: PhishingCheck, context: Context) -> PhishingVerdict:
    """Judges links, messages and UPI addresses: false brands, hidden hosts, requests for codes, unknown handles."""
    return classify(check, on=context.now().date())
