"""The input of an inspection, its limits, and the reasons for refusing one."""

from __future__ import annotations

from genie.contracts.message import Inspection, Path, Value

TOO_LARGE = "payload_size"
"""``Inspection.failed`` of a payload above the size limit of its topic: nothing was scanned."""
TOO_MANY = "findings_limit"
"""``Inspection.failed`` of a payload with more findings than the limit: the rest was not scanned."""
MALFORMED = "payload_shape"
"""``Inspection.failed`` of a payload that does not match the declaration of its class: it bypassed validation."""
REFUSED = {
    MALFORMED: "the payload does not match the declaration of its class: a field is missing, unknown, or of another "
    "type",
    TOO_LARGE: "the payload was not inspected: it is above the size limit of its topic; send less, or raise the limit",
    TOO_MANY: "the payload was not inspected to its end: it has more findings than one message may have; send less",
}
"""Why an inspection was refused, by code; any other ``failed`` is the name of an error."""
MAX_FINDINGS = 50_000
"""Maximum findings of one payload; a statement of 10,000 rows with an account, a card and an address in each has
30,000."""
AT_ONCE = 16_384
"""Maximum characters of new strings with a match that are examined on the loop."""
LARGEST = 64 * 1024 * 1024
"""Size in bytes of the largest payload that is scanned, regardless of the limits of policies."""


class ShapeError(Exception):
    """A value does not match the declaration of its class."""


class Read:
    """A value whose strings were read, ready for inspection."""

    __slots__ = ("inside", "parts", "size", "skip", "text", "value")

    def __init__(
        self, value: Value, skip: tuple[str, ...], parts: list[str], text: str, size: int,
        inside: list[tuple[Path, Value, Inspection | Read]],
    ) -> None:  # fmt: skip
        self.value = value
        self.skip = skip
        """Fields that are read separately."""
        self.parts = parts
        self.text = text
        self.size = size
        """Size in bytes, including separately read parts."""
        self.inside = inside
        """Separately read parts, with their known findings."""

    def collect(self, texts: list[str]) -> None:
        """Append the texts of this value and of all its new parts."""
        texts.append(self.text)
        for _, _, known in self.inside:
            if type(known) is Read:
                known.collect(texts)
