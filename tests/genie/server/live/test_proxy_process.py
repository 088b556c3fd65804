"""The proxy as a process that is killed: what was spent and reserved of the day is there after its restart."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

PIPELINE = """
version: 1
id: proxied
models:
  desk: { wire: scripted, internal: true, price: { input: "2", output: "10" }, rules: [{ say: "It is so." }] }
  slow: { wire: scripted, internal: true, price: { input: "2", output: "10" }, faults: { drip: 1 },
          rules: [{ say: "A word that takes a minute to say, letter by letter, until nobody listens any more." }] }
policies: [clearance]
input: { payload: model.request, fields: { turns: { value: [] } } }
output: model.reply
"""
GENIE = [sys.executable, "-m", "genie"]


@contextmanager
def proxy(folder: Path) -> Iterator[tuple[str, subprocess.Popen[str], list[str]]]:
    """A process of the proxy: its address, itself, and what it said before it listened."""
    started = [*GENIE, "proxy", "pipeline.yaml", "--keys", "keys.json", "--spend", "spend.db", "--bind", "127.0.0.1:0"]
    with subprocess.Popen(started, stderr=subprocess.PIPE, text=True, cwd=folder) as process:
        try:
            assert process.stderr is not None
            said = []
            while "http://" not in (line := process.stderr.readline()):
                assert line, said
                said.append(line)
            yield next(word for word in line.split() if word.startswith("http://")), process, said
        finally:
            process.kill()


def spent(folder: Path) -> Any:
    done = subprocess.run(
        [*GENIE, "spend", "spend.db", "--kind", "key", "--json"], capture_output=True, text=True, check=True, cwd=folder
    )
    return json.loads(done.stdout)


@pytest.mark.slow
def test_a_killed_proxy_has_kept_what_was_spent_and_charges_what_was_reserved(tmp_path: Path) -> None:
    (tmp_path / "pipeline.yaml").write_text(PIPELINE)
    made = [*GENIE, "keys", "create", "keys.json", "--user", "ann", "--budget", "0.0205"]
    key = subprocess.run(made, capture_output=True, text=True, check=True, cwd=tmp_path).stdout.strip()
    ask = {"messages": [{"role": "user", "content": "Is it so?"}], "max_tokens": 1_000}
    headers = {"authorization": f"Bearer {key}"}
    with proxy(tmp_path) as (address, process, said), httpx.Client(base_url=address, headers=headers) as client:
        assert not any("killed" in line for line in said)
        assert client.post("/v1/chat/completions", json={"model": "desk", **ask}).status_code == 200
        (before,) = spent(tmp_path)["accounts"]
        slow = {"model": "slow", "stream": True, **ask}
        with client.stream("POST", "/v1/chat/completions", json=slow) as stream:
            lines = stream.iter_lines()  # kept: where it is dropped, the client goes away, and the proxy settles
            next(lines)
            process.kill()
            process.wait(20)
    with proxy(tmp_path) as (address, _, said), httpx.Client(base_url=address, headers=headers) as client:
        assert any("killed process" in line for line in said)
        (after,) = spent(tmp_path)["accounts"]
        assert (after["calls"], after["estimated"], after["reserved_cost"]) == (2, 1, "0")
        # The day goes on: the call that was cut is charged with its bound, and as much is left again.
        assert Decimal(after["cost"]) >= Decimal(before["cost"]) + Decimal("0.01")
        assert client.post("/v1/chat/completions", json={"model": "desk", **ask}).status_code == 200
        more = {**ask, "max_tokens": 1_100}
        assert client.post("/v1/chat/completions", json={"model": "desk", **more}).status_code == 429
