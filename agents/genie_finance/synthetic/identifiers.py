"""Identifiers with valid check digits, of institutions that do not exist."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from genie_finance.synthetic.chance import Chance

if TYPE_CHECKING:
    from genie_finance.synthetic.country import Country

_KEPT = 4_096
_STARTS = tuple(f"1{second}{third}" for second in range(6) for third in range(6))


def iban(country: str, rest: str) -> str:
    """Return the IBAN of a bank and account: two check digits by ISO 7064 MOD 97-10, as in ISO 13616.

    Args:
        country: ISO 3166 code.
        rest: The country's own part, of digits and capital letters.
    """
    number = "".join(str(int(c, 36)) for c in f"{rest}{country}00")
    return f"{country}{98 - int(number) % 97:02d}{rest}"


def account(country: Country, chance: Chance) -> str:
    """Return an account at the country's invented bank."""
    digits = "".join(str(int(chance.random() * 10)) for _ in range(country.account_digits))
    if country.bank and country.iban:
        return iban(country.code, country.bank + digits)
    return f"{country.bank}{digits}"


@functools.lru_cache(maxsize=_KEPT)
def account_of(country: Country, name: str) -> str:
    """Return the account of a name; the same name always has the same account."""
    return account(country, Chance(f"account/{country.code}/{name}"))


def reference(chance: Chance) -> str:
    """Return twelve digits that start with 1 and two low digits, unlike Aadhaar, card and telephone numbers."""
    drawn = int(chance.random() * 36_000_000_000)
    return f"{_STARTS[drawn // 1_000_000_000]}{drawn % 1_000_000_000:09d}"
