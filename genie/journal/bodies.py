"""The content of a batch as bytes: compressed lines, followed by the sealed parts of its records."""

from __future__ import annotations

import contextlib
import hashlib
import json
import zlib
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic_core import from_json

from genie.errors import LogError, class_name
from genie.errors.tracebacks import place_of
from genie.journal.lines import line_of, records_of, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from genie.contracts.ports.journal import LogRecord
    from genie.journal.sealing import Sealer

LEVEL = 1
"""Level of zlib; field names repeat in every record, so records compress well."""
MOST_BYTES = 256 << 20
"""Maximum size of one batch's JSON, in bytes."""
_HEAD = 4


class Body(NamedTuple):
    """A batch as it is stored."""

    content: bytes
    sha256: bytes


def body_of(lines: Sequence[str], first: int, sealer: Sealer | None = None) -> Body:
    """Return records as bytes.

    Args:
        lines: The batch, with what its lines share.
        first: Number of its first record in the log.
        sealer: Encrypts the parts that need a key.
    """
    if sealer is None:
        return _stored(lines, b"")
    return packed(*sealer.seal(records_of(lines), first))


def packed(records: Sequence[LogRecord], sealed: bytes) -> Body:
    """Return records, and the shared parts that they refer to, as bytes."""
    return _stored([line_of(record) for record in records], sealed)


def _stored(lines: Sequence[str], sealed: bytes) -> Body:
    packed_text = _compressed(text_of(lines))
    content = b"".join((len(packed_text).to_bytes(_HEAD, "big"), packed_text, sealed))
    return Body(content, hashlib.sha256(content).digest())


def _compressed(text: bytes) -> bytes:
    """Compress, with a window of the text's size: clearing the largest one takes longer than packing a short text."""
    window = min(max(len(text).bit_length(), 10), zlib.MAX_WBITS)
    packing = zlib.compressobj(LEVEL, zlib.DEFLATED, window, window - 7)
    return packing.compress(text) + packing.flush()


def checked(place: str, number: int, content: bytes, sha256: bytes) -> tuple[list[LogRecord], bytes]:
    """Return the records of a batch, their sealed parts as stored, and these parts.

    Raises:
        LogError: It is damaged.
    """
    if hashlib.sha256(content).digest() != sha256:
        raise damaged(place, number, "its checksum does not match its content")
    end = _HEAD + int.from_bytes(content[:_HEAD], "big")
    unpacking = zlib.decompressobj()
    try:
        text = unpacking.decompress(content[_HEAD:end], MOST_BYTES)
        if unpacking.unconsumed_tail:
            raise damaged(place, number, f"it is larger than {MOST_BYTES >> 20} MB")
        records = _array(text) if text.startswith(b"[{") else records_of(text.decode().split("\n"))
    except (zlib.error, ValueError, LookupError, TypeError):
        raise damaged(place, number, "it cannot be read") from None
    if not isinstance(records, list) or not all(isinstance(one, dict) and "kind" in one for one in records):
        raise damaged(place, number, "it does not consist of records")
    return records, content[end:]


def _array(text: bytes) -> Any:
    """Return the records of a batch in format 2, which was one array."""
    try:
        return from_json(text)
    except ValueError:  # half of a surrogate pair
        return json.loads(text)


@contextlib.contextmanager
def usable(place: str) -> Iterator[None]:
    """Name a record of a wrong shape, which a checksum does not exclude, as damage of the log.

    Raises:
        LogError: A record cannot be used (``damaged``).
    """
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise damaged(place, None, f"a record cannot be used ({class_name(error)} at {place_of(error)})") from None


def damaged(place: str, number: int | None, why: str) -> LogError:
    """Return the error of a batch that cannot be used."""
    what = "the file" if number is None else f"batch {number}"
    return LogError(
        place=place, state="damaged", problem=f"{what} is damaged: {why}",
        remedy="restore a copy; `genie journal verify` names all damage, `genie journal export` saves what is left",
    )  # fmt: skip
