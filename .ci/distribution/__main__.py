"""``make dist``: build, list, check, prove; ``dist/`` appears when all of that is done, and not before."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from pathlib import Path

from distribution import audit, bundle, inventory, proof

ROOT = Path(__file__).parents[2]
MAX_BYTES = 40_000_000
"""Of the single file."""


def main() -> None:
    """Build everything into ``dist/``."""
    stamp = bundle.epoch(ROOT)
    os.environ["SOURCE_DATE_EPOCH"] = str(stamp)
    if bundle.uncommitted(ROOT):
        print("note: the tree has changes that are not committed; nobody else can build the same bytes", flush=True)
    with tempfile.TemporaryDirectory(prefix="genie-dist-") as name:
        work = Path(name)
        out, wheels, site = work / "out", work / "wheels", work / "site"
        for folder in (out, wheels, work / "proof"):
            folder.mkdir()
        print("building wheel and sdist ...", flush=True)
        wheel, _ = bundle.packages(ROOT, out)
        print("building genie.pyz from constraints/run.txt ...", flush=True)
        bundle.download(ROOT, wheels)
        bundle.unpack(wheel, wheels, site)
        pyz, listed = out / "genie.pyz", out / "genie.pyz.cdx.json"
        bundle.pack(site, pyz, stamp=stamp)
        count = inventory.write(listed, pyz=pyz, site=site, wheels=wheels, stamp=stamp)
        found = audit.problems(pyz, listed, ROOT / "constraints" / "run.txt")
        if found:
            raise SystemExit("the list of contents is wrong:\n" + "\n".join(found))
        print(f"{listed.name} lists what is in {pyz.name}, no more and no less: {count} components")
        if pyz.stat().st_size > MAX_BYTES:
            size = pyz.stat().st_size
            raise SystemExit(f"{pyz.name} has {size:,} bytes, more than the {MAX_BYTES:,} that it may have")
        for line in proof.prove(pyz, work / "proof"):
            print(line)
        print("proved: runs the default pipeline, exit 0")
        _replace(out, ROOT / "dist")
    for path in sorted((ROOT / "dist").iterdir()):
        print(f"{path.stat().st_size:>12,}  {hashlib.sha256(path.read_bytes()).hexdigest()}  dist/{path.name}")


def _replace(new: Path, place: Path) -> None:
    """Put a folder in a place, whole; what stood there before goes."""
    beside = place.parent / "build" / place.name  # of the same disk, so that the last step is one move
    shutil.rmtree(beside, ignore_errors=True)
    shutil.copytree(new, beside)
    shutil.rmtree(place, ignore_errors=True)
    beside.rename(place)


if __name__ == "__main__":
    main()
