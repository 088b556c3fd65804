"""A PostgreSQL server of a test: made in a folder, on a Unix socket alone, and stopped at the end."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

LONGEST_S = 60.0
_FOLDERS = ("/usr/lib/postgresql", "/usr/local/pgsql/bin", "/usr/local/bin")


def programs() -> Path | None:
    """Return the folder of the server's programs; None where they are not installed."""
    found = shutil.which("initdb")
    if found is not None and Path(found).resolve().with_name("postgres").exists():
        return Path(found).resolve().parent
    for folder in map(Path, _FOLDERS):
        for place in sorted(folder.glob("*/bin"), reverse=True) or [folder]:
            if (place / "initdb").exists() and (place / "postgres").exists():
                return place
    return None


def _user() -> str | None:
    """Return who the server runs as: it refuses to run as root. None where nobody can be found."""
    if os.getuid() != 0:
        return pwd.getpwuid(os.getuid()).pw_name
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    return None


class Server:
    """One server.

    Raises:
        OSError: It is not installed, or does not start.
    """

    def __init__(self) -> None:
        place, user = programs(), _user()
        if place is None or user is None:
            raise FileNotFoundError("no PostgreSQL server is installed")
        self._programs, self._user = place, user
        self.folder = Path(tempfile.mkdtemp(prefix="genie-pg-", dir="/tmp"))
        if os.getuid() == 0:
            shutil.chown(self.folder, user)
        self._data = self.folder / "data"
        self._process: subprocess.Popen[bytes] | None = None
        done = self._run(
            "initdb", "-D", str(self._data), "-U", "genie", "-A", "trust", "-N", "-E", "UTF8", "--locale=C"
        )
        if done.returncode:
            shutil.rmtree(self.folder)
            raise OSError("initdb failed")

    def dsn(self, schema: str) -> str:
        """Return the address of a log."""
        return f"postgresql://genie@/postgres?host={self.folder}&schema={schema}"

    def start(self) -> None:
        """Start it, and return when it answers."""
        command = [str(self._programs / "postgres"), "-D", str(self._data), "-k", str(self.folder), "-c",
                   "listen_addresses=", "-c", "max_connections=20", "-c", "shared_buffers=16MB"]  # fmt: skip
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **self._as())
        until = time.monotonic() + LONGEST_S
        while self._run("pg_isready", "-h", str(self.folder), "-U", "genie").returncode:
            if self._process.poll() is not None or time.monotonic() > until:
                raise OSError("the server does not start")

    def stop(self, how: str = "fast") -> None:
        """Stop it; ``immediate`` is a crash."""
        if self._process is not None:
            self._run("pg_ctl", "stop", "-D", str(self._data), "-m", how, "-w")
            self._process.wait(LONGEST_S)
            self._process = None

    def remove(self) -> None:
        """Stop it and delete its folder."""
        self.stop("immediate")
        shutil.rmtree(self.folder)

    def _run(self, program: str, *given: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [str(self._programs / program), *given], capture_output=True, check=False, timeout=LONGEST_S, **self._as()
        )

    def _as(self) -> dict[str, Any]:
        return {"user": self._user, "cwd": "/"} if os.getuid() == 0 else {"cwd": "/"}
