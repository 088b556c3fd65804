"""Stand-ins: listed recipients get a stable one for each value, which leads back to it; all others get a mask."""

from __future__ import annotations

import pytest

from genie import PolicySet, Runtime, agent
from genie.contracts.card import Caller
from genie.contracts.context import Context
from genie.contracts.message import Payload
from genie.contracts.ports.vault import Vault
from genie.errors import RunStalled
from genie.policies.pii import Pii, PiiSettings
from genie.policies.secrets import Secrets
from genie.policies.vault import MemoryVault

KEY = b"a key of 16 bytes or more"


class Case(Payload, topic="stand.case", classification="public"):
    text: str


class Done(Payload, topic="stand.done", classification="public"):
    text: str = ""


async def shown(text: str, *agents: str, policies: PolicySet, tenant: str = "acme") -> dict[str, str]:
    """Return what each agent got."""
    got: dict[str, str] = {}

    def reader(name: str) -> object:
        @agent(name, publishes=())
        async def read(case: Case, context: Context) -> Done:
            got[name] = case.text
            return Done()

        return read

    async with Runtime([reader(name) for name in agents], policies=policies) as runtime:  # type: ignore[misc]  # agents
        await runtime.ask(Case(text=text), Done, caller=Caller(tenant=tenant))
    return got


def policies(vault: Vault | None = None, **settings: object) -> PolicySet:
    return PolicySet((Pii(PiiSettings.model_validate({"stand_ins": ["bureau"], **settings}), vault), Secrets()))


TEXT = "card 4111 1111 1111 1111 again 4111111111111111, jane@example.com"


@pytest.mark.anyio
async def test_a_listed_recipient_gets_the_same_stand_in_for_the_same_value() -> None:
    vault = MemoryVault(KEY)
    card, mail = vault.stand_in("acme", "card", "4111111111111111"), vault.stand_in("acme", "email", "jane@example.com")

    got = await shown(TEXT, "bureau", "clerk", policies=policies(vault))

    assert got["bureau"] == f"card [card:{card}] again [card:{card}], [email:{mail}]"
    assert got["clerk"] == "card [card] again [card], [email]"


@pytest.mark.anyio
async def test_a_stand_in_is_stable_across_messages_and_vaults_of_one_key_but_not_across_tenants() -> None:
    one = await shown(TEXT, "bureau", policies=policies(MemoryVault(KEY)))

    assert await shown(TEXT, "bureau", policies=policies(MemoryVault(KEY))) == one
    assert await shown(TEXT, "bureau", policies=policies(MemoryVault(KEY)), tenant="other") != one


@pytest.mark.anyio
async def test_a_stand_in_is_not_found_again_and_leads_back() -> None:
    vault = MemoryVault()
    got = await shown(TEXT, "bureau", policies=policies(vault))
    again = await shown(got["bureau"], "bureau", policies=policies(vault))

    assert again == got
    stand_in = got["bureau"].partition("[card:")[2].partition("]")[0]
    assert vault.original("acme", stand_in) == "4111 1111 1111 1111"
    assert vault.original("other", stand_in) is None


@pytest.mark.anyio
async def test_secrets_in_the_same_field_are_masked() -> None:
    got = await shown("4111111111111111 password=Hx7pQ2mz9!", "bureau", policies=policies())

    assert got["bureau"].startswith("[card:")
    assert got["bureau"].endswith("password=[password]")


@pytest.mark.anyio
async def test_a_full_vault_denies_what_it_cannot_replace() -> None:
    with pytest.raises(RunStalled):
        await shown(TEXT, "bureau", policies=policies(MemoryVault(most=1)))


@pytest.mark.anyio
async def test_a_family_of_recipients_may_be_listed() -> None:
    got = await shown(TEXT, "desk.one", policies=policies(stand_ins=["desk.*"]))

    assert got["desk.one"].startswith("card [card:")
