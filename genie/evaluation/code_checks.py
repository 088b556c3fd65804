"""Checks of answers as code, by name. Packages offer further ones in the entry-point group ``genie.checks``."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import entry_points
from types import MappingProxyType
from typing import TYPE_CHECKING, cast

from genie.contracts.loop_call import LoopAnswer

if TYPE_CHECKING:
    from genie.contracts.message import Payload

CodeCheck = Callable[["Payload", str], str]
"""Takes an answer and its question, and returns the code of the problem; empty if there is none."""
GROUP = "genie.checks"


def linked(answer: Payload, question: str) -> str:
    """Every number of the answer is linked to a result of a tool, or to the question."""
    if not isinstance(answer, LoopAnswer):
        return "no_links"
    from genie.loops.links import linked_numbers  # noqa: PLC0415 - start-up: for those who check links

    if not answer.answered:
        return "not_answered"
    # Numbers without a link are refused by the loop's own check; this checks answers of loops without it.
    found = linked_numbers(answer.text, (), " ".join((question, *(link.text for link in answer.links))))
    return found.code


def json_object(answer: Payload, _question: str) -> str:
    """The text of the answer is a JSON object."""
    try:
        found = json.loads(getattr(answer, "text", ""))
    except (ValueError, RecursionError):
        return "not_json"
    return "" if isinstance(found, dict) else "not_an_object"


def no_call_failed(answer: Payload, _question: str) -> str:
    """Every call of a tool succeeded."""
    if not isinstance(answer, LoopAnswer):
        return "unknown_calls"
    return next((call.code for call in answer.calls if call.code), "")


_OWN: Mapping[str, CodeCheck] = MappingProxyType(
    {"linked": linked, "json_object": json_object, "no_call_failed": no_call_failed}
)


class _Checks(Mapping[str, CodeCheck]):
    """The available checks; those of other packages are imported at first use."""

    @functools.cached_property
    def _offered(self) -> dict[str, Callable[[], CodeCheck]]:
        return {one.name: cast("Callable[[], CodeCheck]", one.load) for one in entry_points(group=GROUP)}

    def __getitem__(self, name: str) -> CodeCheck:
        own = _OWN.get(name)
        return self._offered[name]() if own is None else own

    def __iter__(self) -> Iterator[str]:
        return iter({**self._offered, **_OWN})

    def __len__(self) -> int:
        return len({**self._offered, **_OWN})


CODE: Mapping[str, CodeCheck] = _Checks()
