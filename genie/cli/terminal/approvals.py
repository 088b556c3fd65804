"""An approval request as one page for people: what is asked, of whom, why, and the figures of the payload."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from genie.cli.options.control import shown_time
from genie.cli.terminal.drawing import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MOST_LINES = 48
"""Lines of a payload that are shown; `--json` has all of it."""
MOST_ENTRIES = 8
"""Entries of one list that are shown."""
LONGEST = 160
"""Characters of one text that are shown."""
_DEEPEST = 3
_BACKGROUND = {"inputs", "editions"}
"""Lists of what an answer rests on: they are counted, not shown."""
_DIGITS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV",
                     "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}  # fmt: skip
"""Digits after the point of the currencies that do not have two (ISO 4217)."""


def described(found: Mapping[str, Any], page: list[str] | None = None) -> list[str]:
    """Return the lines of an approval request.

    Args:
        found: The request's record, with ``payload`` as JSON values.
        page: The payload as lines, where its class has a renderer; otherwise its fields are laid out here.
    """
    lines = [
        f"{found['id']}: {found['state']}",
        f"asked     {found['recipient']} is to get {found['topic']} ({found['label']}) from {found['sender']}",
        f"for       {found['requester']}, run {found['run_id']}",
        f"why       {found['reason']}",
    ]
    lines += [f"needs     {one}" for one in found["lacking"]]
    for vote in found["votes"]:
        said = "approved" if vote["approve"] else "denied"
        lines.append(f"vote      {vote['by']} {said} {shown_time(vote['at'])}: {vote['reason']}")
    lines += [f"edited    by {edit['by']} {shown_time(edit['at'])}, was {edit['before']}" for edit in found["edits"]]
    lines += [f"until     {shown_time(found['expires'])}", ""]
    if found["payload"] is None:
        lines.append(f"withheld  {found['withheld']}")
    else:
        lines += _bounded(list(_fields(found["payload"], 0)) if page is None else page)
        lines += [f"masked    {path}" for path in found["masked"]]
    return [*lines, "", f"sha256    {found['payload_sha256']}"]


def _bounded(lines: list[str]) -> list[str]:
    if len(lines) <= MOST_LINES:
        return lines
    return [*lines[:MOST_LINES], f"... and {counted(len(lines) - MOST_LINES, 'more line')}; --json has everything"]


def _fields(values: Mapping[str, Any], depth: int) -> Iterator[str]:
    """Yield the fields that say something, short ones first, so that what belongs together is read together."""
    indent = "  " * depth
    short = {name: _text(value) for name, value in values.items() if _is_short(value)}
    for name, text in short.items():
        if text:
            yield f"{indent}{_named(name):<{30 - len(indent)}}{text}"
    for name, value in values.items():
        if name in short or not value:
            continue
        if name in _BACKGROUND and isinstance(value, list):
            yield f"{indent}{_named(name):<{30 - len(indent)}}{counted(len(value), 'entry', 'entries')}"
        elif depth >= _DEEPEST:
            yield f"{indent}{_named(name):<{30 - len(indent)}}{_text(value)}"
        else:
            yield f"{indent}{_named(name)}"
            yield from _entries(value, depth + 1) if isinstance(value, list) else _fields(value, depth + 1)


def _entries(values: list[Any], depth: int) -> Iterator[str]:
    indent = "  " * depth
    for value in values[:MOST_ENTRIES]:
        yield f"{indent}- {_text(value)}"
    if len(values) > MOST_ENTRIES:
        yield f"{indent}- and {len(values) - MOST_ENTRIES:,} more"


def _is_short(value: object) -> bool:
    if isinstance(value, dict):
        return _is_money(value)
    return not isinstance(value, list) or not any(isinstance(one, (dict, list)) for one in value)


def _is_money(value: Mapping[str, Any]) -> bool:
    return set(value) in ({"minor", "currency"}, {"amount", "currency"})


def _text(value: object) -> str:
    """Return a value as people write it; an amount in its currency, never in its minor unit."""
    match value:
        case None | "":
            return ""
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}" if abs(value) >= 10_000 else str(value)
        case {"minor": int(minor), "currency": str(currency), **rest} if not rest:
            digits = _DIGITS.get(currency, 2)
            return f"{Decimal(minor).scaleb(-digits):,.{digits}f} {currency}"
        case {"amount": str(amount), "currency": str(currency), **rest} if not rest:
            return f"{amount} {currency}"
        case dict():
            parts = ((name, _text(one)) for name, one in value.items())
            return _cut("; ".join(f"{_named(str(name))}: {text}" for name, text in parts if text))
        case list():
            return _cut(", ".join(text for text in map(_text, value) if text))
        case _:
            return _cut(str(value))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


def _named(name: str) -> str:
    return name.replace("_", " ")
