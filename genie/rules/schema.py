"""The models of a rule."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, JsonValue, model_validator

from genie.policies._settings import Names
from genie.policy.policy import PolicySettings
from genie.rules.operators import seconds

MOST_RULES = 1_000
"""Maximum number of rules of one set."""

RuleName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*([.-][a-z0-9_]+)*$", max_length=100)]
Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]


def _duration(text: str) -> str:
    if seconds(text) <= 0:
        raise ValueError(f"{text!r} is not a valid duration")
    return text


Duration = Annotated[str, Field(max_length=40), AfterValidator(_duration)]
Target = Annotated[str, Field(pattern=r"^(payload\.[a-z_][\w.]*|findings(\.[a-z0-9_]+)*)$", max_length=200)]
"""`payload.PATH` of a text, `findings` or `findings.KIND`."""


class DenySection(PolicySettings):
    """The delivery does not happen."""

    code: Code = Field(default="rule", description="Stable label for logs and metrics.")


class HoldSection(PolicySettings):
    """The delivery waits for a person."""

    approvers: Names | None = Field(
        default=None, description="Roles of which an approver must have one; any approver by default."
    )
    quorum: int = Field(default=1, ge=1, le=100, description="Number of different people who must approve.")
    expires: Duration | None = Field(
        default=None, description="How long it waits, such as 4h; the run limits' hold_s by default.", examples=["4h"]
    )


class AllowSection(PolicySettings):
    """The delivery is allowed, with notices that are attached where it leaves."""

    obligations: Annotated[tuple[Annotated[str, Field(min_length=1, max_length=500)], ...], Field(min_length=1)] = (
        Field(description="Texts such as a disclosure banner.")
    )


class ThenSection(PolicySettings):
    """The action of a rule: exactly one of these."""

    deny: Code | DenySection | None = Field(default=None, description="The denial's code, or its settings.")
    hold: HoldSection | None = None
    redact: Annotated[tuple[Target, ...], Field(min_length=1, max_length=100)] | None = Field(
        default=None, description="Masked text: `payload.PATH` of a text, `findings`, or `findings.KIND`."
    )
    allow: AllowSection | None = None

    @model_validator(mode="after")
    def _one(self) -> ThenSection:
        given = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError("write exactly one of deny, hold, redact with targets, or allow with obligations")
        return self


class ExampleSection(PolicySettings):
    """A message and the expected verdict; `genie policy test` runs it."""

    given: dict[str, JsonValue] = Field(description="A message: topic, payload, sender, recipient, headers, label.")
    then: Literal["allow", "redact", "hold", "deny"] = Field(
        description="Expected verdict; allow if the rule does not object."
    )


class RuleSection(PolicySettings):
    """One rule."""

    name: RuleName = Field(description="Name of the rule; decisions contain it as rules/NAME.")
    when: dict[str, JsonValue] = Field(min_length=1, description="Subject -> condition; all must be true.")
    then: Literal["deny", "hold"] | ThenSection = Field(description="deny, hold, redact or allow.")
    because: str = Field(min_length=1, max_length=500, description="One sentence that explains the rule to users.")
    mode: Literal["enforce", "shadow"] = Field(
        default="enforce", description="Shadow mode: the rule is judged and recorded, without effect."
    )
    undecided: Literal["deny", "apply", "skip"] = Field(
        default="deny",
        description="If a value is missing or cannot be compared: deny, apply `then`, or skip the rule.",
    )
    examples: tuple[ExampleSection, ...] = Field(default=(), max_length=100)

    @property
    def verdict(self) -> Literal["deny", "hold", "redact", "allow"]:
        """The name of the action."""
        if isinstance(self.then, str):
            return self.then
        if self.then.deny is not None:
            return "deny"
        if self.then.hold is not None:
            return "hold"
        return "allow" if self.then.redact is None else "redact"

    @property
    def code(self) -> str:
        """The code of a denial."""
        given = None if isinstance(self.then, str) else self.then.deny
        return given if isinstance(given, str) else (given or DenySection()).code

    @property
    def hold(self) -> HoldSection:
        """The parameters of a hold."""
        return HoldSection() if isinstance(self.then, str) else self.then.hold or HoldSection()

    @property
    def targets(self) -> tuple[str, ...]:
        """The masked paths."""
        return () if isinstance(self.then, str) else self.then.redact or ()

    @property
    def obligations(self) -> tuple[str, ...]:
        """Notices for a payload that leaves the runtime."""
        return () if isinstance(self.then, str) or self.then.allow is None else self.then.allow.obligations

    @property
    def version(self) -> str:
        """Hash of the rule without its examples."""
        said = self.model_dump(mode="json", exclude={"examples"})
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:12]


class RulesSettings(PolicySettings):
    """A set of rules; every rule is evaluated."""

    rules: tuple[RuleSection, ...] = Field(default=(), max_length=MOST_RULES)


def named(when: Mapping[str, object]) -> frozenset[str]:
    """Return every subject that a condition names, known or unknown."""
    found: set[str] = set()
    waiting: list[object] = [when]
    while waiting:
        here = waiting.pop()
        for name, part in here.items() if isinstance(here, dict) else ():
            if name in {"any_of", "all_of"}:
                waiting += part if isinstance(part, list) else []
            elif name == "not":
                waiting.append(part)
            else:
                found.add(name)
    return frozenset(found)
