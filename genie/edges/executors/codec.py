"""Payloads on their way between processes: as JSON, which both sides validate and neither unpickles.

A parcel is a header and payloads behind each other: the length of the whole, the length of the header, the header as
JSON (with the length of each payload), the payloads.
"""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from pydantic_core import PydanticSerializationError

from genie.contracts.message import Payload, topic_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LENGTH = struct.Struct(">Q")
"""How a length is written."""


class ParcelError(Exception):
    """Something cannot be sent, or is not what was agreed; its text holds names and sizes, never content."""


def name_of(kind: type[Payload]) -> str:
    """Return how a payload class is named between processes: its topic with its version."""
    topic = topic_of(kind)
    return f"{topic.name}@{topic.version}"


def packed(payload: Payload) -> bytes:
    """Return a payload as JSON from which the very same payload can be made.

    JSON has no infinity and no bytes beyond UTF-8, and a masked text may break its field's own rule, so the way back is
    tried before anything is sent.

    Raises:
        ParcelError: The payload would not arrive as it left.
    """
    try:
        content = payload.model_dump_json(by_alias=False, round_trip=True).encode()
    except PydanticSerializationError:
        raise ParcelError(f"{name_of(type(payload))} has no form in JSON; bytes must be UTF-8") from None
    if unpacked(type(payload), content) != payload:
        raise ParcelError(f"{name_of(type(payload))} does not come back from JSON as it was")
    return content


def unpacked(kind: type[Payload], content: bytes) -> Payload:
    """Return the validated payload.

    Raises:
        ParcelError: It breaks a rule of its class.
    """
    try:
        return kind.model_validate_json(content, strict=True, by_alias=False, by_name=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ParcelError(f"{name_of(kind)} is refused where it arrives ({place}: {first['type']})") from None


def framed(header: Mapping[str, object], contents: Sequence[bytes]) -> bytes:
    """Return one parcel."""
    head = json.dumps({**header, "lengths": [len(content) for content in contents]}).encode()
    length = LENGTH.size + len(head) + sum(len(content) for content in contents)
    return b"".join((LENGTH.pack(length), LENGTH.pack(len(head)), head, *contents))


def opened(parcel: bytes) -> tuple[dict[str, Any], list[bytes]]:
    """Return the header and the payloads of a parcel, given without its first length.

    Raises:
        ParcelError: It is not of that form.
    """
    try:
        (size,) = LENGTH.unpack_from(parcel)
        header = json.loads(parcel[LENGTH.size : LENGTH.size + size])
        lengths = header["lengths"]
        at = LENGTH.size + size
        contents = []
        for length in lengths:
            contents.append(parcel[at : at + length])
            at += length
    except (struct.error, ValueError, KeyError, TypeError, RecursionError):
        raise ParcelError("a parcel is malformed") from None
    if at != len(parcel) or not isinstance(header, dict) or any(type(one) is not int or one < 0 for one in lengths):
        raise ParcelError("a parcel is malformed")
    return header, contents
