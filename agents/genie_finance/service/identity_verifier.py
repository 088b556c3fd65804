"""Identity verifier: checks that the documents of an applicant are valid and consistent."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie.contracts.context import Context
from genie_finance.contracts.grounds import Evidence, Grounds, Reason, RuleEdition, unverified
from genie_finance.contracts.kyc import Applicant, Check, CheckStatus, IdentityCheckRequest, IdentityEvidence
from genie_finance.domain.identifiers import pan, pan_holder
from genie_finance.domain.names import NameMatch, compare, words
from genie_finance.domain.rulebook import edition
from genie_finance.service.tables import KYC, KycRules

ID = "identity_verifier"
_OLDEST = 122
"""Highest age in years that is plausible."""
_Share = Annotated[Decimal, Field(ge=0, le=1)]


class IdentitySettings(BaseModel):
    """Minimum scores for checks, set by the bank, since no rule has any."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    address_at_least: _Share = Decimal("0.80")
    liveness_at_least: _Share = Decimal("0.70")
    face_at_least: _Share = Decimal("0.80")


def verify(applicant: Applicant, settings: IdentitySettings, *, today: datetime.date) -> IdentityEvidence:
    """Return every check on an applicant's documents, in a fixed order; a check without data is ``unknown``.

    Raises:
        InputError: No edition of the rules covers the day.
    """
    found = edition(KYC, on=today)
    names = _names(applicant)
    checks = (
        *_pan(applicant),
        names[0],
        _alike("stated_name", "name stated", "name on the PAN", applicant.name, applicant.name_on_pan)[0],
        _flag("aadhaar", applicant.aadhaar_offline_kyc, "signature of the offline Aadhaar file"),
        _file_age(applicant, found.rules, today),
        _score("address", applicant.address_match_score, settings.address_at_least),
        *_presence(applicant, settings),
        _adult(applicant, found.rules, today),
    )
    return IdentityEvidence(
        customer_id=applicant.customer_id,
        checks=checks,
        name_score=names[1].score,
        grounds=_grounds(applicant, checks, found.said),
    )


def _pan(applicant: Applicant) -> tuple[Check, ...]:
    if applicant.pan_number is None:
        form = _unknown("pan_form", "no PAN was given")
        return (
            form,
            _unknown("pan_holder", form.detail),
            _pan_verified(applicant),
            _unknown("pan_initial", form.detail),
        )
    number = pan(applicant.pan_number)
    if number.fault is not None:
        failed = Check(name="pan_form", status="failed", detail=number.fault)
        return (failed, _unknown("pan_holder", "the PAN cannot be read"), _pan_verified(applicant),
                _unknown("pan_initial", "the PAN cannot be read"))  # fmt: skip
    holder = pan_holder(number.value)
    person = holder == "individual"
    return (
        Check(name="pan_form", status="passed", detail="the PAN is well formed"),
        Check(
            name="pan_holder", status="passed" if person else "failed", detail=f"kind of holder of the PAN: {holder}"
        ),
        _pan_verified(applicant),
        _initial(number.value[4], applicant.name_on_pan),
    )


def _pan_verified(applicant: Applicant) -> Check:
    return _flag("pan_verified", applicant.pan_verified, "PAN and name in the tax authority's records")


def _initial(letter: str, name: str | None) -> Check:
    """Check the fifth character, the surname's first letter; in many names it is unknown which word is the surname."""
    initials = {word[0].upper() for word in words(name or "")}
    if not initials:
        return _unknown("pan_initial", "the name on the PAN is missing")
    fits = letter in initials
    said = f"the PAN's fifth letter, {letter}, is the initial of {'a' if fits else 'no'} word of the name"
    return Check(name="pan_initial", status="passed" if fits else "failed", detail=said)


def _names(applicant: Applicant) -> tuple[Check, NameMatch]:
    return _alike("name_match", "name on the PAN", "name on Aadhaar", applicant.name_on_pan, applicant.name_on_aadhaar)


