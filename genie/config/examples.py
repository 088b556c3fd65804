"""The pipelines that ship with the library, by name.

People read and copy them in ``config/`` of the repository. A built distribution carries the same files in
``genie/config/bundled/``, so that ``genie run insights`` works where there is no checkout.
"""

from __future__ import annotations

from pathlib import Path

from genie.errors import ConfigError, did_you_mean

_HERE = Path(__file__).parent


def shipped() -> dict[str, Path]:
    """Return the files of the shipped pipelines, by the name that finds them."""
    built, checkout = _HERE / "bundled", _HERE.parents[1] / "config"
    folder = (built if built.is_dir() else checkout) / "pipelines"
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def located(path: Path) -> Path:
    """Return the path of a pipeline file; the shipped one where the path is its bare name and no such file exists.

    Raises:
        ConfigError: The path is one word without a suffix, and neither a file nor a shipped pipeline is called so.
    """
    if len(path.parts) != 1 or path.suffix or path.exists():
        return path
    known = shipped()
    if path.name in known:
        return known[path.name]
    near = did_you_mean(path.name, known) or f"; shipped are {', '.join(known) or 'none'}"
    raise ConfigError((f"{path}: there is no such file, and no shipped pipeline of that name{near}",))
