"""Synthetic identity detector: applicants invented from real and false data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Literal

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie_finance.contracts.fraud import (
    Level,
    Severity,
    Signal,
    SyntheticIdentityCheck,
    SyntheticIdentityVerdict,
    Unchecked,
)
from genie_finance.contracts.grounds import Evidence, Grounds, Reason
from genie_finance.contracts.insufficient import InsufficientData, Lack
from genie_finance.domain.names import scripts
from genie_finance.fraud.likeness import same_person, words_of
from genie_finance.fraud.scoring import CARD, METHOD, added, worst_first

ID = "synthetic_identity_detector"
WEIGHTS: Mapping[str, tuple[Severity, Decimal]] = MappingProxyType(
    {
        "thin_file": ("high", Decimal("0.3")),
        "address_velocity": ("high", Decimal("0.3")),
        "name_mismatch": ("high", Decimal("0.25")),
        "pan_format": ("high", Decimal("0.3")),
        "pan_holder": ("medium", Decimal("0.2")),
        "pan_initial": ("medium", Decimal("0.2")),
        "disposable_email": ("medium", Decimal("0.15")),
        "new_phone": ("medium", Decimal("0.2")),
        "shared_phone": ("medium", Decimal("0.2")),
        "shared_device": ("medium", Decimal("0.15")),
        "shared_bank_account": ("high", Decimal("0.25")),
    }
)
"""Severity and points of each pattern."""
_DISPOSABLE = frozenset(
    ("mailinator.com", "tempmail.com", "temp-mail.org", "10minutemail.com", "yopmail.com", "guerrillamail.com",
     "trashmail.com", "sharklasers.com", "maildrop.cc", "getnada.com")
)  # fmt: skip
_THIN_MONTHS, _ADULT = 12, 25
_ADDRESS, _PHONE_DAYS = 3, 30
_PHONES, _DEVICES, _ACCOUNTS = 2, 3, 1
_ACTIONS: Mapping[Level, Literal["proceed", "ask_for_more", "enhanced_diligence", "manual_review"]] = MappingProxyType(
    {"low": "proceed", "undetermined": "ask_for_more", "medium": "enhanced_diligence", "high": "manual_review"}
)
_FIELDS = tuple(name for name in SyntheticIdentityCheck.model_fields if name != "applicant_id")


def detect(check: SyntheticIdentityCheck) -> SyntheticIdentityVerdict | InsufficientData:
    """Return the strength of the signs of a synthetic identity; missing data is requested and never counts as good."""
    if all(getattr(check, name) is None for name in _FIELDS):
        missing = tuple(Lack(what=name, needed="its value; 0 if a count is zero") for name in _FIELDS)
        return InsufficientData(agent=ID, question="whether the identity is invented", missing=missing)
    signals: list[Signal] = []
    unchecked: list[Unchecked] = []
    for pattern, judge in _CHECKS.items():
        result = judge(check)
        severity, weight = WEIGHTS[pattern]
        if result is None:
            unchecked.append(Unchecked(check=pattern, needs=_NEEDS[pattern]))
        elif result:
            signals.append(Signal(pattern=pattern, severity=severity, weight=weight, reason=result))
    score = added(one.weight for one in signals)
    worst = added((score, *(WEIGHTS[one.check][1] for one in unchecked)))
    label = CARD.label(score, worst)
    return SyntheticIdentityVerdict(
        applicant_id=check.applicant_id,
        score=score,
        worst_score=worst,
        label=label,
        recommendation=_ACTIONS[label],
        signals=worst_first(signals),
        unchecked=tuple(unchecked),
        grounds=_grounds(check, signals),
    )


def _thin_file(check: SyntheticIdentityCheck) -> str | None:
    if check.age is not None and check.age < _ADULT:
        return ""
    if check.age is None or check.bureau_tenure_months is None:
        # A long history clears the identity at any age.
        return "" if check.bureau_tenure_months is not None and check.bureau_tenure_months >= _THIN_MONTHS else None
    thin = check.bureau_tenure_months < _THIN_MONTHS
    return f"Aged {check.age}, with a bureau record of {check.bureau_tenure_months} months." if thin else ""


def _names(check: SyntheticIdentityCheck) -> str | None:
    if check.name_on_pan is None or check.name_on_aadhaar is None:
        return None
    if scripts(words_of(check.name_on_pan)).isdisjoint(scripts(words_of(check.name_on_aadhaar))):
        return None  # one in Devanagari, say, and one in Latin letters: nothing can be said of them
    same = same_person(check.name_on_pan, check.name_on_aadhaar)
    return "" if same else "The names on PAN and Aadhaar are of different people."


def _pan(check: SyntheticIdentityCheck) -> str | None:
    """Return the PAN in normal form, empty if it is not valid; without the register only its form can be checked."""
    from stdnum.exceptions import ValidationError  # noqa: PLC0415 - needed by applications alone
    from stdnum.in_ import pan  # noqa: PLC0415 - the same

    if check.pan_number is None:
        return None
    try:
        return str(pan.validate(check.pan_number.strip().upper()))
    except ValidationError:
        return ""


def _pan_format(check: SyntheticIdentityCheck) -> str | None:
    found = _pan(check)
    return "The PAN does not have the form of a PAN." if found == "" else found and ""


def _pan_holder(check: SyntheticIdentityCheck) -> str | None:
    """Check the fourth character: P is a person."""
    found = _pan(check)
    return "The PAN is not of an individual." if found and found[3] != "P" else found and ""


def _pan_initial(check: SyntheticIdentityCheck) -> str | None:
    """Check the fifth character: the initial of the surname, which may be any word of an Indian name."""
    found = _pan(check)
    name = check.name_on_pan or check.name_on_aadhaar
    if found is None or name is None:
        return None
    meets = not found or any(word[0].upper() == found[4] for word in words_of(name))
    if meets and found and check.name_on_pan is None:
        return None  # the number is given with the name on the PAN, which may be another
    return "" if meets else "No part of the name starts with the fifth character of the PAN."


def _email(check: SyntheticIdentityCheck) -> str | None:
    if check.email_domain is None:
        return None
    domain = check.email_domain.strip().lower().rpartition("@")[2].rstrip(".")
    thrown = any(domain == one or domain.endswith(f".{one}") for one in _DISPOSABLE)
    return "The mail address is from a service for disposable addresses." if thrown else ""


def _new_phone(check: SyntheticIdentityCheck) -> str | None:
    if check.phone_age_days is not None and check.phone_age_days >= _PHONE_DAYS:
        return ""
    if check.bureau_tenure_months is not None and check.bureau_tenure_months >= _THIN_MONTHS:
        return ""
    if check.phone_age_days is None or check.bureau_tenure_months is None:
        return None
    return f"The phone number is {check.phone_age_days} days old, and the bureau has few records of it."


def _count(name: str, most: int, text: str) -> Callable[[SyntheticIdentityCheck], str | None]:
    def judge(check: SyntheticIdentityCheck) -> str | None:
        found: int | None = getattr(check, name)
        return None if found is None else text.format(found) if found >= most else ""

    return judge


_CHECKS: Mapping[str, Callable[[SyntheticIdentityCheck], str | None]] = MappingProxyType(
    {
        "thin_file": _thin_file,
        "address_velocity": _count("address_velocity", _ADDRESS, "{} others gave this address within ninety days."),
        "name_mismatch": _names,
        "pan_format": _pan_format,
        "pan_holder": _pan_holder,
        "pan_initial": _pan_initial,
        "disposable_email": _email,
        "new_phone": _new_phone,
        "shared_phone": _count("phone_shared_with", _PHONES, "{} others use this phone number."),
        "shared_device": _count("device_shared_with", _DEVICES, "{} others use this device."),
        "shared_bank_account": _count("bank_account_shared_with", _ACCOUNTS, "{} others use this bank account."),
    }
)
"""Result of each check: a reason, an empty text, or None if its data is missing."""
_NEEDS: Mapping[str, str] = MappingProxyType(
    {
        "thin_file": "age and bureau_tenure_months", "address_velocity": "address_velocity",
        "name_mismatch": "name_on_pan and name_on_aadhaar in one script", "pan_format": "pan_number",
        "pan_holder": "pan_number",
        "pan_initial": "pan_number and name_on_pan", "disposable_email": "email_domain",
        "new_phone": "phone_age_days and bureau_tenure_months", "shared_phone": "phone_shared_with",
        "shared_device": "device_shared_with", "shared_bank_account": "bank_account_shared_with",
    }
)  # fmt: skip


def _grounds(check: SyntheticIdentityCheck, signals: list[Signal]) -> Grounds:
    reasons = tuple(Reason(code=f"synthetic.{one.pattern}", text=one.reason) for one in worst_first(signals)) or (
        Reason(code="synthetic.no_pattern", text="The known data shows no sign of a synthetic identity."),
    )
    # Names and numbers of people are not repeated: the list of given fields shows the basis of the judgement.
    inputs = tuple(
        Evidence(name=name, value=str(value) if isinstance(value, int) else "given")
        for name in _FIELDS
        if (value := getattr(check, name)) is not None
    )
    caveats = ("The PAN's form was checked, but not the register of the tax department.",)
    return Grounds(reasons=reasons, inputs=inputs, editions=(), uncertainty=METHOD, caveats=caveats)


@agent(
    id=ID,
    capabilities=("fraud.detect_synthetic_identity",),
    risk=Risk.HIGH,
    tier=Tier.BETA,
    clearance="restricted",
    concurrency=4,
)
async def synthetic_identity_detector(check: SyntheticIdentityCheck) -> SyntheticIdentityVerdict | InsufficientData:
    """Judges applicants: thin files, names, PAN, phone, mail, and data shared with others."""
    return detect(check)
