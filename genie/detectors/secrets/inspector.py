"""Secrets in strings: keys of known form, private keys, tokens, and passwords next to their names.

A name (``password=``) is not enough: the value must not be a placeholder, a reference or an ordinary word. AWS's
documented example key is found although it contains EXAMPLE: it has the complete form of a key, and text that contains
it is mostly configuration in which the next key is real.

Sources: RFC 7468 (PEM), RFC 7519 (JWT), RFC 6750 and RFC 7617 (bearer and basic), RFC 3986 section 3.2.1 (user
information).
"""

from __future__ import annotations

import base64
import binascii
import functools
import itertools
import json
import math
import re
import string
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import ClassVar, NamedTuple

from genie.contracts.classification import Classification
from genie.detectors import encodings, spacing
from genie.detectors.regex_set import Hints, Pattern
from genie.detectors.secrets.keys import FORMS, HINTS
from genie.detectors.spans import Claims, Found, merged
from genie.detectors.unicode import fold, fold_with_origins
from genie.policy.inspection import Span

_ALONE = r"(?:^|[^A-Za-z0-9])"

# --- keys of known form ---

KEY_HINT = "|".join(HINTS)
_KEYS_BY_HINT = {hint: Pattern(rf"{_ALONE}{form}") for hint, form in zip(HINTS, FORMS, strict=True)}
_key_hints = Hints(HINTS)
_broken = spacing.Broken(KEY_HINT)


