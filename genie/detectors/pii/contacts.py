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
EMAIL_HINTS = (
    rf"[A-Za-z0-9_%+\-]{_AT}[A-Za-z0-9\-]+\.",
    r"(?i)[\[({]at[\])}]",
)
_PLAIN = Pattern(rf"[A-Za-z0-9._%+'\-]*[A-Za-z0-9_%+\-]{_AT}(?:[A-Za-z0-9\-]+\.)+[A-Za-z]{{2,24}}\b")
_DISGUISED = Pattern(
    r"(?i)[a-z0-9._%+\-]+[ \t]{0,2}[\[({]at[\])}][ \t]{0,2}[a-z0-9\-]+"
    r"(?:[ \t]{0,2}(?:\.|[\[({]dot[\])}])[ \t]{0,2}[a-z0-9\-]+)+"
)
_FILES = frozenset({"css", "gif", "html", "jpeg", "jpg", "js", "json", "pdf", "png", "py", "svg", "ts", "webp"})
_MAILBOX = re.compile(r"(?=.*[A-Za-z]).*[0-9._+\-]")
"""Form of a name next to a free-standing ``@``: ``jane.doe @ example.com``, not ``see us @ example.com``."""
_SCHEME = re.compile(r"://[^\s/@]*\Z")


def find_email(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of e-mail addresses.

    A domain that ends like a file name (``logo@2x.png``), a repository (``git@host:path``) and the user part of a
    URL are skipped.
    """
    for first, end in _PLAIN.spans(text):
        local, _, domain = text[first:end].partition("@")
        start = first + len(local) - len(local.lstrip(".'"))
        spaced = local[-1:].isspace() or domain[:1].isspace()
        if domain.rpartition(".")[2].lower() in _FILES or (spaced and not _MAILBOX.match(local.strip())):
            continue
        before = text[max(0, start - 80) : start]
        if (local == "git" and text[end : end + 1] == ":") or ("://" in before and _SCHEME.search(before)):
            continue
        yield start, end
    yield from _DISGUISED.spans(text)


UPI_HINT = r"[A-Za-z0-9._\-][ \t]{0,2}@[ \t]{0,2}[A-Za-z]{2}"
_HANDLE = re.compile(r"@([ \t]{0,2})([A-Za-z][A-Za-z0-9]{1,19})(?![A-Za-z0-9_@])(?!\.[A-Za-z])")
_LOCAL = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"
_LONGEST_LOCAL = 256

_BOOKING = re.compile(r"(?i)(?:^|[^a-z0-9])(?:upi|imps|neft|rtgs|p2a|p2m|pos|vpa|ach|mb|to|by|from)-[^@\r\n]*\Z")
"""A booking line, whose parts are joined by dashes."""


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
