"""All five wires keep the law of the port, within the process and in virtual time."""

from __future__ import annotations

from typing import Any

import pytest

from genie.testing.conformance import check_provider

pytestmark = pytest.mark.anyio


async def test_a_wire_is_a_provider(dialect: str, playing: Any) -> None:
    await check_provider(playing(dialect))
