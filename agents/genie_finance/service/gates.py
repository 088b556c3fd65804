"""The gates of an account: each is passed or failed, and no gate outweighs another.

A failed gate decides the application; a gate without an answer makes it incomplete.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from genie_finance.contracts.kyc import Applicant, Check, CheckStatus, Gate, KycCase, Outcome, Tier
from genie_finance.contracts.screening import ListKind, ScreeningResult
from genie_finance.domain.countries import COUNTRIES
from genie_finance.service.tables import KycRules

DOCUMENTS: Mapping[str, Outcome] = MappingProxyType(
    {
        "pan_form": "reject",
        "pan_holder": "reject",
        "pan_verified": "reject",
        "pan_initial": "enhanced_diligence",
        "name_match": "enhanced_diligence",
        "stated_name": "enhanced_diligence",
        "aadhaar": "reject",
        "aadhaar_file_age": "incomplete",
        "address": "enhanced_diligence",
        "liveness": "enhanced_diligence",
        "face": "enhanced_diligence",
        "adult": "enhanced_diligence",
    }
)
"""Check on documents -> result of a failure.

An invalid number or signature is returned to the applicant; a person must review contradictions.
"""

RANK: tuple[Outcome, ...] = ("approve", "incomplete", "enhanced_diligence", "reject")
"""From best to worst; the worst gate decides an application."""
_NO_LIST = "no real list of {} was searched"
_LEVELS: tuple[Tier, ...] = ("low", "medium", "high")


class Lists(NamedTuple):
    """Countries, by the lists in force."""

    call_for_action: frozenset[str]
    monitored: frozenset[str]


class Judged(NamedTuple):
    """A gate, and the lowest risk category that it allows."""

    gate: Gate
    tier: Tier
    curable: bool = False
    """True if completed enhanced diligence opens the gate."""


def judged(case: KycCase, rules: KycRules, lists: Lists) -> tuple[Judged, ...]:
    """Return every gate in a fixed order."""
    return (
        *_documents(case),
        _synthetic(case),
        _sanctions(_screened(case), _unscreened(case)),
        _adverse(_screened(case), _unscreened(case)),
        _exposed(case),
        *_countries(case.applicant, lists),
        _channel(case.applicant, rules),
        _occupation(case.applicant),
    )


def worst(outcomes: tuple[Outcome, ...]) -> Outcome:
    """Return the result of an application."""
    return max(outcomes, key=RANK.index, default="incomplete")


def highest(tiers: tuple[Tier, ...]) -> Tier:
    """Return the highest of some risk categories."""
    return max(tiers, key=_LEVELS.index, default="high")


def _documents(case: KycCase) -> tuple[Judged, ...]:
    given: dict[str, Check] = {} if case.identity is None else {one.name: one for one in case.identity.checks}
    found = []
    for name, failing in DOCUMENTS.items():
        check = given.get(name)
        if check is None:
            found.append(_unknown(name, "the identity check is missing"))
        else:
            found.append(Judged(_gate(name, check.status, failing, check.detail), "low"))
    return tuple(found)


def _synthetic(case: KycCase) -> Judged:
    verdict = case.synthetic
    if verdict is None:
        return _unknown("synthetic_identity", "the check for an invented identity has no verdict")
    said = f"score {verdict.score}, {verdict.label}"
    if verdict.label == "undetermined":
        return _unknown("synthetic_identity", f"{said}: too little is known about the applicant")
    if verdict.label == "low":
        return Judged(_gate("synthetic_identity", "passed", "approve", said), "low")
    tier: Tier = "high" if verdict.label == "high" else "medium"
    return Judged(_gate("synthetic_identity", "failed", "enhanced_diligence", said), tier)


def _screened(case: KycCase) -> ScreeningResult | None:
    """Return the screening, or None if none of the names could be compared: the applicant is then not screened."""
    found = case.screening
    return None if found is None or found.status == "undetermined" else found


def _unscreened(case: KycCase) -> str:
    if case.screening is None:
        return "the applicant was not screened against the lists"
    if not any(one.real for one in case.screening.lists):
        return "no real list is configured: the searched one is invented and clears nobody"
    if "sanctions" not in case.screening.searched:
        return _NO_LIST.format("sanctions")
    return "the names given cannot be compared with the lists: the full name is needed, in their script"


def _sanctions(result: ScreeningResult | None, why: str) -> Judged:
    if result is None:
        return _unknown("sanctions", why)
    strong, possible = _hits(result, "sanctions", "strong"), _hits(result, "sanctions", "possible")
    if strong:
        said = f"{strong} entries of a sanctions list match in name and date of birth or number"
        return Judged(_gate("sanctions", "failed", "reject", said), "high")
    if possible:
        said = f"{possible} entries of a sanctions list have a similar name; a person must clear or confirm them"
        return Judged(_gate("sanctions", "failed", "enhanced_diligence", said), "high")
    if "sanctions" not in result.searched:
        return _unknown("sanctions", _NO_LIST.format("sanctions"))
    said = "no entry of a sanctions list"
    discounted = _hits(result, "sanctions", "discounted")
    if discounted:
        said = f"{discounted} entries with that name, but none with the verified date of birth"
    return Judged(_gate("sanctions", "passed", "approve", said), "low")


def _adverse(result: ScreeningResult | None, why: str) -> Judged:
    if result is None:
        return _unknown("adverse_reports", why)
    found = _hits(result, "adverse", "strong") + _hits(result, "adverse", "possible")
    if found:
        said = f"{found} adverse reports with that name"
        return Judged(_gate("adverse_reports", "failed", "enhanced_diligence", said), "high")
    if "adverse" not in result.searched:
        return _unknown("adverse_reports", _NO_LIST.format("adverse reports"))
    return Judged(_gate("adverse_reports", "passed", "approve", "no adverse report"), "low")


def _exposed(case: KycCase) -> Judged:
    found = 0
    screened = _screened(case)
    if screened is not None:
        found = _hits(screened, "pep", "strong") + _hits(screened, "pep", "possible")
    if case.applicant.pep_declared or found:
        said = (
            "self-declared as politically exposed"
            if case.applicant.pep_declared
            else f"{found} entries of exposed persons"
        )
        return Judged(_gate("political_exposure", "failed", "enhanced_diligence", said), "high", curable=True)
    if case.applicant.pep_declared is None or screened is None:
        return _unknown("political_exposure", "a declaration or the screening is missing")
    if "pep" not in screened.searched:
        return _unknown("political_exposure", _NO_LIST.format("politically exposed persons"))
    return Judged(_gate("political_exposure", "passed", "approve", "neither declared nor listed"), "low")


def _countries(applicant: Applicant, lists: Lists) -> tuple[Judged, ...]:
    pairs = (("residence", applicant.country_of_residence), ("nationality", applicant.nationality))
    return tuple(_country(name, code, lists) for name, code in pairs)


def _country(name: str, code: str | None, lists: Lists) -> Judged:
    if code is None:
        return _unknown(name, "the country is unknown")
    if code not in COUNTRIES:
        return _unknown(name, f"{code} is not a country code")
    if code in lists.call_for_action:
        said = f"{code} is on the FATF's call for action"
        return Judged(_gate(name, "failed", "enhanced_diligence", said), "high", curable=True)
    if code in lists.monitored:
        said = f"{code} is under the FATF's increased monitoring"
        return Judged(_gate(name, "passed", "approve", said), "medium")
    return Judged(_gate(name, "passed", "approve", f"{code} is on no list of the FATF"), "low")


def _channel(applicant: Applicant, rules: KycRules) -> Judged:
    if applicant.channel is None:
        return _unknown("channel", "the channel is unknown")
    if applicant.channel == "digital" and rules.digital_channel_is_high_risk:
        said = "met neither at a branch nor by video"
        return Judged(_gate("channel", "failed", "enhanced_diligence", said), "high", curable=True)
    return Judged(_gate("channel", "passed", "approve", applicant.channel.replace("_", " ")), "low")


def _occupation(applicant: Applicant) -> Judged:
    if applicant.occupation_high_risk is None:
        return _unknown("occupation", "it is unknown whether the occupation has a high risk")
    risky = applicant.occupation_high_risk
    said = "of high risk according to the bank's list" if risky else "not of high risk according to the bank's list"
    return Judged(_gate("occupation", "passed", "approve", said), "medium" if risky else "low")


def _hits(result: ScreeningResult, kind: ListKind, strength: str) -> int:
    return sum(1 for one in result.matches if one.kind == kind and one.strength == strength)


def _gate(name: str, status: CheckStatus, failing: Outcome, reason: str) -> Gate:
    outcomes: dict[CheckStatus, Outcome] = {"passed": "approve", "unknown": "incomplete", "failed": failing}
    return Gate(name=name, status=status, outcome=outcomes[status], reason=reason)


def _unknown(name: str, reason: str) -> Judged:
    return Judged(_gate(name, "unknown", "incomplete", reason), "low")
