"""The example pipelines of the distribution, by name.

Their source is ``config/`` of the repository. A wheel contains the same files in ``genie/config/bundled/``, so that
``genie run insights`` works without a checkout.
"""

from __future__ import annotations

from pathlib import Path

from genie.errors import ConfigError, did_you_mean

_PACKAGE = Path(__file__).parent


def shipped() -> dict[str, Path]:
    """Return the files of the example pipelines, by name."""
    built, checkout = _PACKAGE / "bundled", _PACKAGE.parents[1] / "config"
    folder = (built if built.is_dir() else checkout) / "pipelines"
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def located(path: Path) -> Path:
    """Return the path of a pipeline file; a bare name without such a file means the example pipeline of that name.

    Raises:
        ConfigError: The path is a bare name, and neither a file nor an example pipeline has that name.
    """
    if len(path.parts) != 1 or path.suffix or path.exists():
        return path
    known = shipped()
    if path.name in known:
        return known[path.name]
    scenarios = {file.stem for one in known.values() for file in (one.parent.parent / "simulations").glob("*.yaml")}
    if path.name in scenarios:
        raise ConfigError((f"{path}: is a scenario, not a pipeline; use `genie simulate {path}`",))
    near = did_you_mean(path.name, known) or f"; shipped pipelines: {', '.join(known) or 'none'}"
    raise ConfigError((f"{path}: no file and no shipped pipeline has that name{near}",))
