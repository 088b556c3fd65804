"""Wheel, sdist and the single file, from the tree and the hashed pins; the same commit gives the same bytes."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import time
import zipfile
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

EXTRAS = "insights"
"""What ``make run`` installs, and so what the single file holds."""

_NO_GIT = 1_580_601_600
"""2020-02-02, the backend's own default, for a tree that is no repository."""


def epoch(root: Path) -> int:
    """Return the time that everything built is stamped with, in seconds: that of the commit."""
    given = os.environ.get("SOURCE_DATE_EPOCH")
    if given:
        return int(given)
    return int(_git(root, "log", "-1", "--format=%ct") or _NO_GIT)


def uncommitted(root: Path) -> bool:
    """Return True where the tree is not what its commit says, so that nobody else can build the same."""
    return bool(_git(root, "status", "--porcelain"))


def _git(root: Path, *words: str) -> str:
    """Return what git says, empty where there is no git or no repository."""
    try:
        return subprocess.run(
            ["git", "-C", str(root), *words], capture_output=True, text=True, check=False
        ).stdout.strip()
    except FileNotFoundError:
        return ""


def packages(root: Path, folder: Path) -> tuple[Path, Path]:
    """Build the sdist, and the wheel from that sdist; return wheel and sdist."""
    _python("-m", "build", "--no-isolation", "--outdir", str(folder), str(root))
    return next(folder.glob("*.whl")), next(folder.glob("*.tar.gz"))


def download(root: Path, folder: Path) -> None:
    """Fetch the wheels of the run-time pins; pip refuses any whose hash is not the one written down."""
    _pip(
        "download", "--require-hashes", "--no-deps", "--only-binary", ":all:", "--dest", str(folder),
        "--requirement", str(root / "constraints" / "run.txt"),
    )  # fmt: skip


def unpack(wheel: Path, wheels: Path, site: Path) -> None:
    """Install a wheel with its extras into a folder, from a folder of wheels and nowhere else."""
    shutil.copy(wheel, wheels)
    version = wheel.name.split("-")[1]
    _pip(
        "--isolated", "install", "--no-index", "--find-links", str(wheels), "--no-compile", "--target", str(site),
        f"genie-bus[{EXTRAS}]=={version}",
    )  # fmt: skip
    # Scripts name the Python that built them; the file has its own entry, so they go, and their records with them.
    shutil.rmtree(site / "bin", ignore_errors=True)
    for record in site.glob("*.dist-info/RECORD"):
        lines = record.read_text(encoding="utf-8").splitlines(keepends=True)
        kept = [line for line in lines if not line.startswith("../../bin/")]
        record.write_text("".join(kept), encoding="utf-8", newline="")


def pack(site: Path, target: Path, *, stamp: int) -> None:
    """Make the single file of an installed folder."""
    raw = target.with_name(f"{target.name}.raw")
    python = "{}.{}".format(*sys.version_info[:2])
    _python(
        "-m", "shiv", "--site-packages", str(site), "--entry-point", "genie.__main__:main", "--extend-pythonpath",
        "--reproducible", "--output-file", str(raw), environ={"SOURCE_DATE_EPOCH": str(stamp)},
    )  # fmt: skip
    with zipfile.ZipFile(raw) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    raw.unlink()
    build = json.loads(members["environment.json"])["build_id"]
    built_for = (python, sysconfig.get_config_var("EXT_SUFFIX"), platform.machine(), build)
    members["_start.py"] = (Path(__file__).parent / "start.py").read_bytes()
    members["__main__.py"] = f"from _start import start\n\nstart{built_for!r}\n".encode()
    with target.open("wb") as file:
        file.write(f"#!/usr/bin/env python{python}\n".encode())
        _write(file, sorted(members.items()), stamp)
    target.chmod(0o755)


def _write(file: IO[bytes], members: Iterable[tuple[str, bytes]], stamp: int) -> None:
    """Write a zip whose bytes depend on nothing but names, contents and the time given."""
    moment = time.gmtime(max(stamp, 315_554_400))[:6]  # a zip knows no time before 1980
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members:
            entry = zipfile.ZipInfo(name, moment)
            entry.create_system = 3
            entry.external_attr = 0o100644 << 16  # shiv gives what it unpacks these permissions
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED, 9)


def _pip(*words: str) -> None:
    _python("-m", "pip", "--quiet", "--disable-pip-version-check", *words)


def _python(*words: str, environ: dict[str, str] | None = None) -> None:
    done = subprocess.run(
        [sys.executable, *words], env={**os.environ, **(environ or {})}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = "\n".join((done.stdout + done.stderr).strip().splitlines()[-20:])
        raise SystemExit(f"{' '.join(words[:3])} ended with {done.returncode}:\n{said}")
