"""Messages, as the bus would stamp them, for policies to judge."""

from __future__ import annotations

from typing import Any

import pytest

from genie.message import NO_HEADERS, Classification, Headers, Inspection, Message, Payload, stamp, topic_of


class Envelopes:
    """Builds messages."""

    def __call__(
        self,
        payload: Payload,
        *,
        headers: Headers = NO_HEADERS,
        label: Classification | None = None,
        inspection: Inspection | None = None,
    ) -> Message[Any]:
        declared = topic_of(payload).classification if label is None else label
        return stamp(1, payload, "sender", None, None, 0, 0, headers, declared, inspection or Inspection(10))


@pytest.fixture
def envelope() -> Envelopes:
    return Envelopes()
