"""Booking texts: the rail and the counterparty, without references, dates and terminals.

Narrations are untrusted: a text is cut to ``LONGEST`` characters before it is parsed, and every pattern here is linear
(no repeated group inside another).
"""

from __future__ import annotations

import enum
import functools
import json
import re
import unicodedata
from importlib import resources
from typing import NamedTuple

LONGEST = 240
"""Maximum characters of a narration that are read; banks write at most 140 to 210."""
LONGEST_NAME = 60
_LONGEST_PHRASE = 5
_SHORT = 3
"""Maximum characters of a token with digits that may be part of a name: "1&1", "N26", "99"."""


class Rail(enum.StrEnum):
    """The payment rail, as far as the narration states it."""

    UPI = "upi"
    NEFT = "neft"
    IMPS = "imps"
    RTGS = "rtgs"
    ACH = "ach"
    SEPA = "sepa"
    DIRECT_DEBIT = "direct_debit"
    STANDING_ORDER = "standing_order"
    CARD = "card"
    CASH = "cash"
    CHECK = "check"
    TRANSFER = "transfer"
    PIX = "pix"
    WIRE = "wire"
    DEPOSIT = "deposit"


class Narration(NamedTuple):
    """A parsed narration."""

    rail: Rail | None
    payee: str
    """The named party, as the bank wrote it; empty if nobody is named."""
    wording: str = ""
    """The payee with the words removed from its ends, since a brand may be called "Cash App" or "Trading 212"."""
    handle: str = ""
    """Local part of a payment address (``swiggy.stores`` of ``swiggy.stores@axb``); empty for phone numbers."""
    card_shop: bool = False
    """True if paid by card in a shop, so that a town may follow the name."""


class _Tables(NamedTuple):
    phrases: dict[str, Rail]
    markers: frozenset[str]
    stops: frozenset[str]
    noise: frozenset[str]
    banks: frozenset[str]
    legal: frozenset[str]
    ends: frozenset[str]
    tails: frozenset[str]
    places: frozenset[str]
    joiners: frozenset[str]
    leading: frozenset[str]
    refunds: frozenset[str]


@functools.cache
def _tables() -> _Tables:
    raw = json.loads(resources.files("genie_finance.domain").joinpath("data/narrations.json").read_text("utf-8"))
    phrases = {phrase: Rail(rail) for rail, listed in raw["rails"].items() for phrase in listed}
    sets = {name: frozenset(raw[name]) for name in raw if name != "rails"}
    return _Tables(phrases=phrases, **sets)


