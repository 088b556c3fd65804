"""Generated requests to the API: everything that its document allows, and much that it does not.

``python -m tools.api_cases SCHEMATHESIS`` serves three pipelines on a free port of this machine, for a key with every
right and for none, and lets schemathesis (a command of an environment of its own) send requests with every check on.
The exit code is 1 if an answer is a 5xx or does not match the document. ``/v1/events`` is left out: it never ends.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
CASES = 12
"""Cases of one operation that are generated, beside those that cover its schema."""
RIGHTS = ("ask", "observe", "approve", "operate", "audit", "govern", "operate_server")


def main(schemathesis: str) -> int:
    """Serve, and send requests with a key and without one."""
    genie = [sys.executable, "-m", "genie"]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        shutil.copytree(ROOT / "config", place / "config")  # drafts of policies may be put into force
        rights = [word for right in RIGHTS for word in ("--right", right)]
        made = subprocess.run(  # noqa: S603 - the command of this package
            [*genie, "keys", "create", "keys.json", "--user", "ann", "--clearance", "restricted", *rights],
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
                return max(_sent(schemathesis, address, place, one) for one in (key, "gk_none"))
            finally:
                served.terminate()


def _sent(schemathesis: str, address: str, place: Path, key: str) -> int:
    """Return 0 where every answer was as the document says."""
    header = ["--header", f"Authorization: Bearer {key}"]
    document = place / "openapi.json"
    if not document.exists():
        from urllib.request import Request, urlopen  # noqa: PLC0415 - beside its only use

        asked = Request(f"{address}/openapi.json", headers={"Authorization": f"Bearer {key}"})  # noqa: S310 - this machine
        with urlopen(asked, timeout=30) as answer:  # noqa: S310 - as above
            document.write_bytes(answer.read())
    return subprocess.run(  # noqa: S603 - the command that was named
        [
            schemathesis, "--config-file", str(ROOT / "tools/api_cases.toml"), "run", str(document), "--url", address,
            *header, "--checks", "all", "--phases", "examples,coverage,fuzzing", "--max-examples", str(CASES),
            "--seed", "7", "--exclude-path", "/v1/events", "--request-timeout", "30", "--continue-on-failure",
        ],
        cwd=place, check=False,
    ).returncode  # fmt: skip


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
