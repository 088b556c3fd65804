"""Base64 text of a picture: inspectors read the words in its bytes, such as those of its metadata."""

from __future__ import annotations

import binascii
import re
from typing import NewType

PictureText = NewType("PictureText", str)
"""Base64 text of a picture: inspectors read the words in its bytes, not the text, which is long and looks like
secrets."""

_WORDS = re.compile(rb"(?:[\x20-\x7e]|[\xc2-\xf4][\x80-\xbf]{1,3}){8,}")
"""Minimum number of printable characters in a row; eight are rare in random bytes."""


def words(text: str) -> list[str]:
    """Return the words in the bytes of a picture; the text itself if it is not base64."""
    try:
        content = binascii.a2b_base64(text, strict_mode=True)
    except ValueError:  # including characters beyond ASCII
        return [text]
    return [found.decode(errors="replace") for found in _WORDS.findall(content)]