_LETTERS = str.maketrans({"ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "\u0131": "i", "'": None, "\u2019": None})
_WORD = re.compile(r"[a-z0-9][a-z0-9&]*")


def fold(text: str) -> str:
    """Return a text in lower case without accents, so that ``KØB`` and ``kob`` are equal."""
    lowered = text.casefold()
    if lowered.isascii():
        return lowered.replace("'", "")
    lowered = lowered.translate(_LETTERS)
    return "".join(c for c in unicodedata.normalize("NFKD", lowered) if not unicodedata.combining(c))


def words(text: str) -> tuple[str, ...]:
    """Return the words of a text up to ``LONGEST`` characters, folded; letters, digits and ``&`` make a word."""
    return tuple(_WORD.findall(fold(text[:LONGEST])))


_LONG_NUMBER = re.compile(r"\d{6,}")


def shape(text: str) -> str:
    """Return a text with the digits of its long numbers replaced: texts of equal shape have equal readings.

    Six digits in a row are a reference, an account or a date, never part of a name, so readings can be cached by shape;
    a bulk statement has thousands of references and a few hundred shapes.
    """
    return _LONG_NUMBER.sub(lambda found: "0" * len(found[0]), text)


_MONTH = "JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC"
_SCRUBS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?<![\w.])\d{4}-\d{2}-\d{2}(?!\d)",  # 2025-06-30
        r"(?<![\w.])\d{1,2}[./-]\d{1,2}(?:[./-]\d{2,4})?\.?(?!\d)",  # 30.06.2025, 06/30, 12/22SHOP
        rf"\b\d{{1,2}}-?(?:{_MONTH})-?\d{{0,4}}\b",  # 17DEC09
        r"(?<![\w.])\d{1,2}:\d{2}(?::\d{2})?\b",  # 18:11
        r"\b[A-Z]{3} +\d[\d.,]*[.,]\d{2}\b",  # DKK 995,00
        r"(?<!\w)[-+]?\d[\d.,]*[.,]\d{2}(?: ?[A-Z]{3})?\b",  # 995,00 EUR
        r"\b(?:EREF|KREF|MREF|CRED|DEBT|SVWZ|ABWA|ABWE)\+\S*",  # tags of German exports
        r"\b(?:IBAN|BIC)\b:? ?\S*(?: \d\S*)*",
        r"\bA/C\b",
        r"\b[A-Z]{6}[A-Z0-9]{2,5} (?=[A-Z]{2}\d{2}[A-Z0-9]{11,30}\b)",  # a BIC before its IBAN
        r"\b(?:NR|NO|REF|TXN|AUTH|ID|CARD|PAS|TERM|ENDING IN)\b[.:#]* ?[A-Z]{0,4}\d\S*",
    )
)
_MASK = re.compile(r"\[[a-z][a-z_. ]*\]")
_BRACKET_CODE = re.compile(r"\A\s*\[[A-Z]{2,3}\]")
_FACILITATOR = re.compile(
    r"(?:\A| )(?:SQ|TST|PP|IZ|SP|CT|ZETTLE|IZETTLE|SUMUP|PAYPAL|PYPL|KLARNA|STRIPE|ADYEN|LS|NYA|WPY|DD|CKO|GOOGLE PAY)"
    r" ?[*_] ?",
    re.IGNORECASE,
)
_NAME_TAG = re.compile(r"/NAME/([^/]*)", re.IGNORECASE)
_LABEL = re.compile(
    r"(?:\A|[\s,;])(?:NAME|NAAM|NOM|EMPF(?:AE|Ä|A)NGER|AUFTRAGGEBER|BEG(?:UE|Ü|U)NSTIGTER|BENEFICIARY|BENEFICIARIO|"
    r"ORDENANTE|ORDINANTE|PAYEE|MERCHANT|DE|POUR) ?: ?([^:]*)",
    re.IGNORECASE,
)
_COUNTERPARTY_CODE = re.compile(r"(?<![A-Z])[A-Z]{2}/\d{9}\b")
_STRUCTURED = re.compile(
    r"\A(?:MMT[/ -])?(UPI|NEFT|IMPS|RTGS|ACH|NACH|ECS|CHQ)(?=[/ :_-])(.*)\Z", re.IGNORECASE | re.DOTALL
)
_DIRECTION = re.compile(r"\A[\s/:_-]*(?:CR|DR|C|D|IN|OUT|P2A|P2M)\b(?=\s*[/:_-])", re.IGNORECASE)
_ROUTING = re.compile(r"\A(?:[A-Z]{4}0[A-Z0-9]{6}|[A-Z]{2}\d{2}[A-Z0-9]{11,30})\Z")
_BIC = re.compile(r"\A[A-Z]{6}[A-Z0-9]{2}(?:XXX|[A-Z0-9]{3})\Z")
_TOKENS = re.compile(r"[^\s*/\\|,;_+:<>\"=()]+")


def tidy(narration: str) -> str:
    """Return a narration bounded in length, without masks, control characters and repeated blanks."""
    text = unicodedata.normalize("NFKC", narration[:LONGEST])[:LONGEST]
    if not text.isprintable():
        text = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(_BRACKET_CODE.sub(" ", _MASK.sub(" ", text)).split())


