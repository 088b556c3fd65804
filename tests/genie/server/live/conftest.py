"""A server on a real socket of this machine; uvicorn runs on asyncio alone, so these tests do."""

from __future__ import annotations

from tests.genie.loopback_for_tests import anyio_backend, this_machine_alone  # noqa: F401 - fixtures
