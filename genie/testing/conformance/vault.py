"""The suite of the ``Vault`` port: stable stand-ins, tenants apart, a way back, and a limit."""

from __future__ import annotations

import re

from genie.contracts.ports.vault import Vault, VaultFullError
from genie.testing.conformance.suite import Make, expect, run_checks, violated

VAULT_MOST = 50
"""Values that the vault under test keeps."""
CARD = "4111 1111 1111 1111"


async def check_vault(make: Make[Vault]) -> None:
    """Run every check of the port.

    Args:
        make: Makes a vault that keeps ``VAULT_MOST`` values.

    Raises:
        NonconformanceError: A check failed.
    """
    await run_checks("vault", make, CHECKS)


async def is_stable(vault: Vault) -> None:
    """A value has one stand-in, however often it is asked for and however its digits are separated."""
    first = vault.stand_in("acme", "card", CARD)
    for written in (CARD, CARD.replace(" ", ""), CARD.replace(" ", "-")):
        expect(vault.stand_in("acme", "card", written) == first, "the same stand-in for the same value")
    expect(
        vault.stand_in("acme", "email", "Jane@Example.com") == vault.stand_in("acme", "email", "jane@example.com"),
        "case to make no other value of an address",
    )


async def keeps_values_apart(vault: Vault) -> None:
    """Other values, kinds and tenants have other stand-ins."""
    made = [
        vault.stand_in(tenant, kind, value)
        for tenant in (None, "acme", "other", "")
        for kind in ("card", "account")
        for value in ("4111111111111111", "4111111111111112", "ab@example.com", "a.b@example.com")
    ]
    expect(len(set(made)) == len(made), "other stand-ins for other values, kinds and tenants")


async def tells_nothing(vault: Vault) -> None:
    """A stand-in is of small letters alone, so that it is neither a number nor the value."""
    for number in range(20):
        stand_in = vault.stand_in("acme", "card", f"{number:016}")
        expect(re.fullmatch("[a-z]{8,40}", stand_in), "8 to 40 small letters")


async def leads_back(vault: Vault) -> None:
    """The tenant of a value gets it back as it was first written; another one does not."""
    stand_in = vault.stand_in("acme", "card", CARD)
    vault.stand_in("acme", "card", CARD.replace(" ", ""))
    expect(vault.original("acme", stand_in) == CARD, "the value as it was first written")
    for tenant in ("other", None):
        expect(vault.original(tenant, stand_in) is None, "nothing for another tenant")
    expect(vault.original("acme", "bcdfghjk") is None, "nothing for a stand-in that it never gave")


async def is_bounded(vault: Vault) -> None:
    """A full vault refuses a new value, and keeps every value that it has."""
    first = vault.stand_in("acme", "card", "0")
    for number in range(1, VAULT_MOST):
        vault.stand_in("acme", "card", str(number))
    try:
        vault.stand_in("acme", "card", str(VAULT_MOST))
    except VaultFullError:
        pass
    else:
        violated("VaultFullError for one value more than it keeps")
    expect(vault.stand_in("acme", "card", "0") == first, "the stand-in of a value that it has")
    expect(vault.original("acme", first) == "0", "the value that it has")


CHECKS = (is_stable, keeps_values_apart, tells_nothing, leads_back, is_bounded)
