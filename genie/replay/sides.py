"""Both sides of a divergence for a reader: judged and masked like a delivery, with hashes."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, NamedTuple

from genie.contracts.ports.journal import JournalRecord
from genie.journal.story import Envelopes, caller_of_run

if TYPE_CHECKING:
    from genie.journal.past import PastRun
    from genie.journal.story import Eyes
    from genie.replay.comparison import Divergence

MOST_SHOWN = 4_000
"""Maximum number of characters of one side that are shown."""
MOST_DEPTH = 64


class Side(NamedTuple):
    """One side of a divergence."""

    shown: str
    """The payload as the reader may see it, or why it is withheld."""
    sha256: str


class Sides(NamedTuple):
    """Both sides of a divergence."""

    path: str
    """First field that differs, such as ``parts.2.amount``; empty if the whole value differs, or nothing does."""
    before: Side | None
    after: Side | None


def sides(past: PastRun, divergence: Divergence, eyes: Eyes) -> Sides:
    """Return both sides of a divergence as a reader may see them."""
    if divergence.code not in {"payload", "missing", "extra"}:
        before, after = (None if one is None else Side(one, "") for one in (divergence.before, divergence.after))
        return Sides("", before, after)
    reading = _Reading(past, eyes)
    told = [None if text is None else reading.side(divergence, text) for text in (divergence.before, divergence.after)]
    path = ""
    if divergence.before is not None and divergence.after is not None:
        path = different(json.loads(divergence.before), json.loads(divergence.after)) or ""
    return Sides(path, told[0], told[1])


class _Reading:
    def __init__(self, past: PastRun, eyes: Eyes) -> None:
        self._envelopes = Envelopes(past, eyes.policies, eyes.kinds)
        self._lines = eyes.lines(caller_of_run(past).card())
        self._messages = {f"{past.prefix}-{one['number']:x}": one for one in past.of("message")}
        self._first = next(past.of("message"))

    def side(self, divergence: Divergence, text: str) -> Side:
        """Return one side: the recorded message with a given payload."""
        record = self._messages.get(divergence.message, self._first) | {
            "payload": text, "topic": divergence.topic, "sender": divergence.agent,
        }  # fmt: skip
        digest = hashlib.sha256(text.encode()).hexdigest()
        envelope = self._envelopes.of(record)
        if envelope is None:
            return Side(f"no present class reads {divergence.topic}", digest)
        line = self._lines.line(JournalRecord(0, 0.0, "accepted", "", "", "", "", None, None, {}, envelope))
        if line["payload"] is None:
            return Side(f"withheld: {line['withheld']}", digest)
        shown = json.dumps(line["payload"], ensure_ascii=False)
        left_out = len(shown) - MOST_SHOWN
        return Side(f"{shown[:MOST_SHOWN]}… ({left_out:,} more)" if left_out > 0 else shown, digest)


def different(one: Any, other: Any, path: str = "", depth: int = 0) -> str | None:
    """Return the first path at which two JSON values differ; None if they are equal."""
    if type(one) is type(other) and depth < MOST_DEPTH:
        if isinstance(one, dict):
            for name in dict.fromkeys((*one, *other)):
                where = f"{path}.{name}".lstrip(".")
                if (name in one) != (name in other):
                    return where
                found = different(one[name], other[name], where, depth + 1)
                if found is not None:
                    return found
            return None
        if isinstance(one, list):
            for at in range(max(len(one), len(other))):
                where = f"{path}.{at}".lstrip(".")
                if at >= len(one) or at >= len(other):
                    return where
                found = different(one[at], other[at], where, depth + 1)
                if found is not None:
                    return found
            return None
    return None if one == other and type(one) is type(other) else path
