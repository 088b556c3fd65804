"""The suite of the vault accepts the one that ships, and names what a broken one does."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from genie.contracts.ports.vault import Vault
from genie.policies.vault import MemoryVault
from genie.testing.conformance import VAULT_MOST, NonconformanceError, check_vault
from genie.testing.conformance.suite import Make


def vaults(make: Callable[[], Vault]) -> Make[Vault]:
    @asynccontextmanager
    async def made() -> AsyncIterator[Vault]:
        yield make()

    return made


@pytest.mark.anyio
async def test_the_vault_in_memory_does_what_the_port_says() -> None:
    await check_vault(vaults(lambda: MemoryVault(most=VAULT_MOST)))
    await check_vault(vaults(lambda: MemoryVault(b"k" * 16, most=VAULT_MOST)))


class Fresh(MemoryVault):
    count = 0

    def stand_in(self, tenant: str | None, kind: str, value: str) -> str:
        self.count += 1
        return super().stand_in(tenant, f"{kind}{self.count}", value)


class Shared(MemoryVault):
    def stand_in(self, tenant: str | None, kind: str, value: str) -> str:
        return super().stand_in("all", kind, value)


class Plain(MemoryVault):
    def stand_in(self, tenant: str | None, kind: str, value: str) -> str:
        return f"{super().stand_in(tenant, kind, value)}9"


class OneWay(MemoryVault):
    def original(self, tenant: str | None, stand_in: str) -> str | None:
        return None


class Endless(MemoryVault):
    def __init__(self) -> None:
        super().__init__(most=10**9)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("broken", "check"),
    [
        (Fresh, "is_stable"), (Shared, "keeps_values_apart"), (Plain, "tells_nothing"), (OneWay, "leads_back"),
        (Endless, "is_bounded"),
    ],
    ids=lambda part: part if isinstance(part, str) else part.__name__,
)  # fmt: skip
async def test_a_broken_vault_is_named(broken: type[MemoryVault], check: str) -> None:
    with pytest.raises(NonconformanceError) as caught:
        await check_vault(vaults(broken))

    assert caught.value.check == check


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ValueError, match="16"):
        MemoryVault(b"short")