def find_key(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of keys that services issue."""
    held = _key_hints(text)
    for form in [form for hint, form in _KEYS_BY_HINT.items() if hint in held]:
        for first, end in form.found(text):
            start = first if text[first].isascii() and text[first].isalnum() else first + 1
            value = text[start:end]
            if (
                not text[end : end + 1].isalnum()
                and _is_random(value, 2.5)
                and not _placeholder(value.partition("-")[2] or value)
            ):
                yield start, end


# --- private keys ---

PEM_HINT = r"-----BEGIN (?:[A-Za-z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----"
_PEM = Pattern(PEM_HINT)
_BODY = re.compile(r"[A-Za-z0-9+/=\s\\:,.\-]*")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{24}")


def find_private_key(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of PEM blocks, from the first line to the last; a first line without a key is skipped."""
    heads = list(_PEM.spans(text))
    for at, (start, head_end) in enumerate(heads):
        limit = heads[at + 1][0] if at + 1 < len(heads) else len(text)
        closing = text.find("-----END", head_end, limit)
        body = _BODY.match(text, head_end, limit)
        end = closing if closing >= 0 else body.end() if body else head_end
        if _BASE64.search(text, head_end, end):
            last = text.find("-----", closing + 8, min(limit, closing + 80)) if closing >= 0 else -1
            yield start, last + 5 if last >= 0 else end


# --- tokens ---

JWT_HINT = r"eyJ[A-Za-z0-9_\-]{4}"
_JWT = Pattern(rf"{_ALONE}(eyJ[A-Za-z0-9_\-]{{6,}}\.[A-Za-z0-9_\-]{{2,}}\.[A-Za-z0-9_\-]*(?:\.[A-Za-z0-9_\-]+){{0,2}})")
_LONGEST_HEADER = 4096


def find_jwt(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of JSON web tokens whose header names an algorithm or a type."""
    for _, (start, end) in _JWT.groups(text):
        header = text[start:end].partition(".")[0]
        if len(header) > _LONGEST_HEADER:
            yield start, end
            continue
        try:
            decoded = json.loads(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4)))
        except (ValueError, RecursionError):
            continue
        if isinstance(decoded, dict) and {"alg", "typ", "enc"} & decoded.keys():
            yield start, end


AUTHORIZATION_HINT = r"\b(?i:bearer|basic)[ \t\r\n]{1,4}[a-z._~+/\-]*[A-Z0-9]"
_AUTHORIZATION = Pattern(r"(?i)\b(?:bearer|basic)[ \t\r\n]{1,4}([a-z0-9._~+/\-]{12,}=*)")


def find_authorization(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of tokens after ``Bearer``, and of values after ``Basic`` that decode to name and password."""
    for (first, _), (start, end) in _AUTHORIZATION.groups(text):
        value = text[start:end]
        if text[first : first + 2].lower() == "ba":
            found = not value.islower() and _is_pair(value)
        else:
            found = len(value) >= 16 and _has_digit(value) and _is_random(value, 3.0) and not _placeholder(value)
        if found:
            yield start, end


def _is_pair(value: str) -> bool:
    try:
        name, colon, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return False
    return bool(colon and password) and (name + password).isprintable()


URL_HINT = r"""://[^\s/:@"'<>]*:[^\s/@"'<>]+@"""
_URL = Pattern(r"""(?i)[a-z][a-z0-9+.\-]{1,20}://[^\s/:@"'<>]*:([^\s/@"'<>]{3,})@[^\s/@"'<>]""")


def find_url_password(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of passwords before the host of a URL; a repeated user name or a placeholder is skipped."""
    for (first, behind), (start, end) in _URL.groups(text):
        value = text[start:end]
        name = text[first:behind].partition("://")[2].partition(":")[0]
        if value != name and not _placeholder(value) and not _REFERENCE.match(value):
            yield start, end


# --- values next to their names ---

_PASSWORDS = r"pass(?:word|wd|phrase|code)|pwd|passwort|kennwort|contrasena|senha|mot de passe|[_\-]pass"
_NAMED_KEYS = (
    r"api[_\- ]?(?:key|secret|token)|access[_\- ]?key|secret[_\- ]?(?:access[_\- ]?)?key|client[_\- ]?secret|"
    r"(?:auth|access|refresh|bot|bearer|session|personal|deploy)[_\- ]?token|"
    r"(?:signing|encryption|account|auth|private|master|shared)[_\- ]?key|"
    r"(?:webhook|app|consumer|jwt)[_\- ]?secret"
)
_LOOSE = r"token|secret|credentials?"
_LINK = r"""\\{0,2}["'\]`]{0,2}(?:[ \t]{0,4}(?::=|=>|={1,2}|:)|[ \t]{1,2}is(?:[ \t]{0,2}:)?[ \t])"""
PASSWORD_HINTS = (
    rf"(?i)(?:{_PASSWORDS}|{_NAMED_KEYS}|{_LOOSE}){_LINK}[ \t\r\n]*[^\s,;<>(){{}}\[\]]",
    rf"(?i)-(?:{_PASSWORDS}|{_NAMED_KEYS}|{_LOOSE})[ \t]",
)
_VALUE = (
    r"""[ \t\r\n]{0,4}(?:\\{0,2}(?:"(?P<double>[^"\r\n]{6,})"|'(?P<single>[^'\r\n]{6,})'|`(?P<tick>[^`\r\n]{6,})`)"""
    r"""|(?P<bare>[^\s"'`,;<>(){}\[\]][^\s"'`,;<>]{5,}))"""  # a bracket begins an expression, or a mask
)
_ASSIGNED = Pattern(
    rf"(?i)(?:--(?:[a-z0-9\-]*-)?(?:{_PASSWORDS}|{_NAMED_KEYS}|{_LOOSE})[ \t]|"
    rf"(?P<before>[a-z]{{0,16}}[_\- ]?)(?:(?P<password>{_PASSWORDS})|(?P<key>{_NAMED_KEYS})|(?P<loose>{_LOOSE}))"
    rf"{_LINK}){_VALUE}"
)
_HARMLESS = re.compile(
    r"(?i)(?:next|page|continuation|sync|csrf|xsrf|cursor|max|min|eos|bos|pad|unk|stop|design)[_\- ]?\Z"
)
_CALL = re.compile(r"""[(){}\[\]]|\$\{|\A[$%@<*&/~]|\A\.{1,2}/|://""")
_REFERENCE = re.compile(r"\A(?:[A-Za-z_]\w*(?:(?:\.|->|::)[A-Za-z_]\w*)+\Z|\$|%|\{|<|\*{3})")
_UUID = re.compile(r"(?i)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
_NEXT_PAIR = re.compile(r"&[A-Za-z_]+=")
_SIGN = re.compile(r"[!@#$%^&*+=?~|\\/]")


def find_password(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield values next to the name of a secret, with the kind that the name indicates."""
    for _, before, _password, key, loose, *quoted, bare in _ASSIGNED.groups(text):
        start, end = next(span for span in (*quoted, bare) if span[0] >= 0)
        value = text[start:end]
        if bare[0] >= 0:
            cut = _NEXT_PAIR.search(value)
            value = (value[: cut.start()] if cut else value).rstrip(".:)\\")
        else:
            value = value.rstrip("\\")
        if key[0] >= 0:
            good = _is_key(value, shortest=12, bits=3.0)
        elif loose[0] >= 0:
            usual = _HARMLESS.search(text[before[0] : before[1]]) or _UUID.match(value)
            good = not usual and _is_key(value, shortest=16, bits=3.2)
        else:
            good = _is_password(value, quoted=bare[0] < 0)
        if good:
            kind = "api_key" if key[0] >= 0 or loose[0] >= 0 else "password"
            yield kind, start, min(end, start + len(value))


def _is_key(value: str, *, shortest: int, bits: float) -> bool:
    if len(value) < shortest or _not_a_value(value) or " " in value:
        return False
    return (_has_digit(value) or _is_mixed(value)) and _is_random(value, bits)


def _is_password(value: str, *, quoted: bool) -> bool:
    if len(value) < 6 or _not_a_value(value) or " " in value or not any(map(str.isalpha, value)):
        return False
    odd = _has_digit(value) or _SIGN.search(value) is not None
    return (odd or (quoted and len(value) >= 12 and _is_mixed(value))) and _is_random(value, 2.5)


def _not_a_value(value: str) -> bool:
    """Return True for calls, references to something else, paths, URLs and placeholders."""
    call = _CALL.search(value)
    random = call is not None and call.group() in "/*&@$%~" and _is_random(value, 4.0)
    # A password may contain brackets; an expression has a name before them, or consists only of a reference.
    if call is not None and not random and (call.start() == 0 or any(part in value for part in ("(", "[", "{", "://"))):
        return True
    return _REFERENCE.match(value) is not None or _placeholder(value)


_SIGNS = frozenset(string.punctuation + string.whitespace)
_FILLER = Pattern(
    r"(?i)\A(?:[^a-z0-9]|your|my|the|insert|enter|put|add|here|replace|me|with|change|this|that|example|sample|dummy|fake|test|testing|"
    r"placeholder|redacted|masked|hidden|removed|secret|password|passwd|passphrase|pass|pwd|token|apikey|api|key|access|"
    r"client|value|string|text|todo|none|null|undefined|true|false|required|optional|invalid|abc|foo|bar|baz|user|username|"
    r"name|and|or|is|not|of|a|an|live|sk|pk|ghp|in|env|some|x+|y+|z+|0+|1+|123|1234|12345|123456)*\z"
).within


def _placeholder(value: str) -> bool:
    """Return True for a placeholder of a secret: placeholder words, or one or two characters repeated."""
    return len(set(value.lower()).difference(_SIGNS)) <= 2 or _FILLER(value.encode(errors="surrogatepass"))


def _has_digit(value: str) -> bool:
    return any(map(str.isdigit, value))


def _is_mixed(value: str) -> bool:
    """Return True for small and capital letters in an order that words do not have."""
    return sum(one.islower() != two.islower() for one, two in itertools.pairwise(value)) * 4 >= len(value)


def _is_random(value: str, bits: float) -> bool:
    """Return True for a text of at least so much Shannon entropy, in bits a character."""
    size, letters = len(value), set(value)
    if _least_bits(size, len(letters)) >= bits:
        return True
    repeated = [times for times in map(value.count, letters) if times > 1]
    return bool(size) and math.log2(size) - sum([times * math.log2(times) for times in repeated]) / size >= bits


@functools.lru_cache(maxsize=4096)
def _least_bits(size: int, different: int) -> float:
    """Return the entropy of a text in which all repeated characters are one."""
    times = size - different + 1
    return math.log2(size) - times * math.log2(times) / size if size else 0.0


# --- all of them ---


class Finder(NamedTuple):
    """How secrets of one or two kinds are found."""

    kinds: tuple[str, ...]
    hints: tuple[str, ...]
    """RE2; a folded text in which none matches has no secret of these kinds."""
    find: Callable[[str], Iterable[tuple[str, int, int]]]


def _of(kind: str, find: Callable[[str], Iterable[tuple[int, int]]]) -> Callable[[str], Iterable[tuple[str, int, int]]]:
    return lambda text: ((kind, start, end) for start, end in find(text))


FINDERS = (
    Finder(("private_key",), (PEM_HINT,), _of("private_key", find_private_key)),
    Finder(("jwt",), (JWT_HINT,), _of("jwt", find_jwt)),
    Finder(("api_key",), (KEY_HINT,), _of("api_key", find_key)),
    Finder(("authorization",), (AUTHORIZATION_HINT,), _of("authorization", find_authorization)),
    Finder(("url_password",), (URL_HINT,), _of("url_password", find_url_password)),
    Finder(("password", "api_key"), PASSWORD_HINTS, find_password),
)


def _torn(text: str, found: Sequence[Found]) -> Iterator[encodings.View]:
    """Yield the keys that go on behind the end of a line, and those that are written backwards."""
    whole = {start for start, *_ in found}
    broken = (piece for piece in _broken(text) if piece[0].start not in whole) if _key_hints(text) else ()
    for pieces in (broken, spacing.backwards(text)):
        view = encodings.put_together(pieces)
        if view is not None:
            yield view


class SecretsInspector:
    """Finds secrets. If two kinds match the same characters, the kind with the stronger form wins.

    Args:
        labels: Clearance needed to see each kind, by its name without ``secrets.``; other kinds are not detected.
    """

    name: ClassVar[str] = "secrets"
    version: ClassVar[str] = "2"
    across: ClassVar[bool] = True
    reach: ClassVar[int] = 16_384
    """Longest finding in characters, with the text around it that it depends on; longer texts may be read in slices."""

    def __init__(self, labels: Mapping[str, Classification]) -> None:
        self._labels = dict(labels)
        self._finders = tuple(finder for finder in FINDERS if not self._labels.keys().isdisjoint(finder.kinds))
        self._hints = Hints(hint for finder in self._finders for hint in finder.hints)

    fold = staticmethod(fold)  # one function for all detectors, so that a text is folded once

    @property
    def patterns(self) -> tuple[str, ...]:
        """Patterns of which a text with a secret matches at least one."""
        return (*self._hints.patterns, *encodings.HINTS, spacing.BACKWARDS_HINT)

    def examine_all(self, texts: Sequence[str]) -> list[tuple[Span, ...]]:
        """Return the result of ``examine`` for each string; in one pass if no private key spans several lines."""
        if any("-----" in text for text in texts):
            return [self.examine(text) for text in texts]
        return encodings.examined_together(self.examine, texts)

    def examine(self, text: str) -> tuple[Span, ...]:
        """Return the secrets in a string, in order, without overlaps."""
        folded = fold_with_origins(text)
        found = self._found(folded.text)
        hidden = [
            (*view.span(start, end), kind, label)
            for view in (*encodings.views(folded.text), *_torn(folded.text, found))
            for start, end, kind, label in self._found(view.text)
        ]
        if hidden:
            found = merged([*found, *hidden])
        if folded.origins is None:
            new: Callable[..., Span] = tuple.__new__  # a NamedTuple's own constructor takes twice as long
            return tuple([new(Span, (kind, start, end, label, 1.0)) for start, end, kind, label in sorted(found)])
        return tuple(Span(kind, *folded.span(start, end), label) for start, end, kind, label in sorted(found))

    def _found(self, text: str) -> list[Found]:
        """Return the secrets in a folded text."""
        hints = self._hints(text)
        if not hints:
            return []
        claims, found = Claims(len(text)), list[Found]()
        for finder in self._finders:
            if not hints.isdisjoint(finder.hints):
                found += [
                    (start, end, f"secrets.{kind}", self._labels[kind])
                    for kind, start, end in finder.find(text)
                    if kind in self._labels and claims.claim(start, end)
                ]
        return found
