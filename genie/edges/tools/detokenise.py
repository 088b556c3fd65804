"""Layer 16: stand-ins of the vault are replaced by their values in the parsed arguments, right before the tool runs.

Approvers, policies, the audit and the model only see stand-ins. The values are put into fields of the payload, not into
JSON text, so a quote in a value stays a quote.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar

from genie.contracts.message import Payload, Value
from genie.contracts.ports.vault import STAND_IN

if TYPE_CHECKING:
    from genie.contracts.ports.vault import Vault

P = TypeVar("P", bound=Payload)


def revealed(payload: P, vault: Vault, tenant: str | None) -> P:
    """Return the payload with stand-ins replaced by their values; an unknown stand-in stays.

    Raises:
        pydantic.ValidationError: A value does not fit its field.
    """

    def found(match: re.Match[str]) -> str:
        value = vault.original(tenant, match[1])
        return match[0] if value is None else value

    def shown(value: object) -> object:
        if isinstance(value, str) and type(value) is str:
            return STAND_IN.sub(found, value) if "[" in value else value
        if isinstance(value, tuple | frozenset):
            made = [shown(item) for item in value]
            return value if all(map(_same, made, value)) else type(value)(made)
        if isinstance(value, Value):
            changed = {name: new for name, old in value.__dict__.items() if (new := shown(old)) is not old}
            return value.model_copy(update=changed) if changed else value
        return value

    made = shown(payload)
    return made if isinstance(made, type(payload)) else payload


def _same(one: object, other: object) -> bool:
    return one is other
