"""Hosts: signs of fraud in the address of a link."""

from __future__ import annotations

import base64
import functools
import ipaddress
import socket
import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, urlsplit

import re2

from genie_finance.fraud.tables import Brand, PhishingRules

if TYPE_CHECKING:
    from tldextract import TLDExtract

_SHORT = 4
_LONGEST_REST, _MOST_TARGETS, _DECODINGS = 4_096, 10, 3
_ADDRESS = re2.compile(r"(?i)(?:[a-z][a-z0-9+.-]{1,9}:)?//[^\s&#?;\"'<>/][^\s&#;\"'<>]*")
_FORWARD = re2.compile(
    r"(?i)[?&#;](?:[a-z0-9_.-]*(?:redir|url|uri|goto|return|next|target|dest|link|continue|forward|callback|success|fail)"
    r"[a-z0-9_.-]*|u|q|go|to|out|service|path|view|site|page|domain|r)=([^\s&#;]+)"
)
_BASE64 = re2.compile(r"[?&#;][^=&#;]+=([A-Za-z0-9+/_-]{12,}={0,2})")
_NEAR = 1
_SCHEMES = frozenset(("http", "https", ""))
# Letters of other alphabets that look like Latin ones; source: Unicode confusables (UTS #39), the lower case.
_ALIKE = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u0501\u04cf\u03bf\u03b1\u03b9\u03bd\u0131\u0261"
    "\u043a\u043d\u0442\u0432\u043c01358",
    "aeopcyxijsdloaivigkhtbmolesb",
)


class Finding(NamedTuple):
    """A pattern, with its evidence."""

    pattern: str
    reason: str


class Host(NamedTuple):
    """The host of a link, if it has one."""

    name: str
    """Lower case, decoded from its ASCII form; empty if the link has no host."""
    written: str
    """The host as written in the link."""
    user: str | None
    """The text before an ``@``, where readers look for the host; None without an ``@``."""
    scheme: str


def host_of(url: str) -> Host:
    """Return the host of a link, with or without ``https://`` in front."""
    written = "".join(char for char in url.strip() if char.isprintable() and not char.isspace()).replace("\\", "/")
    scheme, colon, _ = written.partition(":")
    has_scheme = bool(colon) and scheme.isalpha() and not written[len(scheme) + 1 :].split("/")[0].isdigit()
    if has_scheme and scheme.lower() not in _SCHEMES:
        return Host("", "", user=None, scheme=scheme.lower())
    try:
        parts = urlsplit(written if has_scheme else f"//{written.lstrip('/')}")
        name = parts.hostname or ""
    except ValueError:
        return Host("", "", user=None, scheme="")
    return Host(_decoded(name.rstrip(".")), name, _before_at(url, parts.netloc), parts.scheme)


def targets(url: str) -> tuple[str, ...]:
    r"""Return addresses in a link's path, query or fragment, to which a redirect may lead.

    Percent codes are decoded up to three times, and ``//host`` and ``\\host`` are addresses too. A parameter with a
    name typical of redirects counts even if its host has no scheme. Base64 values are decoded.
    """
    _, _, rest = url.strip().replace("\\", "/").partition("://")
    at = min((place for mark in "/?#" if (place := rest.find(mark)) >= 0), default=len(rest))
    rest = rest[at:][:_LONGEST_REST]
    found: dict[str, None] = {}
    for _ in range(_DECODINGS):
        for match in _ADDRESS.finditer(rest):
            found[match.group()] = None
        for match in _FORWARD.finditer(rest):
            value = match.group(1)
            if _names_host(value):
                found[value] = None
        for match in _BASE64.finditer(rest):
            if hidden := _unveiled(match.group(1)):
                found[hidden] = None
        decoded = unquote(rest).replace("\\", "/")
        if decoded == rest:
            break
        rest = decoded
    return tuple(found)[:_MOST_TARGETS]


def _unveiled(value: str) -> str:
    """Return the address that a base64 value contains, empty if there is none."""
    padded = value.rstrip("=") + "=" * (-len(value.rstrip("=")) % 4)
    try:
        text = base64.b64decode(padded.replace("-", "+").replace("_", "/"), validate=True).decode("ascii")
    except (ValueError, UnicodeError):
        return ""
    return text if text.lower().startswith(("http://", "https://", "//")) else ""


def _names_host(value: str) -> bool:
    """Return whether a value names a host or a scheme, and not a page such as ``index.html``."""
    first = value.partition("/")[0].partition("?")[0]
    return ":" in first or ("." in first and (_is_ip(first) or bool(_extractor()(first).suffix)))


