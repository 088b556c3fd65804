"""Wording of phishing messages: whole words and phrases in English, Hindi and both mixed."""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Mapping
from types import MappingProxyType

import re2

from genie_finance.fraud.hosts import Finding, skeleton

_CODE = r"(?:otp|o\.t\.p|one[- ]time (?:password|pin|code)|password|passcode|m?pin|upi pin|atm pin|cvv|card number)"
_ASK = (
    r"(?:share|send|tell|give|provide|enter|submit|confirm|verify|forward|reply with|"
    r"bata(?:ye|yein|o|iye)?|bhej(?:e|ein|o|iye)?)"
)
_AGENCY = (
    r"(?:cbi|ed|enforcement directorate|narcotics|ncb|customs|(?:mumbai |delhi |cyber ?)?(?:crime )?police|"
    r"cyber ?crime|trai|supreme court|income tax officer|fedex|dhl|courier|crime branch)"
)
_CRIME = (
    r"(?:money laundering|drugs?|mdma|illegal (?:parcel|items|goods|activity|activities)|fake passports?|"
    r"arrest(?:ed)?|parcel (?:seized|held|contains)|seized|fir (?:has been |is )?(?:registered|lodged|filed)|"
    r"misused|human trafficking|pornograph(?:y|ic))"
)
_UTILITY = (
    r"(?:electricity|power supply|power|electric|gas connection|water connection|sim(?: card)?|mobile number|"
    r"mobile numbers|(?:phone|mobile) connection|phone numbers?|fastag|bijli)"
)
_CUT = (
    r"(?:(?:be |get |been )(?:disconnected|cut off|cut|discontinued|deactivated|switched off)|"
    r"be (?:blocked|suspended|barred) (?:in|within|today|tonight|from)|disconnect(?:ed|ion)? "
    r"(?:tonight|today|at|from|by|within|in)|will (?:be )?(?:stop|stopped))"
)
FAMILIES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "asks_credentials": (
            rf"\b{_ASK} (?:us |me |with us |your |the |aapka |apna |apni |this |aadhaar |upi ){{0,4}}{_CODE}\b",
            rf"\b{_CODE} (?:share|bata(?:ye|yein|o|iye)|bhej(?:e|ein|o|iye)|de dijiye)\b",
            r"(?:ओटीपी|otp|पिन|pin|पासवर्ड) (?:बताएं|बताइए|बताये|भेजें|दें|साझा करें|शेयर करें)",
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
        "digital_arrest": (
            r"\bdigital(?:ly)? (?:house )?arrest(?:ed)?\b",
            r"\b(?:arrest|non-?bailable) warrant\b.{0,80}\b(?:your name|against you|issued|aadhaar|call|contact|pay)\b",
            r"\b(?:do not|don't|dont) (?:disconnect|leave|end|cut|hang up) "
            r"(?:the |this |your )?(?:\w{2,12} )?(?:call|video)\b",
            r"\b(?:stay|remain|keep)\b.{0,20}\bon (?:the |this |a )?(?:skype|whatsapp|zoom|video) (?:video )?call\b",
            r"डिजिटल अरेस्ट|गिरफ़?्तार",
        ),
        "utility_threat": (
            rf"\b{_UTILITY}\b.{{0,60}}\b{_CUT}\b",
            rf"\b{_CUT}\b.{{0,60}}\b{_UTILITY}\b",
            r"\b(?:bijli|bijlee) .{0,40}\b(?:kat|kaat|band|cut)\b",
            r"बिजली .{0,40}(?:काट|कट|बंद)",
        ),
        "task_job": (
            r"\b(?:part[- ]?time|work[- ]from[- ]home|wfh|online|freelance) (?:job|work|income|earning|task)s?\b"
            r".{0,120}\b(?:daily|per day|a day|/day|whatsapp|telegram|earn|youtube|rs|inr)\b",
            r"\b(?:earn|income|salary|kamao|kamayein)\b.{0,20}(?:rs\.?|inr|₹|\$) ?\d.{0,20}"
            r"\b(?:daily|per day|a day|every day|per hour|roz|rozana)\b",
            r"\b(?:earn|money|income|paid)\b.{0,40}\b(?:liking|rating|reviewing|subscribing|following)\b",
            r"\bwork[- ]from[- ]home\b.{0,120}\b(?:whatsapp|telegram)\b",
            r"\bghar baithe\b.{0,40}\b(?:kama\w*|paise|earn)\b",
            r"\b(?:like|subscribe|rate|review|follow)(?:ing)?\b.{0,40}"
            r"\b(?:youtube|videos?|instagram|google maps?|hotels?|channels?|pages?)\b.{0,80}"
            r"\b(?:earn|paid|pay|get|receive|income|rs|inr)\b",
            r"\b(?:prepaid|paid|merchant|vip|telegram|welfare|simple) tasks?\b",
            r"\btasks?\b.{0,60}\b(?:earn|commission|payout|recharge|deposit first)\b",
            r"घर बैठे .{0,40}कमा",
        ),
        "advance_fee": (
            r"\b(?:pay|send|deposit|transfer)\b.{0,40}\b(?:fee|charges?|gst|tax|deposit|rs|inr|₹)\b.{0,60}"
            r"\b(?:first|to (?:release|get|receive|claim|unlock|redeem|process)|before|refundable)\b",
            r"\b(?:registration|processing|joining|security|release|clearance|redelivery|customs) "
            r"(?:fee|charges?|deposit|duty)\b.{0,80}\b(?:refundable|earn|jobs?|prize|lottery|release|first)\b",
            r"\b(?:parcel|package|shipment|delivery)\b.{0,60}\b(?:on hold|held|failed|undelivered|incomplete address)\b"
            r".{0,60}\b(?:pay|click|update|link|http|www|rs)\b",
            r"\b(?:guaranteed|assured|fixed|sure ?shot)\b.{0,30}\b(?:returns?|profits?|income)\b",
            r"\b\d{2,3} ?(?:%|percent|per cent)\b.{0,20}\b(?:monthly|daily|weekly|per month|per day|a month)\b.{0,20}"
            r"\b(?:returns?|profits?)\b",
            r"\b(?:vip|stock tips?|ipo|trading|crypto)\b.{0,40}\b(?:whatsapp|telegram) (?:group|channel)\b",
        ),
        "false_friend": (
            r"\b(?:lost|broke|broken|new)\b.{0,40}\b(?:phone|number)\b.{0,80}\b(?:send|transfer|pay|need)\b",
            r"\b(?:sent|transferred|paid|credited)\b.{0,40}\b(?:by mistake|mistakenly|wrongly|galti se)\b.{0,80}"
            r"\b(?:return|refund|send (?:it )?back|wapas)\b",
            r"\b(?:accidentally|mistakenly|wrongly|by mistake|galti se)\b.{0,20}\b(?:sent|transferred|paid|credited)\b"
            r".{0,80}\b(?:return|refund|send (?:it )?back|wapas)\b",
        ),
        "lure": (
            r"\b(?:download|install|open)\b.{0,30}\bapk\b",
            r"\bfastag\b.{0,60}\b(?:kyc|blacklist\w*|deactivat\w*|block\w*)\b",
            r"\b(?:payment|card|billing|subscription)\b.{0,30}\b(?:failed|declined|expired|on hold)\b.{0,40}"
            r"\bupdate\b.{0,30}\b(?:card|payment|billing|details)\b",
            r"\b[a-z0-9.-]{3,60}\.apk\b",
            r"\b(?:e-?challan|challan|traffic fine|toll|fastag|income tax|itr|tax) (?:\w{1,12} ){0,4}"
            r"(?:pending|unpaid|overdue|expired|refund|approved|blacklisted)\b.{0,80}"
            r"\b(?:pay|click|link|verify|update|http|www)\b",
            r"\bclick\b.{0,40}\b(?:else|or else|otherwise|to avoid)\b",
        ),
        "remote_control": (r"\b(?:anydesk|teamviewer|quicksupport|rustdesk|screen ?share)\b",),
        "pay_to_receive": (
            r"\b(?:enter|use) (?:your |the )?(?:upi )?pin to (?:receive|get|accept)\b",
            r"\b(?:approve|accept|scan)\b.{0,40}\b(?:request|qr|code)\b.{0,40}\b(?:receive|get|refund|cashback|credited)\b",
        ),
    }
)
"""Patterns by family; each family counts once."""
_THREATS = (
    rf"\b{_AGENCY}\b.{{0,120}}\b{_CRIME}\b",
    rf"\b{_CRIME}\b.{{0,120}}\b{_AGENCY}\b",
)
"""Signs of ``digital_arrest`` if the text addresses its reader; otherwise it may be news."""
_YOU = r"\b(?:you|your|aap|aapka|aapke|aapki)\b"
_AWARE = (
    r"\b(?:beware|be aware|be alert|stay alert|there is no (?:such thing as|concept of|provision for|law for)|"
    r"no such thing as|nobody is ever put under|fake|report) (?:of |the |any |a )?(?:fraud of |scams? of |calls? of )?"
    r"(?:[\"'])?digital(?:ly)? arrest(?:ed)?(?: (?:scam|fraud|call)s?)?\b"
)
_WARNING = (
    rf"\b(?:do not|don't|dont|never|not to|without|na|mat|kabhi na) (?:ever |please )?{_ASK}"
    rf" (?:us |me |with us |your |the |aapka |apna |apni |this ){{0,4}}"
    rf"{_CODE}(?:(?:,| or| and|/) ?{_CODE}){{0,5}}\b"
)
_ALIKE = str.maketrans("013457@$!|", "oieastasil")
_OTHER_ONE = str.maketrans("1!", "ll")
_SPACED = (re2.compile(r"\b(?:[a-z][.*_-]{1,2}){2,11}[a-z]\b"), re2.compile(r"\b(?:[a-z] ){2,11}[a-z]\b"))
_SPELT = re2.compile(r"[a-z0-9@$!|]{2,40}")
_TEXTS = MappingProxyType(
    {
        "asks_credentials": "It asks for a password, a PIN or a code.",
        "urgency": "It presses for time.",
        "promises_prize": "It promises a prize.",
        "kyc_pretext": "It uses KYC as a pretext.",
        "digital_arrest": "It threatens with police, customs or a court; none of them arrests by message or call.",
        "utility_threat": "It threatens to cut off electricity, gas, water or a phone number.",
        "task_job": "It offers pay for tasks such as liking videos; the victims of such jobs end up paying.",
        "advance_fee": "It asks for money in advance: a fee, a deposit, or an investment with a guaranteed return.",
        "false_friend": "It asks for money as a friend with another number, or asks for money back that was sent by "
        "mistake.",
        "lure": "It uses a fine, a toll or a tax refund as a pretext for a link or a program.",
        "remote_control": "It asks for a program that lets others see or use the device.",
        "pay_to_receive": "It says that receiving money needs a PIN, which it never does.",
    }
)