def _alike(check: str, one: str, other: str, left: str | None, right: str | None) -> tuple[Check, NameMatch]:
    match = compare(left or "", right or "")
    if match.score is None:
        return _unknown(check, f"{one} and {other} cannot be compared: {match.how}"), match
    status: CheckStatus = "passed" if match.likeness == "same" else "failed"
    return Check(name=check, status=status, detail=f"{one} and {other}: {match.score} of 100, {match.how}"), match


def _file_age(applicant: Applicant, rules: KycRules, today: datetime.date) -> Check:
    if applicant.channel is None:
        return _unknown("aadhaar_file_age", "the channel is unknown")
    if applicant.channel != "video":
        return Check(name="aadhaar_file_age", status="passed", detail="only required in a video process")
    if applicant.aadhaar_file_date is None:
        return _unknown("aadhaar_file_age", "the date of the offline file is unknown")
    days = (today - applicant.aadhaar_file_date).days
    status: CheckStatus = "passed" if 0 <= days <= rules.offline_file_days else "failed"
    said = f"the offline file is {days} days old; {rules.offline_file_days} are allowed"
    return Check(name="aadhaar_file_age", status=status, detail=said)


def _presence(applicant: Applicant, settings: IdentitySettings) -> tuple[Check, Check]:
    if applicant.channel == "face_to_face":
        said = "identified face to face"
        return (Check(name="liveness", status="passed", detail=said), Check(name="face", status="passed", detail=said))
    return (
        _score("liveness", applicant.liveness_score, settings.liveness_at_least),
        _score("face", applicant.face_match_score, settings.face_at_least),
    )


def _adult(applicant: Applicant, rules: KycRules, today: datetime.date) -> Check:
    born = applicant.date_of_birth
    if born is None:
        return _unknown("adult", "the date of birth is unknown")
    age = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    if age > _OLDEST:
        return _unknown("adult", f"an age of {age} is implausible, so the date of birth is unknown")
    return Check(name="adult", status="passed" if age >= rules.adult_age else "failed", detail=f"is {age} years old")


def _flag(check: str, value: bool | None, what: str) -> Check:  # noqa: FBT001 - the value that is checked
    if value is None:
        return _unknown(check, f"{what}: not checked yet")
    return Check(
        name=check, status="passed" if value else "failed", detail=f"{what}: {'valid' if value else 'invalid'}"
    )


def _score(check: str, value: Decimal | None, least: Decimal) -> Check:
    if value is None:
        return _unknown(check, "no score was given")
    return Check(name=check, status="passed" if value >= least else "failed", detail=f"{value}; {least} is required")


def _unknown(check: str, detail: str) -> Check:
    return Check(name=check, status="unknown", detail=detail)


def _grounds(applicant: Applicant, checks: tuple[Check, ...], said: RuleEdition) -> Grounds:
    open_checks = [one for one in checks if one.status != "passed"]
    reasons = tuple(Reason(code=f"kyc.{one.name}_{one.status}", text=f"{one.detail}.") for one in open_checks)
    agree = Reason(code="kyc.documents_agree", text="The documents are in order and agree with each other.")
    return Grounds(
        reasons=reasons or (agree,),
        inputs=(
            Evidence(name="customer_id", value=applicant.customer_id),
            Evidence(name="channel", value=applicant.channel or "not known"),
            Evidence(name="documents", value=", ".join(_documents(applicant)) or "none"),
        ),
        editions=(said,),
        uncertainty=(
            "Forms, dates and similarity are checked; whether a number was issued, a file is signed and a face is live "
            "is taken from the services that checked it."
        ),
        caveats=unverified((said,)),
    )


def _documents(applicant: Applicant) -> tuple[str, ...]:
    given = (("PAN", applicant.pan_number), ("offline Aadhaar file", applicant.aadhaar_offline_kyc))
    return tuple(name for name, value in given if value is not None)


@agent(
    id=ID,
    capabilities=("kyc.verify_identity",),
    risk=Risk.HIGH,
    tier=Tier.BETA,
    clearance="confidential",
    concurrency=4,
    settings=IdentitySettings,
    rules=("kyc_in",),
)
async def identity_verifier(request: IdentityCheckRequest, context: Context) -> IdentityEvidence:
    """Checks an applicant's documents: PAN, offline Aadhaar, names, address, presence, age."""
    return verify(request.applicant, context.settings, today=context.now().date())