def _before_at(url: str, netloc: str) -> str | None:
    """Return the text before an ``@``; also if only some programs take it for a host because of a backslash."""
    user, at, _ = netloc.rpartition("@")
    if at:
        return user
    return netloc if "\\" in url.partition("?")[0] and "@" in url else None


def _decoded(name: str) -> str:
    labels = []
    for label in name.split("."):
        try:
            labels.append(label[4:].encode("ascii").decode("punycode") if label.startswith("xn--") else label)
        except UnicodeError:  # an invalid ASCII form is left unchanged
            labels.append(label)
    return unicodedata.normalize("NFKC", ".".join(labels)).lower()


def skeleton(text: str) -> str:
    """Replace letters and digits that look like Latin letters."""
    folded = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in folded if not unicodedata.combining(char)).translate(_ALIKE)


def official(host: Host, rules: PhishingRules) -> bool:
    """Return whether the host belongs to a brand, or has a suffix that only supervised institutions get."""
    if not host.name or host.user is not None or host.name != host.written.rstrip("."):
        return False
    domains = rules.exclusive | frozenset(domain for brand in rules.brands for domain in brand.domains)
    inside = any(host.name.endswith(f".{domain}") for domain in domains)
    return inside or host.name in domains - rules.exclusive


def findings(host: Host, rules: PhishingRules) -> Iterator[Finding]:
    """Yield the warning signs of a host."""
    if host.scheme not in _SCHEMES:
        yield Finding("script_link", f"The link starts with {host.scheme[:20]}: and is not a web address.")
        return
    if not host.name:
        yield Finding("no_host", "No host can be read from the link.")
        return
    if host.user is not None:
        yield Finding("at_sign", "The link has text before an @, so its host is not the one that a reader sees.")
        yield from _brand(host.user, host.user, rules)
    if _is_ip(host.name):
        yield Finding("ip_host", "The host is a number.")
        return
    if "%" in host.written:
        yield Finding("encoded_host", "The host is written in percent codes.")
    if "xn--" in host.written or not host.name.isascii():
        yield Finding("foreign_letters", "The host contains letters outside the Latin alphabet.")
    if _looks_latin(host.name):
        yield Finding("look_alike_letters", "Letters of another alphabet imitate Latin ones.")
    if host.name.count(".") > 3:
        yield Finding("many_levels", "The host has more than four levels.")
    if official(host, rules):
        return
    domain, label = _registrable(host.name)
    if domain in rules.shorteners:
        yield Finding("shortener", "A link shortener hides the target of the link.")
    yield from _brand(host.name, label, rules)


def _brand(name: str, label: str, rules: PhishingRules) -> Iterator[Finding]:
    for brand in rules.brands:
        how = _poses_as(name, label, brand)
        if how:
            yield Finding("poses_as_brand", f"The host {how} {brand.name} and is not among its domains.")
            return


def _looks_latin(name: str) -> bool:
    """Return whether a host has letters of other alphabets, each of which looks like a Latin one."""
    others = [char for char in name if not char.isascii()]
    return any(ord(char) in _ALIKE for char in others) and skeleton(name).isascii()


def _is_ip(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        try:  # also 2130706433, 0x7f.1 and 0177.0.0.1, which browsers treat as numeric addresses
            socket.inet_aton(name)
        except (OSError, UnicodeError):
            return False
    return True


@functools.cache
def _extractor() -> TLDExtract:
    from tldextract import TLDExtract  # noqa: PLC0415 - reads a list of ten thousand suffixes

    return TLDExtract(suffix_list_urls=(), cache_dir=None, fallback_to_snapshot=True)  # the list it ships, no network


def _registrable(name: str) -> tuple[str, str]:
    found = _extractor()(name)
    return f"{found.domain}.{found.suffix}", f"{found.subdomain}.{found.domain}".strip(".")


def _poses_as(name: str, label: str, brand: Brand) -> str:
    """Return ``names`` or ``looks like``, empty if the host does not resemble the brand."""
    from rapidfuzz.distance import OSA  # noqa: PLC0415 - needed by links alone

    parts = [part for part in skeleton(label or name).replace("-", ".").split(".") if part]
    folded = [_folded(part) for part in parts]
    for word in sorted(brand.words):
        alike = _folded(word)
        if len(word) <= _SHORT:
            if any(part.startswith(word) for part in parts):
                return "names"
        elif alike in "".join(folded):
            return "names"
        elif any(OSA.distance(alike, part) == _NEAR for part in folded):
            return "looks like"
    return ""


def _folded(text: str) -> str:
    """Return a text with similar-looking characters made equal: i and l, rn and m."""
    return text.replace("i", "l").replace("rn", "m")
