"""Identifiers of Indian finance: PAN, Aadhaar, GSTIN, IFSC, UPI addresses and account numbers.

Each check names the problem. No check looks a number up: a valid number is well formed, but may never have been issued.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import re2

Kind = Literal["pan", "aadhaar", "gstin", "ifsc", "vpa", "account"]

_LONGEST = 320
"""Maximum length of input; the longest identifier is a UPI address of about 2 x 128 characters."""
_PAN = re2.compile(r"[A-Z]{5}[0-9]{4}[A-Z]")
_IFSC = re2.compile(r"[A-Z]{4}0[A-Z0-9]{6}")
_VPA_NAME = re2.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}")
_VPA_HANDLE = re2.compile(r"[A-Za-z][A-Za-z0-9]{1,63}")
_ACCOUNT = re2.compile(r"[0-9]{9,18}")

HOLDERS = {
    "A": "association of persons", "B": "body of individuals", "C": "company", "F": "firm",
    "G": "government", "H": "Hindu undivided family", "J": "artificial juridical person", "L": "local authority",
    "P": "individual", "T": "trust",
}  # fmt: skip
"""Fourth character of a PAN. Source: Income Tax Department, "Permanent Account Number", as in python-stdnum 2.2."""


class Identifier(NamedTuple):
    """A number in normal form, and its problem."""

    kind: Kind
    value: str
    """Without blanks, in capitals if its kind uses capitals; the given text if it is invalid."""
    fault: str | None
    """None if it is well formed."""

    @property
    def valid(self) -> bool:
        """True if it is well formed."""
        return self.fault is None


def pan(text: str) -> Identifier:
    """Check a permanent account number: five letters, four digits, a letter; the fourth states the kind of holder.

    Its last character is a check letter whose computation is not public, so it is not checked.
    """
    value = _compact(text).upper()
    if not _PAN.fullmatch(value):
        return Identifier("pan", value, "a PAN must be five letters, four digits and a letter")
    if value[3] not in HOLDERS:
        return Identifier("pan", value, f"its fourth letter {value[3]} denotes no kind of holder")
    if value[5:9] == "0000":
        return Identifier("pan", value, "its serial number is 0000, which is never issued")
    return Identifier("pan", value, None)


def pan_holder(value: str) -> str:
    """Return the kind of holder of a well-formed PAN."""
    return HOLDERS[value[3]]


def aadhaar(text: str) -> Identifier:
    """Check an Aadhaar number: twelve digits, the first 2 to 9, no palindrome, the last one a Verhoeff digit."""
    from stdnum.exceptions import InvalidChecksum, ValidationError  # noqa: PLC0415 - only where a number is checked
    from stdnum.in_ import aadhaar as number  # noqa: PLC0415 - only where a number is checked

    value = _compact(text)
    try:
        return Identifier("aadhaar", number.validate(value), None)
    except InvalidChecksum:
        return Identifier("aadhaar", value, "its last digit does not fit the others")
    except ValidationError:
        return Identifier("aadhaar", value, "an Aadhaar number is twelve digits of which the first is 2 to 9")


def gstin(text: str) -> Identifier:
    """Check a GST number: state, PAN inside, entity, Z, and the check character."""
    from stdnum.exceptions import InvalidChecksum, ValidationError  # noqa: PLC0415 - only where a number is checked
    from stdnum.in_ import gstin as number  # noqa: PLC0415 - only where a number is checked

    value = _compact(text).upper()
    try:
        return Identifier("gstin", number.validate(value), None)
    except InvalidChecksum:
        return Identifier("gstin", value, "its last character does not fit the others")
    except ValidationError:
        fault = "a GSTIN is a state's two digits, a PAN, the entity's number, Z and a check character"
        return Identifier("gstin", value, fault)


def ifsc(text: str) -> Identifier:
    """Check the code of a bank's branch: four letters of the bank, 0, six letters or digits of the branch."""
    value = _compact(text).upper()
    fault = None if _IFSC.fullmatch(value) else "an IFSC is four letters, 0, and six letters or digits"
    return Identifier("ifsc", value, fault)


def vpa(text: str) -> Identifier:
    """Check the form of a UPI address, ``name@handle``; its handle has no dot, unlike an e-mail address."""
    value = text.strip()[:_LONGEST]
    name, at, handle = value.partition("@")
    if not at or not _VPA_NAME.fullmatch(name):
        return Identifier(
            "vpa", value, "a UPI address is name@handle, the name consists of letters, digits, dots and hyphens"
        )
    if not _VPA_HANDLE.fullmatch(handle):
        return Identifier("vpa", value, "the handle of a UPI address consists of letters and digits, without a dot")
    return Identifier("vpa", value.lower(), None)


def account(text: str) -> Identifier:
    """Check the form of a bank account number: 9 to 18 digits, not all 0; there is no check digit across banks."""
    value = _compact(text)
    if not _ACCOUNT.fullmatch(value):
        return Identifier("account", value, "an account number has 9 to 18 digits")
    return Identifier("account", value, "its digits are all 0" if set(value) == {"0"} else None)


def _compact(text: str) -> str:
    return "".join(text[:_LONGEST].replace("-", " ").split())
