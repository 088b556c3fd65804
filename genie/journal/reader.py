"""Read a journal file: its messages, their recipients, and the fields that it masks."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import IO, TYPE_CHECKING, Any

from pydantic import ValidationError

from genie.contracts.classification import Classification
from genie.contracts.headers import Headers
from genie.contracts.message import Finding, Inspection, Payload, stamp, unvalidated
from genie.errors import InputError
from genie.journal.sample import Sample, card_of, kinds_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from genie.contracts.card import AgentCard, Caller
    from genie.policy.policy import PipelineContext

MOST_LINE = 64 << 20
"""Longest line, in characters."""
_MOST_BYTES = 16 << 20
"""Largest placeholder for binary content; the journal holds its length and hash only."""
EVERYTHING = frozenset({()})


@dataclass(slots=True)
class Replay:
    """The deliveries of a journal file that `genie run --journal` wrote.

    Args:
        path: The file. It is read twice: for the recipients, then for the messages.
        context: Known topics and agents.
        caller: The caller of the run; its clearance applies to answers.
    """

    path: str
    context: PipelineContext
    caller: Caller
    skipped: dict[str, int] = field(default_factory=dict)
    """Reason -> number of deliveries that were skipped."""
    _cards: dict[str, AgentCard | None] = field(default_factory=dict)

    def samples(self, only: str | None = None) -> Iterator[tuple[str, Sample]]:
        """Yield (message id, message with the recipients it was delivered to), in the journal's order.

        Args:
            only: The id of one message.

        Raises:
            InputError: The file cannot be read, or is not a journal.
        """
        recipients = self._recipients(only)
        for number, line in lines_of(self.path):
            if line.get("kind") != "accepted" or (only is not None and line.get("message_id") != only):
                continue
            try:
                found = self._sample(line, recipients.get(line["message_id"], ()))
            except (KeyError, TypeError, ValueError, AttributeError):
                raise InputError(
                    f"{self.path}:{number}", "is not a message record", "name a file that --journal wrote"
                ) from None
            if found is not None:
                yield line["message_id"], found

    def _recipients(self, only: str | None) -> dict[str, dict[str, None]]:
        found: dict[str, dict[str, None]] = {}
        for _, line in lines_of(self.path):
            recipient, message = line.get("recipient"), line.get("message_id")
            if line.get("kind") == "accepted" or not isinstance(recipient, str) or recipient == "asker":
                continue
            if isinstance(message, str) and only in {None, message}:
                found.setdefault(message, {})[recipient] = None
        return found

    def _skip(self, why: str, count: int = 1) -> None:
        self.skipped[why] = self.skipped.get(why, 0) + count

    def _card(self, name: str) -> AgentCard | None:
        if name not in self._cards:
            self._cards[name] = card_of(name, self.context.cards, self.caller)
        return self._cards[name]

    def _sample(self, line: dict[str, Any], recipients: dict[str, None] | tuple[()]) -> Sample | None:
        topic, sender = str(line["topic"]), self._card(str(line["sender"]))
        kinds = kinds_of(topic, self.context)
        if not kinds or sender is None:
            why = f"topic {topic} is not known here" if not kinds else f"sender {line['sender']} is not known here"
            self._skip(why, max(1, len(recipients)))
            return None
        cards: list[AgentCard] = []
        for name in recipients:
            card = self._card(name)
            if card is None:
                self._skip(f"recipient {name} is not known here")
            else:
                cards.append(card)
        findings = tuple(_finding(found) for found in line.get("findings", ()))
        payload, hidden = _payload(kinds, line, findings)
        label = max((found.label for found in findings), default=Classification.PUBLIC)
        message = stamp(
            1, payload, sender.id, None, None, 0, int(line.get("hops", 0)), _headers(line["headers"]),
            Classification.parse(line["label"]), Inspection(0, findings, label),
        )  # fmt: skip
        return Sample(message, sender, tuple(cards), hidden)


def lines_of(path: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield each line of a journal file with its number.

    Raises:
        InputError: The file cannot be read, or is not a journal.
    """
    try:
        with FilePath(path).open(encoding="utf-8") as file:
            yield from _parsed(path, file)
    except FileNotFoundError:
        raise InputError(path, "there is no such file") from None
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})", "check the path") from None
    except UnicodeDecodeError:
        raise InputError(path, "is not UTF-8 text, so it is not a journal") from None


def _parsed(path: str, file: IO[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    number = 0
    while text := file.readline(MOST_LINE + 1):
        number += 1
        if len(text) > MOST_LINE:
            raise InputError(f"{path}:{number}", f"is longer than {MOST_LINE >> 20} MB")
        if not text.strip():
            continue
        try:
            line = json.loads(text)
        except (ValueError, RecursionError):
            line = None
        if not isinstance(line, dict) or "kind" not in line:
            raise InputError(f"{path}:{number}", "is not a journal record", "name a file that --journal wrote")
        yield number, line


def _headers(given: dict[str, Any]) -> Headers:
    return Headers(
        tenant=given.get("tenant"), user=given.get("user"), roles=frozenset(given.get("roles", ())),
        classification=Classification.parse(given.get("classification", "public")), region=given.get("region"),
        consent=frozenset(given.get("consent", ())), traceparent=given.get("traceparent"),
    )  # fmt: skip


def _finding(given: dict[str, Any]) -> Finding:
    return Finding(
        str(given["kind"]), tuple(given["path"]), int(given["start"]), int(given["end"]),
        Classification.parse(given["label"]),
    )  # fmt: skip


def _payload(
    kinds: tuple[type[Payload], ...], line: dict[str, Any], findings: tuple[Finding, ...]
) -> tuple[Payload, frozenset[tuple[str, ...]]]:
    """Return the payload as far as the journal holds it, and the fields that differ from the original."""
    given = line.get("payload")
    if isinstance(given, dict):
        hidden: set[tuple[str, ...]] = set()
        # Older journals do not list masked paths: every path with a finding may be masked.
        masked = line.get("masked", [found.path for found in findings])
        hidden.update(tuple(step for step in path if isinstance(step, str)) for path in masked)
        whole = _contents(given, (), hidden)
        for kind in kinds:
            try:
                return kind.model_validate(whole), frozenset(hidden)
            except ValidationError:
                continue  # another version of the class, or a masked value that the field does not accept
    return unvalidated(kinds[0], {}), EVERYTHING


def _contents(value: Any, path: tuple[str, ...], hidden: set[tuple[str, ...]]) -> Any:
    """Return a payload's values; binary content becomes zero bytes of the recorded length."""
    if isinstance(value, dict):
        if set(value) == {"bytes", "sha256"} and isinstance(value["bytes"], int) and value["bytes"] >= 0:
            if value["bytes"]:
                hidden.add(path)
            return bytes(min(value["bytes"], _MOST_BYTES))
        return {name: _contents(part, (*path, name), hidden) for name, part in value.items()}
    if isinstance(value, list):
        return [_contents(part, path, hidden) for part in value]
    return value