def read(narration: str) -> Narration:
    """Return the rail and the payee of a narration.

    Args:
        narration: Any text; only the first ``LONGEST`` characters are read.
    """
    text = tidy(narration)
    structured = _STRUCTURED.match(text)
    if structured and ("/" in structured[2] or "-" in structured[2]):
        return _read_fields(_tables().phrases[structured[1].lower()], structured[2])
    tagged = _NAME_TAG.search(text) or _LABEL.search(text)
    found = _read_free(text)
    if found.rail is Rail.CASH:
        return Narration(Rail.CASH, "")  # the following field is the terminal's location
    named = _read_free(tagged[1]) if tagged else found
    return named._replace(rail=found.rail, card_shop=found.rail is Rail.CARD) if named.payee else found


def _read_fields(rail: Rail, text: str) -> Narration:
    """Read ``UPI/412345678901/DR/SWIGGY/...`` or ``NEFT CR-HDFC0000001-ACME-...``: the first field that is a name."""
    text = _DIRECTION.sub("", text)
    handle = named = wording = ""
    separator = min((mark for mark in "/-" if mark in text), key=text.index, default="-")  # not that of "A/C"
    for part in text.split(separator):
        field = part.strip()
        if "@" in field:
            local = field.split("@", 1)[0]
            handle = handle or ("" if sum(c.isdigit() for c in local) >= 4 else local)
        elif not named and not _is_bank(field):
            tokens = _tokens(field)
            named = _name(tokens)
            wording = f"{wording} {_wording(tokens)}".strip()
    return Narration(rail, named, wording, handle)


def _is_bank(field: str) -> bool:
    """Return True for the name of a bank, or a routing code that begins with a bank's four letters."""
    banks = _tables().banks
    code = len(field) in {8, 11} and field.isalnum() and field.isupper() and field[:4].lower() in banks
    return code or " ".join(words(field)) in banks


def _read_free(text: str) -> Narration:
    coded = _COUNTERPARTY_CODE.search(text)  # Austrian exports: purpose, code of the booking, then the counterparty
    rails: list[Rail] = []
    if coded:
        rails, _ = _strip_rails(_tokens(text[: coded.start()]))
        text = text[coded.end() :]
    facilitator = _FACILITATOR.search(text)  # "SQ *", "PAYPAL *": who took the card payment for the shop
    before, unnamed = _strip_rails(_tokens(text[: facilitator.start()])) if facilitator else ([], [])
    if facilitator and not _name(unnamed):
        rails += [*before, Rail.CARD]
        text = text[facilitator.end() :]
    found, rest = _strip_rails(_tokens(text))
    marked, rest = _cut(rest)
    payee = _name(rest)
    if facilitator and not payee:
        payee = facilitator[0].strip(" *_")
    rails += [*found, *marked]
    rail = _main_rail(rails)
    return Narration(rail, payee, _wording(rest), card_shop=rail is Rail.CARD)


def _wording(tokens: list[str]) -> str:
    return " ".join(token for token in tokens if len(token) <= _SHORT or not _is_reference(token))


def _tokens(text: str) -> list[str]:
    for pattern in _SCRUBS:
        text = pattern.sub(" ", text)
    pieces: list[str] = []
    for token in _TOKENS.findall(text):
        parts = token.split("-")
        spread = len(parts) > 2 or any(part.isdigit() and len(part) > 1 for part in parts)
        pieces += parts if spread else [token]
    return [piece for piece in pieces if words(piece)]


def _strip_rails(tokens: list[str]) -> tuple[list[Rail], list[str]]:
    phrases = _tables().phrases
    rails: list[Rail] = []
    rest = tokens
    while rest:
        if rails and len(rest[0]) > _SHORT and _is_reference(rest[0]):
            rest = rest[1:]
            continue
        for size in range(min(_LONGEST_PHRASE, len(rest)), 0, -1):
            phrase = " ".join(word for token in rest[:size] for word in words(token))
            if phrase in phrases:
                rails.append(phrases[phrase])
                rest = rest[size:]
                break
        else:
            break
    return rails, rest


