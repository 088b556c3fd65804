"""Policy register: the insurer's own record of policies, from the pipeline's settings.

An insurer replaces this agent by its own, with the same payloads, which queries its policy system.
"""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie.contracts.context import Context
from genie_finance.contracts.claims import HealthPolicy, PolicyFound, PolicyLookup
from genie_finance.contracts.insufficient import InsufficientData, Lack
from genie_finance.contracts.insurance import Screening

ID = "policy_register"


class PolicyRegisterSettings(BaseModel):
    """What a pipeline may set."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    policies: tuple[HealthPolicy, ...] = Field(default=(), max_length=10_000)
    screenings: tuple[Screening, ...] = Field(default=(), max_length=10_000)
    """Result of the insurer's fraud check of claims."""

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        if len({one.policy_number for one in self.policies}) != len(self.policies):
            raise ValueError("a policy is listed twice")
        if len({one.claim_id for one in self.screenings}) != len(self.screenings):
            raise ValueError("a claim has two screening results")
        return self


def find(lookup: PolicyLookup, register: PolicyRegisterSettings) -> PolicyFound | InsufficientData:
    """Return the policy with a number, or the missing data if there is none; numbers must match exactly."""
    for policy in register.policies:
        if policy.policy_number == lookup.policy_number:
            screened = (one for one in register.screenings if one.claim_id == lookup.claim_id)
            return PolicyFound(policy=policy, screening=next(screened, None))
    lack = Lack(what="policy_number", needed="a policy in the register", given=lookup.policy_number)
    return InsufficientData(agent=ID, question="terms of a policy", missing=(lack,))


@agent(
    id=ID,
    capabilities=("insurance.find_policy",),
    risk=Risk.LOW,
    tier=Tier.BETA,
    clearance="confidential",
    concurrency=8,
    settings=PolicyRegisterSettings,
)
async def policy_register(lookup: PolicyLookup, context: Context) -> PolicyFound | InsufficientData:
    """Returns a policy's entry in the insurer's register."""
    settings: PolicyRegisterSettings = context.settings or PolicyRegisterSettings()
    return find(lookup, settings)