@functools.cache
def _threats() -> tuple[re2._Regexp, tuple[re2._Regexp, ...]]:
    return re2.compile(_YOU), tuple(map(re2.compile, _THREATS))


@functools.cache
def _compiled() -> tuple[re2._Regexp, Mapping[str, tuple[re2._Regexp, ...]]]:
    return re2.compile(f"(?:{_WARNING})|(?:{_AWARE})"), {
        name: tuple(map(re2.compile, rows)) for name, rows in FAMILIES.items()
    }


def plain(text: str) -> str:
    """Return a text in the letters of one alphabet, lower case, without invisible characters and with single spaces."""
    return visible(unicodedata.normalize("NFKC", text).casefold())


def visible(text: str) -> str:
    """Return a text in the usual forms of its letters, without invisible characters and with single spaces."""
    shown = "".join(char for char in unicodedata.normalize("NFKC", text) if unicodedata.category(char) != "Cf")
    return " ".join(shown.replace("\u2019", "'").split())


def said(text: str) -> tuple[Finding, ...]:
    """Return the families of signs in a text; a bank's warning never to share a code is not a sign."""
    warning, families = _compiled()
    readings = [warning.sub(" ", reading) for reading in spelt(plain(text))]
    found = [
        name
        for name, patterns in families.items()
        if any(pattern.search(reading) for reading in readings for pattern in patterns)
    ]
    if "digital_arrest" not in found and any(map(_threatens, readings)):
        found.append("digital_arrest")
    return tuple(Finding(name, _TEXTS[name]) for name in found)


