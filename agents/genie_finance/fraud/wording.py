"""Wording of phishing messages: whole words and phrases in English, Hindi and both mixed."""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Mapping
from types import MappingProxyType

import re2

from genie_finance.fraud.hosts import Finding

_CODE = r"(?:otp|o\.t\.p|one[- ]time (?:password|pin|code)|password|passcode|m?pin|upi pin|atm pin|cvv|card number)"
_ASK = (
    r"(?:share|send|tell|give|provide|enter|submit|confirm|verify|forward|reply with|"
    r"bata(?:ye|yein|o|iye)?|bhej(?:e|ein|o|iye)?)"
)
FAMILIES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "asks_credentials": (
            rf"\b{_ASK} (?:us |me |with us |your |the |aapka |apna |apni |this |aadhaar |upi ){{0,4}}{_CODE}\b",
            rf"\b{_CODE} (?:share|bata(?:ye|yein|o|iye)|bhej(?:e|ein|o|iye)|de dijiye)\b",
            r"ओटीपी (?:बताएं|बताइए|भेजें|साझा करें|शेयर करें)",
        ),
        "urgency": (
            r"\b(?:urgent|urgently|immediately|expires? today|act now|verify now|final notice|last chance)\b",
            r"\b(?:turant|jaldi)\b",
            r"\b(?:account|a/c|card|yono) (?:is |has been |will be |has )?(?:blocked|suspended|closed|frozen)\b",
            r"\bwithin (?:24|12|two|2) hours\b",
            r"तुरंत|खाता बंद",
        ),
        "promises_prize": (
            r"\b(?:you have won|you won|lottery|lucky draw|free reward|jackpot|inaam)\b",
            r"\bclaim (?:your |the )?(?:prize|reward)\b",
            r"इनाम|लॉटरी",
        ),
        "kyc_pretext": (
            r"\b(?:re-?kyc|kyc (?:is |has |will be |your )?(?:updat(?:e|ed|ion)|expir(?:ing|ed|es|e)))\b",
            r"\bkyc (?:is |has been |will be )?(?:deactivated|pending|suspended)\b",
            r"\b(?:update|complete|verify|link) (?:your |the |you )?(?:kyc|pan|aadhaar)\b",
            r"\bdocuments? (?:has |have |is |are )?(?:been )?expired\b",
            r"केवाईसी",
        ),
        "remote_control": (r"\b(?:anydesk|teamviewer|quicksupport|rustdesk|screen ?share)\b",),
        "pay_to_receive": (r"\b(?:enter|use) (?:your |the )?(?:upi )?pin to (?:receive|get|accept)\b",),
    }
)
"""Patterns by family; each family counts once."""
_WARNING = (
    rf"\b(?:do not|don't|dont|never|not to|without|na|mat|kabhi na) (?:ever |please )?{_ASK}"
    rf" (?:us |me |with us |your |the |aapka |apna |apni |this ){{0,4}}"
    rf"{_CODE}(?:(?:,| or| and|/) ?{_CODE}){{0,5}}\b"
)
_TEXTS = MappingProxyType(
    {
        "asks_credentials": "It asks for a password, a PIN or a code.",
        "urgency": "It presses for time.",
        "promises_prize": "It promises a prize.",
        "kyc_pretext": "It takes KYC for a pretext.",
        "remote_control": "It wants a program that lets others see or use the device.",
        "pay_to_receive": "It says that a PIN is needed to receive money; none ever is.",
    }
)


@functools.cache
def _compiled() -> tuple[re2._Regexp, Mapping[str, tuple[re2._Regexp, ...]]]:
    return re2.compile(_WARNING), {name: tuple(map(re2.compile, rows)) for name, rows in FAMILIES.items()}


def plain(text: str) -> str:
    """Return a text in one alphabet's forms, lower case, without invisible characters and with single spaces."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    visible = "".join(char for char in folded if unicodedata.category(char) != "Cf")
    return " ".join(visible.replace("\u2019", "'").split())


def said(text: str) -> tuple[Finding, ...]:
    """Return the families that a text shows; a bank's warning never to share a code is none."""
    warning, families = _compiled()
    words = warning.sub(" ", plain(text))
    return tuple(
        Finding(name, _TEXTS[name])
        for name, patterns in families.items()
        if any(pattern.search(words) for pattern in patterns)
    )
