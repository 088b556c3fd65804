"""How the context names objects that a handler passes: classes by their topic."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genie.contracts.gather import Each
from genie.contracts.message import Payload, topic_of
from genie.errors import kind_name

if TYPE_CHECKING:
    from genie.contracts.gather import Expected


def kind_of(part: Expected) -> type[Payload]:
    """Return the payload class of a part."""
    return part.payload if isinstance(part, Each) else part


def name_of(payload: object) -> str:
    """Return the topic of a payload, as ``topic_name``."""
    return topic_name(type(payload))


def topic_name(kind: type) -> str:
    """Return the topic of a payload class; that of a class that cannot be imported may contain text, like its name."""
    shown = kind_name(kind)
    return topic_of(kind).name if shown == kind.__name__ and issubclass(kind, Payload) else shown