def _threatens(reading: str) -> bool:
    you, threats = _threats()
    return you.search(reading) is not None and any(threat.search(reading) for threat in threats)


def spelt(text: str) -> tuple[str, ...]:
    """Return the possible readings of a plain text: unchanged, and without leet spelling.

    ``sh4re y0ur 0tp``, ``o-t-p`` and letters of other alphabets among Latin ones are read as the words that they
    resemble. Words without a letter, such as sums and telephone numbers, are unchanged.
    """
    joined = text
    for pattern in _SPACED:
        joined = pattern.sub(lambda found: "".join(char for char in found.group() if char.isalpha()), joined)
    looks = " ".join(skeleton(word) if _mixes(word) else word for word in joined.split(" "))
    leet = (_SPELT.sub(functools.partial(_unleet, table), looks) for table in (_ALIKE, _ALIKE | _OTHER_ONE))
    return tuple(dict.fromkeys((text, looks, *leet)))


def _mixes(word: str) -> bool:
    """Return whether a word mixes Latin letters with those of another alphabet."""
    return not word.isascii() and any(char.isascii() and char.isalpha() for char in word)


def _unleet(table: Mapping[int, int], found: re2._Match) -> str:
    word: str = found.group()
    return word.translate(table) if any(char.isalpha() for char in word) else word