def _cut(tokens: list[str]) -> tuple[list[Rail], list[str]]:
    """End the name at a rail's marker or a stop word that follows it."""
    tables = _tables()
    for position in range(1, len(tokens)):
        for size in (2, 1):
            phrase = " ".join(word for token in tokens[position : position + size] for word in words(token))
            if phrase in tables.markers:
                return [tables.phrases[phrase]], tokens[:position]
            if phrase in tables.stops and _name(tokens[:position]):
                return [], tokens[:position]
    return [], tokens


def _main_rail(rails: list[Rail]) -> Rail | None:
    """Cash and cheques are more specific than the card used; "transfer" is the least specific."""
    for rail in (Rail.CASH, Rail.CHECK):
        if rail in rails:
            return rail
    return next((rail for rail in rails if rail is not Rail.TRANSFER), rails[0] if rails else None)


def _is_reference(token: str) -> bool:
    digits = sum(map(str.isdigit, token))
    if digits >= 4 or (digits * 2 > len(token) and len(token) > 2) or token.isdigit():
        return True
    if digits >= 2 and len(token) >= 8:
        return True
    if _ROUTING.match(token) or (_BIC.match(token) and token.endswith("XXX")) or "@" in token or token[0] == "#":
        return True
    return len(token) > 2 and sum(map(token.count, "Xx*#")) * 2 > len(token)


def _name(tokens: list[str]) -> str:
    """Return the rest as a name without references, noise and legal forms; empty if nothing is left."""
    tables = _tables()
    kept: list[tuple[str, str]] = []
    for token in tokens:
        word = " ".join(words(token))
        if not kept and (word in tables.noise or word in tables.leading):
            continue
        if kept and (word in tables.ends or word.split(" ")[0] == kept[0][1].split(" ")[0]):
            break  # "ACME LTD something", or a second column that repeats the first
        if not _is_reference(token):
            kept.append((token, word))
        elif kept and len(token) > 2:
            break  # the town comes after a terminal's or a shop's number
    while kept and (kept[-1][1] in tables.noise or kept[-1][1] in tables.legal):
        kept.pop()
    if all(word in tables.joiners for _, word in kept):
        return ""
    name = " ".join(token for token, _ in kept).strip(" .,-&'\"`#")
    return name[:LONGEST_NAME].strip() if any(c.isalpha() for c in name) and len(name) > 1 else ""


def says_refund(narration: str) -> bool:
    """Return True if one of its words indicates a refund, a reversal or a return."""
    return not _tables().refunds.isdisjoint(words(narration))


def without_place(payee: str) -> str:
    """Return a shop's name without the town, state or country that card networks write after it."""
    tables = _tables()
    kept = payee.split()
    while len(kept) > 1:
        for size in (2, 1):
            tail = " ".join(word for token in kept[-size:] for word in words(token))
            known = tail in tables.places or (
                size == 1 and len(tail) <= 3 and kept[-1].isupper() and tail in tables.tails
            )
            if known and len(kept) > size and " ".join(words(kept[-size - 1])) not in tables.joiners:
                kept = kept[:-size]
                break
        else:
            break
    return " ".join(kept)


def is_tail(word: str) -> bool:
    """Return True for a word that may follow a shop's name without naming another one: a town, ``com``, ``ltd``."""
    tables = _tables()
    return word in tables.tails or word in tables.places or word in tables.legal or any(c.isdigit() for c in word)


def is_bank(word: str) -> bool:
    """Return True for the name of a bank, which has the party's account but is not the party."""
    return word in _tables().banks


def readable(payee: str) -> str:
    """Return a payee in readable form: with capitals only at the start of words if the bank uses only capitals."""
    if not (payee.isupper() or payee.islower()):
        return payee
    return " ".join(_capitalised(token) for token in payee.split())


def _capitalised(token: str) -> str:
    if token.lower().startswith("www."):
        return token[4:].lower()
    initials = len(token) <= 4 and not any(c in "AEIOUYaeiouy" for c in token)
    if initials or "&" in token or all(len(part) <= 1 for part in token.split(".")):
        return token.upper()
    return token[:1].upper() + token[1:].lower()
