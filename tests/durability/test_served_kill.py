"""A server that is killed while requests with an ``Idempotency-Key`` are in flight, and started again."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import anyio
import httpx
import pytest

from tests.genie.loopback_for_tests import allow_this_machine

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
ROOT = Path(__file__).parents[2]
ORDERS = 24
LONGEST_S = 60.0
PIPELINE = """
version: 1
id: shop
agents: [packer, payer]
policies: [clearance]
durability: batched
log: shop.log
limits: { deaths: 0 }  # the test kills, not a message
input: served.order
output: served.receipt
within_s: 60
"""


@pytest.fixture
def anyio_backend(monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the backend of a client in real time."""
    allow_this_machine(monkeypatch)
    return "asyncio"


class Shop:
    """A folder with a served pipeline, whose agents are found like installed ones."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        installed = folder / "installed" / "served-1.dist-info"
        installed.mkdir(parents=True)
        (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: served\nVersion: 1\n")
        (installed / "entry_points.txt").write_text("[genie.agents]\nserved = tests.durability.served:AGENTS\n")
        (folder / "shop.yaml").write_text(PIPELINE)
        self._paid = folder / "paid"
        self._environment = {
            **os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{installed.parent}", "SERVED_PAID": str(self._paid),
        }  # fmt: skip
        self.key = self.command("keys", "create", "keys.json", "--user", "ann").split()[0]

    def command(self, *words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "genie", *words], cwd=self.folder, env=self._environment, capture_output=True,
            text=True, timeout=LONGEST_S, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def paid(self) -> list[int]:
        return [int(line.partition(":")[0]) for line in self._paid.read_text().split()] if self._paid.exists() else []

    def serve(self) -> tuple[subprocess.Popen[str], str]:
        words = [sys.executable, "-m", "genie", "serve", "shop.yaml", "--keys", "keys.json", "--bind", "127.0.0.1:0"]
        process = subprocess.Popen(words, cwd=self.folder, env=self._environment, stderr=subprocess.PIPE, text=True)
        assert process.stderr is not None
        found = re.search(r"http://\S+", process.stderr.readline())
        assert found is not None
        return process, found[0]

    async def ask(self, address: str, answers: dict[int, str], most: int, process: subprocess.Popen[str]) -> None:
        """Ask all questions at once; kill the process after some payments."""
        headers = {"Authorization": f"Bearer {self.key}"}

        async def one(number: int, http: httpx.AsyncClient) -> None:
            body = {"pipeline": "shop", "payload": {"number": number}}
            try:
                got = await http.post("/v1/ask", json=body, headers={"Idempotency-Key": f"order {number}"})
            except httpx.HTTPError:  # the server is gone
                return
            assert got.status_code == 200, got.text
            said = f"{got.json()['id']} {got.json()['answer']}"
            assert answers.setdefault(number, said) == said
            if len(self.paid()) >= most:
                process.send_signal(signal.SIGKILL)

        async with (
            httpx.AsyncClient(base_url=address, headers=headers, timeout=LONGEST_S, trust_env=False) as http,
            anyio.create_task_group() as group,
        ):
            for number in range(ORDERS):
                group.start_soon(one, number, http)


async def test_a_key_finds_its_run_after_a_kill_and_its_effect_happens_once(tmp_path: Path) -> None:
    shop, answers = Shop(tmp_path), dict[int, str]()
    for most in (1, ORDERS // 2, ORDERS + 1):
        process, address = shop.serve()
        try:
            await shop.ask(address, answers, most, process)
        finally:
            process.terminate()
            process.communicate(timeout=LONGEST_S)
    assert process.returncode == 0
    assert sorted(answers) == sorted(shop.paid()) == list(range(ORDERS))
    assert "0 in flight" in shop.command("journal", "verify", "shop.log")
