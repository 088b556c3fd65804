"""A model call and a loop, ours beside other libraries: ``python -m benchmarks.model_peers.run [FOLDER]``.

FOLDER has one environment for each peer, by the name of its distribution; ``make bench-models`` makes them. The figures
are CPU time, and multiples of ``await create_task`` in the same process: they compare across environments.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks import models, tools
from genie.policies.index import default_set
from genie.policy.policy import Environment, PolicySet

HERE = Path(__file__).parent
PEERS = {"pydantic-ai-slim": "peer_pydantic_ai", "openai-agents": "peer_openai_agents", "litellm": "peer_litellm"}
LONGEST_S = 600


async def ours(*, governed: bool) -> dict[str, Any]:
    policies = models.TEN if governed else PolicySet()
    name = "genie, ten policies" if governed else "genie"
    default_set(Environment()).inspectors.inspect(models.WARM)
    task, call = await models.task_us(2_000), await models.ask_us(500, policies)
    loop = min([await tools.loop_s(100, policies=governed) for _ in range(7)]) * 1e6
    return {"peer": name, "version": "", "task_us": task, "call_us": call, "loop_us": loop}


def peer(name: str, folder: Path) -> dict[str, Any] | None:
    """Return the measurements of a peer; None if its environment does not exist."""
    python = folder / name / "bin" / "python"
    if not python.exists():
        return None
    environ = {"PATH": os.environ.get("PATH", ""), "PYTHONHASHSEED": "0", "HOME": str(folder)}
    done = subprocess.run(  # noqa: S603 - a python that `make bench-models` has put there
        [python, HERE / f"{PEERS[name]}.py"], env=environ, capture_output=True, text=True, check=True, timeout=LONGEST_S
    )
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def row(found: dict[str, Any]) -> str:
    name, task = f"{found['peer']} {found['version']}".strip(), found["task_us"]
    shown = f"{name:28}"
    for key in ("call_us", "loop_us"):
        value = found[key]
        shown += f"{'-':>12}{'-':>10}" if value is None else f"{value:12.0f}{value / task:10.0f}"
    return shown


def main() -> None:
    """Print the table."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "build/models")
    print(f"{'':28}{'call, us':>12}{'tasks':>10}{'loop, us':>12}{'tasks':>10}")
    for governed in (False, True):
        print(row(asyncio.run(ours(governed=governed))), flush=True)
    for name in PEERS:
        found = peer(name, folder)
        print(f"{name:28}{'not installed':>12}" if found is None else row(found), flush=True)


if __name__ == "__main__":
    main()
