"""The encoding of payloads between processes: JSON that both sides validate, never pickle.

A frame is: the length of the rest, the length of the header, the header as JSON (with the length of each payload), the
payloads.
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
"""The binary form of a length."""


class CodecError(Exception):
    """A payload cannot be sent, or a frame is malformed; the text contains names and sizes, never content."""


def name_of(kind: type[Payload]) -> str:
    """Return the name of a payload class between processes: its topic with its version."""
    topic = topic_of(kind)
    return f"{topic.name}@{topic.version}"


def encode(payload: Payload) -> bytes:
    """Return a payload as JSON that decodes to an equal payload.

    JSON cannot represent infinity or bytes that are not UTF-8, and a masked text may break the constraint of its field,
    so the result is decoded once before it is sent.

    Raises:
        CodecError: The JSON does not decode to an equal payload.
    """
    try:
        content = payload.model_dump_json(by_alias=False, round_trip=True).encode()
    except PydanticSerializationError:
        raise CodecError(f"{name_of(type(payload))} cannot be represented in JSON; bytes must be UTF-8") from None
    if decode(type(payload), content) != payload:
        raise CodecError(f"{name_of(type(payload))} does not decode from JSON to an equal payload")
    return content


def decode(kind: type[Payload], content: bytes) -> Payload:
    """Return the validated payload.

    Raises:
        CodecError: The content breaks a constraint of its class.
    """
    try:
        return kind.model_validate_json(content, strict=True, by_alias=False, by_name=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise CodecError(f"{name_of(kind)} is not valid on arrival ({place}: {first['type']})") from None


def encode_frame(header: Mapping[str, object], contents: Sequence[bytes]) -> bytes:
    """Return one frame."""
    head = json.dumps({**header, "lengths": [len(content) for content in contents]}).encode()
    length = LENGTH.size + len(head) + sum(len(content) for content in contents)
    return b"".join((LENGTH.pack(length), LENGTH.pack(len(head)), head, *contents))


def decode_frame(frame: bytes) -> tuple[dict[str, Any], list[bytes]]:
    """Return the header and the payloads of a frame, given without its first length.

    Raises:
        CodecError: The frame is malformed.
    """
    try:
        (size,) = LENGTH.unpack_from(frame)
        header = json.loads(frame[LENGTH.size : LENGTH.size + size])
        lengths = header["lengths"]
        at = LENGTH.size + size
        contents = []
        for length in lengths:
            contents.append(frame[at : at + length])
            at += length
    except (struct.error, ValueError, KeyError, TypeError, RecursionError):
        raise CodecError("a frame is malformed") from None
    if at != len(frame) or not isinstance(header, dict) or any(type(one) is not int or one < 0 for one in lengths):
        raise CodecError("a frame is malformed")
    return header, contents
