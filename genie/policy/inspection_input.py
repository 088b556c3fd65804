"""What is read of a payload before inspectors look into it, its limits, and why an inspection may refuse it."""

from __future__ import annotations

from genie.contracts.message import Inspection, Path, Value

TOO_LARGE = "payload_size"
"""``Inspection.failed`` of a payload above the size limit of its topic: nothing was scanned."""
TOO_MANY = "findings_limit"
"""``Inspection.failed`` of a payload with more findings than the limit: the rest was not scanned."""
MALFORMED = "payload_shape"
"""``Inspection.failed`` of a payload that is not what its class declares: it was made past validation."""
REFUSED = {
    MALFORMED: "the payload is not what its class declares: a field is missing, unknown, or of another type",
    TOO_LARGE: "the payload was not inspected: it is above the size limit of its topic; send less, or raise the limit",
    TOO_MANY: "the payload was not inspected to its end: it has more findings than one message may have; send less",
}
"""Why an inspection was refused, by its code; any other ``failed`` is the name of an error."""
MAX_FINDINGS = 50_000
"""Findings of one payload; a statement of 10,000 rows with an account, a card and an address in each has 30,000."""
AT_ONCE = 16_384
"""Characters of new strings in which a pattern matches that are examined while everything else waits."""
LARGEST = 64 * 1024 * 1024
"""Bytes of the largest payload that is scanned, whatever limits the policies set, and where they set none."""


class ShapeError(Exception):
    """A value is not what its class declares."""


class Read:
    """A value that was read, and is to be looked into."""

    __slots__ = ("inside", "parts", "size", "skip", "text", "value")

    def __init__(
        self, value: Value, skip: tuple[str, ...], parts: list[str], text: str, size: int,
        inside: list[tuple[Path, Value, Inspection | Read]],
    ) -> None:  # fmt: skip
        self.value = value
        self.skip = skip
        """Fields that are read apart."""
        self.parts = parts
        self.text = text
        self.size = size
        """Bytes, with those of the parts inside."""
        self.inside = inside
        """Parts that are read apart, with what is known of them."""

    def collect(self, texts: list[str]) -> None:
        """Append the texts of this value and of all in it that is new."""
        texts.append(self.text)
        for _, _, known in self.inside:
            if type(known) is Read:
                known.collect(texts)
