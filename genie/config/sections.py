"""Common parts of the models of pipeline and policy files: their base, and types of values."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

AGENT_ID = r"^[a-z][a-z0-9_]*([.-][a-z0-9_]+)*$"


class Section(BaseModel):
    """Base of the mappings of a file: frozen, without unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, defer_build=True)


Id = Annotated[str, Field(pattern=AGENT_ID, max_length=100)]
TopicName = Annotated[
    str, Field(min_length=1, max_length=200, description="A topic, `family.noun`; `family.noun@2` names its version.")
]
Seconds = Annotated[float, Field(gt=0)]

Level = Literal["public", "internal", "confidential", "restricted"]
Amount = Annotated[Decimal, Field(description="A number, or text for more digits than a number keeps.")]
