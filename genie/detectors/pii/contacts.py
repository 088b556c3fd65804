"""E-mail addresses and payment addresses (UPI).

Sources: RFC 5321 section 4.1.2 (addresses, without quoted local parts); NPCI, UPI procedural guidelines (payment
addresses).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from genie.detectors.pii.upi_handles import HANDLES, OWN_HANDLES
from genie.detectors.regex_set import Pattern

_AT = r"[ \t\r\n]{0,2}@[ \t\r\n]{0,2}"
_OPEN, _CLOSE = r"[\[({<|*][ \t]?", r"[ \t]?[\])}>|*]"
_DOT, _ENDS = r"(?:dot|punkt|point)", r"(?:com|org|net|info|io|edu|gov|in|de|fr|uk|us|eu|co)"
"""Words between the parts of an address that is spelt out, and its endings."""
EMAIL_HINTS = (
    rf"[A-Za-z0-9_%+\-]{_AT}[A-Za-z0-9\-]+\.",
    rf"(?i){_OPEN}(?:at|@){_CLOSE}",
    rf"(?i)[ \t]{_DOT}[ \t]{_ENDS}\b",
    rf"(?i)[_\-~.]at[_\-~.][a-z0-9\-._~]*[.\-_~]{_ENDS}\b",
    r"[^\x00-\x7f]@|@[^\x00-\x7f]",
)
_DOMAIN = re.compile(
    r"[ \t\r\n]{0,2}(?:[A-Za-z0-9\-]+\.)+([Xx][Nn]--[A-Za-z0-9\-]{2,59}|[A-Za-z]{2,24})(?![A-Za-z0-9])"
)
_ANY_DOMAIN = re.compile(r"[ \t\r\n]{0,2}(?:[\w\-\u0300-\u0eff]+\.)+([^\W\d_][\w\u0300-\u0eff]{1,23})")
"""A name in letters of any script; combining marks of Indian and other scripts are not letters of their own."""
_LOCAL_PART = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._%+'-"
_LONGEST_DOMAIN = 255
_DISGUISED = Pattern(
    rf"(?i)[a-z0-9._%+\-]+(?:[ \t]{{0,2}}{_OPEN}(?:at|@){_CLOSE}[ \t]{{0,2}}[a-z0-9\-]+"
    rf"(?:[ \t]{{0,2}}(?:\.|{_OPEN}(?:{_DOT}|\.){_CLOSE})[ \t]{{0,2}}[a-z0-9\-]+)+"
    rf"|[ \t]at[ \t][a-z0-9\-]+(?:[ \t]{_DOT}[ \t][a-z0-9\-]+){{0,3}}[ \t]{_DOT}[ \t]{_ENDS}\b"
    rf"|([_\-~.])at[_\-~.][a-z0-9\-]+(?:(?:\.|[_\-~.]{_DOT}[_\-~.])[a-z0-9\-]+){{0,3}}(?:\.|[_\-~.]{_DOT}[_\-~.]){_ENDS}\b)"
)
_FILES = frozenset({"css", "gif", "html", "jpeg", "jpg", "js", "json", "pdf", "png", "py", "svg", "ts", "webp"})
_MAILBOX = re.compile(r"(?=.*[A-Za-z]).*[0-9._+\-]")
"""Form of a name next to a free-standing ``@``: ``jane.doe @ example.com``, not ``see us @ example.com``."""
_SCHEME = re.compile(r"://[^\s/@]*\Z")
_WORD_AT = re.compile(rf"(?i){_OPEN}(?:at|@){_CLOSE}|[ \t]{_DOT}[ \t]|[_\-~.]at[_\-~.]")


def find_email(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of e-mail addresses.

    A domain that ends like a file name (``logo@2x.png``), a repository (``git@host:path``) and the user part of a
    URL are skipped.
    """
    done, at = 0, text.find("@")
    plain, urls = text.isascii(), "://" in text
    while at >= 0:
        domain = _DOMAIN.match(text, at + 1, at + _LONGEST_DOMAIN)
        if domain is None and not plain:
            domain = _ANY_DOMAIN.match(text, at + 1, at + _LONGEST_DOMAIN)
        if domain is not None:
            before = text[max(done, at - _LONGEST_LOCAL) : at]
            local = before[len(before.rstrip(_LOCAL_PART)) :]
            if not local or not plain:
                local = text[_first_of(text, at, done, plain=plain) : at]
            start, end = at - len(local.lstrip(".'")), domain.end()
            if start < at and domain[1].lower() not in _FILES and _is_address(text, start, at, end, urls=urls):
                yield start, end
                done = end
        at = text.find("@", at + 1)
    if _WORD_AT.search(text):
        yield from _DISGUISED.spans(text)


def _first_of(text: str, at: int, done: int, *, plain: bool) -> int:
    """Return where the part before an ``@`` begins; up to two blanks may stand between."""
    low = max(done, at - _LONGEST_LOCAL)
    rest = before = text[low:at]
    if before[-1:].isspace():
        rest = before.rstrip(" \t\r\n")
        if len(before) - len(rest) > 2:
            return at
    rest = rest.rstrip(_LOCAL_PART)
    while not plain and rest and (rest[-1] > "\x7f" and (rest[-1].isalnum() or "\u0300" <= rest[-1] <= "\u0eff")):
        rest = rest[:-1].rstrip(_LOCAL_PART)
    return low + len(rest)


def _is_address(text: str, start: int, at: int, end: int, *, urls: bool) -> bool:
    if text[at - 1] in ".' \t\r\n" or text[at + 1] in " \t\r\n":
        bare = text[start:at].rstrip()
        if bare[-1:] in ".'" or not _MAILBOX.match(bare):
            return False
    if text[end : end + 1] == ":" and text[start:at] == "git":
        return False
    return not (urls and _SCHEME.search(text[max(0, start - 80) : start]))


UPI_HINT = r"[A-Za-z0-9._\-][ \t]{0,2}@[ \t]{0,2}[A-Za-z]{2}"
_HANDLE = re.compile(r"@([ \t]{0,2})([A-Za-z][A-Za-z0-9]{1,19})(?![A-Za-z0-9@])(?!\.[A-Za-z])")
_LOCAL = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"
_LONGEST_LOCAL = 256

_BOOKING = re.compile(r"(?i)(?:^|[^a-z0-9])(?:upi|imps|neft|rtgs|p2a|p2m|pos|vpa|ach|mb|to|by|from)-[^@\r\n]*\Z")
"""A booking text, whose parts are joined by dashes."""


def find_upi(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of payment addresses: a name at a known handle that no domain follows."""
    for match in _HANDLE.finditer(text):
        start, gap = match.start(), 0
        while gap < 3 and text[start - gap - 1 : start - gap] in {" ", "\t"}:
            gap += 1
        handle, start = match[2].lower(), start - gap
        if gap > 2 or handle not in (OWN_HANDLES if gap or match[1] else HANDLES):
            continue
        before = text[max(0, start - _LONGEST_LOCAL) : start]
        local = before[len(before.rstrip(_LOCAL)) :].lstrip("._-")
        if "-" in local and _BOOKING.search(before):
            local = _last_name(local)
        if len(local) >= 2:
            yield start - len(local), match.end()


def _last_name(local: str) -> str:
    """Return the name at the end of a booking line: ``UPI-SHOP-shop`` is shop's, and apps append ``-1`` to names."""
    parts = local.split("-")
    numbered = len(parts) > 1 and parts[-1].isdigit() and len(parts[-1]) <= 2
    return "-".join(parts[-2:] if numbered else parts[-1:])
