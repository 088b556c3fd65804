"""Restores values for stand-ins in a model's text.

A policy replaces findings by stand-ins of a vault for models that may not see them. The asker restores the values, for
which it needs the port ``Vault``. Only values that this asker itself has sent are restored, so a stand-in that a model
knows from another run stays a stand-in. The restored text is judged like every other message.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from genie.contracts.model_call import Role
from genie.contracts.ports.vault import STAND_IN

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable

    from genie.contracts.model_call import Turn
    from genie.contracts.ports.vault import Vault


def restored(text: str, turns: Iterable[Turn], vault: Vault, tenant: str | None, *, in_json: bool = False) -> str:
    """Return a model's text with stand-ins replaced by values.

    Args:
        text: Text of the model.
        turns: What the asker has sent, before it was judged for the model; the model's own turns are ignored.
        vault: The vault that issued the stand-ins.
        tenant: Tenant of the asker's run.
        in_json: The text is JSON, in which a stand-in stands within a string.
    """
    if not STAND_IN.search(text):
        return text
    sent = "\n".join(_bare(words) for turn in turns if turn.role is not Role.ASSISTANT for words in _texts(turn))

    def value_of(match: re.Match[str]) -> str:
        value = vault.original(tenant, match[1])
        if value is None or not _bare(value) or _bare(value) not in sent:
            return match[0]
        return json.dumps(value, ensure_ascii=False)[1:-1] if in_json else value

    return STAND_IN.sub(value_of, text)


def _texts(turn: Turn) -> Iterable[str]:
    for part in turn.parts:
        if part.kind == "tool_call":
            yield part.arguments
        elif part.kind != "image":
            yield part.text


def _bare(text: str) -> str:
    """Return letters and digits: a value has one stand-in, regardless of separators between its digits."""
    return "".join(filter(str.isalnum, text)).lower()
