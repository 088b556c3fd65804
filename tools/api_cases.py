"""Generated requests to the API: everything that its document allows, and much that it does not.

``python -m tools.api_cases SCHEMATHESIS`` serves three pipelines on a free port of this machine, for a key with every
right and for none, and lets schemathesis (a command of an environment of its own) send requests with every check on.
Half of the ids that it sends are of things that are there: runs, agents, something that is held. It ends with 1 where
an answer is a 5xx, or is not what the document says. ``/v1/events`` is left out: it never ends.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import yaml

ROOT = Path(__file__).parents[1]
CASES = 50
"""Cases of one operation that are generated, beside those that cover its schema."""
REFUSED = 12
"""The same without a key, where each refusal is slow."""
RIGHTS = ("ask", "observe", "approve", "operate", "audit", "govern", "operate_server")


def main(schemathesis: str) -> int:
    """Serve, and send requests with a key and without one."""
    genie = [sys.executable, "-m", "genie"]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        shutil.copytree(ROOT / "config", place / "config")  # drafts of policies may be put into force
        rights = [word for right in RIGHTS for word in ("--right", right)]
        made = subprocess.run(  # noqa: S603 - the command of this package
            [*genie, "keys", "create", "keys.json", "--user", "ann", "--role", "payer",
             "--clearance", "restricted", *rights],
            cwd=place, check=True, capture_output=True, text=True,
        )  # fmt: skip
        key = re.findall(r"gk_\S+", made.stdout + made.stderr)[0]
        pipelines = [f"config/pipelines/{name}.yaml" for name in ("payment", "insights", "assistant")]
        options = ["--keys", "keys.json", "--bind", "127.0.0.1:0", "--rate", "100000", "--drain-within", "0"]
        with subprocess.Popen(  # noqa: S603 - as above
            [*genie, "serve", *pipelines, *options], cwd=place, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        ) as served:  # fmt: skip
            try:
                line = "" if served.stderr is None else served.stderr.readline()
                address = line.rpartition(" ")[2].strip()
                (place / "openapi.json").write_text(json.dumps(_filled(Calls(address, key))))
                return max(_sent(schemathesis, address, place, *one) for one in ((key, CASES), ("gk_none", REFUSED)))
            finally:
                served.terminate()


class Calls:
    """Calls of the API that make what the cases are about.

    Args:
        address: Of the server.
        key: With every right.
    """

    def __init__(self, address: str, key: str) -> None:
        self._address = address
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}

    def call(self, path: str, body: Any = None) -> Any:
        """Return the answer to a GET, or to a POST of a body."""
        data = None if body is None else json.dumps(body, default=str).encode()
        asked = Request(f"{self._address}{path}", data, self._headers)  # noqa: S310 - this machine
        with urlopen(asked, timeout=60) as answer:  # noqa: S310 - as above
            return json.load(answer)


def _filled(calls: Calls) -> dict[str, Any]:
    """Return the document of the API with ids of what is there, and with a question that is answered."""
    order = yaml.safe_load((ROOT / "config/payments/sample.yaml").read_text())
    question = {"pipeline": "payment", "payload": {"payment": order}}
    hook = {"url": "https://example.com/hook"}
    ids = {
        "runs": [calls.call("/v1/runs", question)["id"], calls.call("/v1/runs", question)["id"]],
        "agents": [one["id"] for one in calls.call("/v1/agents")["agents"][:3]],
        "pipelines": [one["id"] for one in calls.call("/v1/pipelines")["pipelines"]],
        "approvals": [one["id"] for one in calls.call("/v1/approvals")["approvals"]],
        "webhooks": [calls.call("/v1/webhooks", hook)["id"]],
    }  # fmt: skip
    document: dict[str, Any] = calls.call("/openapi.json")
    for path, operations in document["paths"].items():
        known = ids.get(path.split("/")[2] if path.count("/") > 1 else "", [])
        for operation in operations.values():
            for parameter in operation.get("parameters", ()):
                if known and not path.endswith(("/pause", "/kill")):  # which would answer all questions with 503
                    parameter["schema"] = {"anyOf": [{"enum": known}, parameter["schema"]]}
    for path in ("/v1/ask", "/v1/runs"):
        document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["example"] = json.loads(
            json.dumps(question, default=str)
        )
    return document


def _sent(schemathesis: str, address: str, place: Path, key: str, cases: int) -> int:
    """Return 0 where every answer was as the document says."""
    header = ["--header", f"Authorization: Bearer {key}"]
    return subprocess.run(  # noqa: S603 - the command that was named
        [
            schemathesis, "--config-file", str(ROOT / "tools/api_cases.toml"), "run", "openapi.json", "--url", address,
            *header, "--checks", "all", "--phases", "examples,coverage,fuzzing", "--max-examples", str(cases),
            "--seed", "7", "--exclude-path", "/v1/events", "--request-timeout", "30", "--continue-on-failure",
        ],
        cwd=place, check=False,
    ).returncode  # fmt: skip


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
