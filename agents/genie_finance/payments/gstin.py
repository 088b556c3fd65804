"""GST identification numbers: validity and state."""

from __future__ import annotations

PLACES = frozenset((*(f"{code:02}" for code in range(1, 39)), "96", "97"))
"""Codes of states and union territories, of other countries (96) and of other territory (97)."""


def problem(number: str) -> str | None:
    """Return why a text is not a GSTIN, or None: fifteen characters, a PAN inside, and a check character."""
    from stdnum.exceptions import ValidationError  # noqa: PLC0415 - the table of agents is listed without stdnum
    from stdnum.in_ import gstin  # noqa: PLC0415 - as above

    try:
        gstin.validate(number)
    except ValidationError as error:
        return _SAID.get(type(error).__name__, "is not a GSTIN")
    return None


_SAID = {
    "InvalidLength": "does not have 15 characters",
    "InvalidFormat": "does not have the form of a GSTIN",
    "InvalidChecksum": "has a wrong check character",
    "InvalidComponent": "contains an invalid state code or PAN",
}


def state(number: str) -> str:
    """Return the two digits of the state in a GSTIN."""
    return compact(number)[:2]


def compact(number: str) -> str:
    """Return a number in normal form."""
    return "".join(c for c in number.upper() if c.isalnum())
