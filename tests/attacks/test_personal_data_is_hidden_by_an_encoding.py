"""Attack: personal data behind an encoding.

Percent escapes, HTML entities, tags and comments, string escapes, quoted-printable, UTF-16, hex, base64, base32,
character codes, nested.
"""

from __future__ import annotations

import base64
import random
import urllib.parse
from collections.abc import Callable

import pytest

from genie.contracts.classification import Classification
from genie.contracts.message import Payload
from genie.detectors.secrets.inspector import SecretsInspector
from genie.policies.pii import Pii
from genie.policy.inspection import Inspectors
from tests.genie.detectors.generated import INSPECTOR, MAKERS, aadhaar, card

Encoding = Callable[[str], str]

ENCODINGS: dict[str, Encoding] = {
    "percent": lambda text: urllib.parse.quote(text, safe=""),
    "percent, every character": lambda text: "".join(f"%{ord(char):02X}" for char in text),
    "blanks as %20": lambda text: text.replace(" ", "%20"),
    "decimal entities": lambda text: "".join(f"&#{ord(char)};" for char in text),
    "one hexadecimal entity": lambda text: f"&#x{ord(text[0]):x};{text[1:]}",
    "string escapes": lambda text: "".join(f"\\u{ord(char):04x}" for char in text),
    "bytes of string escapes": lambda text: "".join(f"\\x{ord(char):02x}" for char in text),
    "UTF-16": lambda text: text.encode("utf-16-le").decode("latin-1"),
    "UTF-16, big end first": lambda text: text.encode("utf-16-be").decode("latin-1"),
    "tags": lambda text: f"{text[:3]}<b>{text[3:5]}</b>{text[5:]}",
    "base64": lambda text: base64.b64encode(f"value: {text}".encode()).decode(),
    "base64 of UTF-16": lambda text: base64.b64encode(f"value: {text}".encode("utf-16")).decode(),
    "base64 for URLs, without its end": lambda text: (
        base64.urlsafe_b64encode(f"x {text} x".encode()).decode().rstrip("=")
    ),
    "base64 of base64": lambda text: base64.b64encode(base64.b64encode(f"value: {text}".encode())).decode(),
    "quoted-printable": lambda text: "".join(f"={ord(char):02X}" for char in text),
    "blanks as =20": lambda text: text.replace(" ", "=20"),
    "soft ends of lines": lambda text: f"{text[:4]}=\r\n{text[4:]}",
    "comments": lambda text: f"{text[:3]}<!-- -->{text[3:5]}<!--x-->{text[5:]}",
    "hex": lambda text: text.encode().hex(),
    "hex, in capitals": lambda text: f"no {text}".encode().hex().upper(),
    "octal escapes": lambda text: "".join(f"\\{ord(char):03o}" for char in text),
    "bytes in hex": lambda text: " ".join(f"0x{ord(char):02x}" for char in text),
    "bytes in hex, with commas": lambda text: ", ".join(f"0x{ord(char):02X}" for char in text),
    "spaced hex": lambda text: " ".join(f"{ord(char):02x}" for char in text),
    "bits": lambda text: " ".join(f"{ord(char):08b}" for char in text),
    "numbers of characters": lambda text: " ".join(map(str, map(ord, text))),
    "base32": lambda text: base64.b32encode(f"no: {text}".encode()).decode(),
    "base32 in lower case, without its end": lambda text: (
        base64.b32encode(f"no: {text}".encode()).decode().lower().rstrip("=")
    ),
    "base64 of hex": lambda text: base64.b64encode(text.encode().hex().encode()).decode(),
    "base64 in percent": lambda text: urllib.parse.quote(base64.b64encode(f"no: {text}".encode()), safe=""),
}  # fmt: skip
CARRIERS = ("{}", "see {} for this", '{{"value": "{}"}}')


@pytest.mark.parametrize("name", ENCODINGS)
def test_every_kind_is_found_behind_it(name: str) -> None:
    chance = random.Random(name)
    missed = []
    for kind, make in MAKERS.items():
        for at in range(20):
            value = make(chance)
            if not value.isascii():
                continue
            shown = ENCODINGS[name](value)
            text = CARRIERS[at % len(CARRIERS)].format(shown)
            spans = [span for span in INSPECTOR.examine(text) if span.kind == f"pii.{kind}"]
            if not spans:
                missed.append((kind, value, text))

    assert missed == []


def test_what_is_masked_is_what_is_encoded() -> None:
    text = (
        "pay &#52;111%201111%201111%201111 and " + base64.b64encode(b"write to jane.doe@example.com").decode() + " now"
    )

    spans = INSPECTOR.examine(text)

    assert [(span.kind, text[span.start : span.end]) for span in spans] == [
        ("pii.card", "&#52;111%201111%201111%201111"),
        ("pii.email", base64.b64encode(b"write to jane.doe@example.com").decode()),
    ]


def test_a_secret_in_base64_is_found() -> None:
    found = SecretsInspector({"password": Classification.RESTRICTED}).examine(
        base64.b64encode(b'{"password": "Hx7pQ2mz9!"}').decode()
    )

    assert [span.kind for span in found] == ["secrets.password"]


class Scan(Payload, topic="attack.scan"):
    text: str = ""
    raw: bytes = b""


@pytest.mark.parametrize("codec", ["utf-8", "utf-16", "utf-16-be", "utf-16-le"])
def test_bytes_are_looked_into_whatever_they_are_written_in(codec: str) -> None:
    chance = random.Random(codec)
    inspectors = Inspectors(Pii().inspectors)
    for _ in range(20):
        found = inspectors.inspect(Scan(raw=f"row 7: {card(chance, size=16)}".encode(codec))).findings
        assert [finding.kind for finding in found] == ["pii.card"]


def test_a_clean_message_with_encodings_in_it_has_no_findings() -> None:
    inspectors = Inspectors(Pii().inspectors)
    chance = random.Random(1)
    for text in (
        "50%25 off &amp; free&nbsp;delivery, 100%20 items",
        "C:\\new\\x20\\table",
        f"sha256:{chance.randbytes(32).hex()}",
        base64.b64encode(chance.randbytes(90)).decode(),
        base64.b64encode(b"a report of the third quarter, no more").decode(),
    ):
        assert inspectors.inspect(Scan(text=text)).findings == ()


def test_many_encoded_pieces_are_all_looked_into() -> None:
    chance = random.Random(2)
    pieces = [base64.b64encode(f"nothing at all in piece {number}".encode()).decode() for number in range(300)]
    digits = aadhaar(chance)
    hidden = base64.b64encode(f"aadhaar {digits}".encode()).decode()

    text = " ".join([*pieces, hidden, *pieces])

    assert [text[span.start : span.end] for span in INSPECTOR.examine(text)] == [hidden]
