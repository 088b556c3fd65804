"""SIGHUP has the policy files of a running pipeline read again."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest

from genie.cli.options.reload import renew
from genie.config.loader import load
from genie.runtime.runtime import Runtime

FILE = "version: 1\nid: mine\npolicies:\n  - payload_size: {{max_bytes: {size}}}\n"


@pytest.mark.anyio
@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="there is no SIGHUP here")
async def test_sighup_has_policies_read_again_and_a_wrong_file_leaves_them(
    pipeline: Callable[..., str], installed: Path
) -> None:
    file = installed / "mine.yaml"
    file.write_text(FILE.format(size=100))
    loaded = load(pipeline("parrot", more="policies: mine.yaml\n"))
    async with Runtime.from_pipeline(loaded) as runtime:
        renew(runtime)
        while signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:  # an early signal would end the tests
            await anyio.lowlevel.checkpoint()
        for size, follows in ((0, False), (50, True)):
            file.write_text(FILE.format(size=size))
            os.kill(os.getpid(), signal.SIGHUP)
            if follows:
                while runtime.bus.policies.sha256 == loaded.policies.sha256:
                    await anyio.lowlevel.checkpoint()
        assert runtime.bus.policies.policies[0].settings.max_bytes == 50  # type: ignore[attr-defined]  # of payload_size
        assert runtime.bus.epoch == 1
