"""Checks of the installation: Python, the distribution and its extras, entry points, import names."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import re
import shlex
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from genie.cli.diagnostics.finding import Check, Finding
from genie.cli.scaffold.project import checkout
from genie.contracts.problems import cause_of
from genie.contracts.rendering import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

DISTRIBUTION = "genie-bus"
GROUPS = ("genie.agents", "genie.policies", "genie.edges")
OLDEST = (3, 11)
_PURPOSES = {
    "catalogue": "agents of all other families",
    "governance": "policies on personal data and secrets",
    "graphql": "GraphQL documents as tools of a model",
    "insights": "agents that read and explain bank statements",
    "passkeys": "sign-in with passkeys on the page of `genie serve`",
    "otel": "`--otel`: spans and metrics of models and tools",
    "postgres": "logs of durable runtimes on a PostgreSQL server",
    "schedule": "`schedule:` in pipelines and `genie serve-schedule`",
    "serve": "`genie serve` and `genie proxy`: the API, the page and the proxy",
}
"""Extras and their purposes; the extras for development of Genie are not checked."""
_EXTRA = re.compile(r"\A([A-Za-z0-9][A-Za-z0-9._-]*)[^;]*;.*\bextra\s*==\s*['\"]([\w.-]+)['\"]")
_IMPORT_NAMES = ("genie", "genie_finance")


def python(version: tuple[int, ...]) -> Finding:
    """Return whether a version of Python is supported."""
    shown = ".".join(map(str, version[:3]))
    if version[:2] < OLDEST:
        return Finding(Check.PYTHON, f"Python {shown} is too old", "install Python 3.11 or newer")
    return Finding(Check.PYTHON, f"Python {shown}")


def distribution() -> Finding:
    """Return whether the distribution is installed where Python looks."""
    try:
        version = importlib.metadata.version(DISTRIBUTION)
    except importlib.metadata.PackageNotFoundError:
        return Finding(
            Check.DISTRIBUTION,
            f"{DISTRIBUTION} is not installed: agents, policies and edges are not found",
            f"pip install {DISTRIBUTION}, or pip install -e . in its repository",
        )
    return Finding(Check.DISTRIBUTION, f"{DISTRIBUTION} {version}")


def extras(requirements: Iterable[str] | None = None) -> Iterator[Finding]:
    """Yield a finding for each extra: its purpose, and its missing requirements.

    Args:
        requirements: Lines as in ``Requires-Dist``; None reads those of the installed distribution.
    """
    needs: dict[str, list[str]] = {}
    for line in _required() if requirements is None else requirements:
        found = _EXTRA.match(line)
        if found and found[2] in _PURPOSES:
            needs.setdefault(found[2], []).append(found[1])
    for extra, names in sorted(needs.items()):
        missing = sorted(name for name in names if not _is_installed(name))
        if missing:
            detail = f"{extra} is for {_PURPOSES[extra]}; missing: {', '.join(missing)}"
            yield Finding(Check.EXTRA, detail, f"{installing(extra)}, if you need it")
        else:
            yield Finding(Check.EXTRA, f"{extra}: {_PURPOSES[extra]}")


_HERE = checkout()


def installing(extra: str, source: Path | None = _HERE) -> str:
    """Return the command that installs an extra: from a checkout, or from a package index if there is none."""
    if source is None:
        return f"pip install '{DISTRIBUTION}[{extra}]'"
    return f"pip install -e {shlex.quote(f'{source}[{extra}]')}"


def _required() -> list[str]:
    try:
        return importlib.metadata.requires(DISTRIBUTION) or []
    except importlib.metadata.PackageNotFoundError:
        return []


def _is_installed(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def entry_points() -> Iterator[Finding]:
    """Yield a finding for each entry point, each part that cannot be loaded, and each ambiguous name."""
    for group in GROUPS:
        offered: dict[str, dict[str, object]] = {}
        for point in sorted(importlib.metadata.entry_points(group=group), key=lambda one: one.name):
            owner = "?" if point.dist is None else point.dist.name
            named = f"{group} {point.name!r} of {owner}"
            parts = _offered(point)
            if isinstance(parts, str):
                yield Finding(Check.ENTRY_POINT, f"{named}: {parts}", f"fix or uninstall {owner}: it stops pipelines")
                continue
            yield Finding(Check.ENTRY_POINT, f"{named}: {counted(len(parts), 'name')}")
            yield from _parts(group, owner, parts)
            for name, part in parts.items():
                offered.setdefault(name, {})[named] = part
        yield from _twice(offered)


def _offered(point: importlib.metadata.EntryPoint) -> Mapping[str, object] | str:
    try:
        parts = point.load()
    except Exception as error:  # noqa: BLE001 - any error of an import is one finding
        return f"cannot be loaded: {cause_of(error)}"
    return parts if isinstance(parts, Mapping) else "is not a mapping from name to 'module:attribute'"


def _parts(group: str, owner: str, parts: Mapping[str, object]) -> Iterator[Finding]:
    for name, part in sorted(parts.items()):
        if not isinstance(part, str):
            continue
        module, _, attribute = part.partition(":")
        try:
            getattr(importlib.import_module(module), attribute)
        except Exception as error:  # noqa: BLE001 - as above
            kind = group.removeprefix("genie.")
            detail = f"{kind}: {name!r} of {owner} cannot be loaded: {cause_of(error)}"
            step = "install its requirements" if isinstance(error, ImportError) else f"fix {part}"
            yield Finding(Check.PART, detail, f"{step}, or do not use it in a pipeline")


def _twice(offered: Mapping[str, Mapping[str, object]]) -> Iterator[Finding]:
    clashes = {name: owners for name, owners in offered.items() if len(set(map(repr, owners.values()))) > 1}
    for name, owners in sorted(clashes.items()):
        detail = f"{name!r} is ambiguous: {' and '.join(owners)} have it"
        yield Finding(Check.NAMES, detail, "uninstall all but one")
    if not clashes and offered:
        kind = next(iter(next(iter(offered.values())))).split(" ", 1)[0]
        yield Finding(Check.NAMES, f"{kind}: {counted(len(offered), 'name')}, each unique")


def rules(
    today: date, offered: Iterable[tuple[str, Callable[[], Iterable[object]]]] | None = None
) -> Iterator[Finding]:
    """Yield a finding for each table of dated rules that ends before today, or was last looked at more than a year ago.

    Args:
        today: The day.
        offered: Distribution and its function of tables; None reads those of the installed agents. A module of the
            entry-point group ``genie.agents`` offers ``RULES``, the place of a function without arguments. It returns
            objects with ``name``, ``effective_to`` and ``looked_at``, of the last edition of each table.
    """
    for owner, tables in _rules_offered() if offered is None else offered:
        try:
            found = [*tables()]
            aged = [said for table in found if (said := _aged(table, today))]
        except Exception as error:  # noqa: BLE001 - as above
            yield Finding(Check.RULES, f"tables of {owner} cannot be read: {cause_of(error)}", f"fix {owner}")
            continue
        for said in aged:
            yield Finding(Check.RULES, said, "compare it with the present law, and check its answers by hand")
        if not aged:
            yield Finding(Check.RULES, f"{len(found)} tables of {owner} cover {today}")


def _aged(table: object, today: date) -> str | None:
    name, ends, looked_at = (getattr(table, field) for field in ("name", "effective_to", "looked_at"))
    if ends < today:
        return f"{name}: its last edition ended on {ends}"
    told = today - timedelta(days=365) <= looked_at <= today
    return None if told else f"{name}: was last checked on {looked_at}"


def _rules_offered() -> Iterator[tuple[str, Callable[[], Iterable[object]]]]:
    for point in importlib.metadata.entry_points(group="genie.agents"):
        try:
            place = getattr(importlib.import_module(point.module), "RULES", None)
        except Exception:  # noqa: BLE001, S112 - a finding of the entry points already
            continue
        if isinstance(place, str):
            yield "?" if point.dist is None else point.dist.name, partial(_tables, place)


def _tables(place: str) -> Iterable[object]:
    module, _, attribute = place.partition(":")
    found: Iterable[object] = getattr(importlib.import_module(module), attribute)()
    return found


def imports(owners: Mapping[str, Iterable[str]] | None = None, home: Path | None = None) -> Iterator[Finding]:
    """Yield a finding for each import name of Genie.

    Args:
        owners: Import name -> distributions that install it; None reads what is installed.
        home: Folder of Genie's packages, or its checkout; None is that of this module.
    """
    found = importlib.metadata.packages_distributions() if owners is None else owners
    home = Path(__file__).parents[3] if home is None else home
    for name in _IMPORT_NAMES:
        others = sorted(set(found.get(name, ())) - {DISTRIBUTION})
        place = _place(name)
        if others:
            step = f"uninstall {' and '.join(others)}, or use a separate environment"
            yield Finding(Check.IMPORTS, f"{name!r} is also installed by {' and '.join(others)}", step)
        elif place is None or place.parent.resolve() not in {home.resolve(), home.resolve() / "agents"}:
            detail = f"{name!r} is imported from {place}, not from {home}"
            yield Finding(Check.IMPORTS, detail, "rename that folder, or remove its parent from PYTHONPATH")
        else:
            yield Finding(Check.IMPORTS, f"{name!r} belongs to Genie")


def _place(name: str) -> Path | None:
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return None
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations)))


def database_role(address: str) -> Iterator[Finding]:
    """Yield a finding for each reason why the role of a PostgreSQL address must not be used.

    One finding if it may be.
    """
    from genie.errors import LogError  # noqa: PLC0415 - for this check alone
    from genie.journal.postgres import role_objections  # noqa: PLC0415 - as above
    from genie.server.store import SCHEMA  # noqa: PLC0415 - as above

    try:
        found = role_objections(address, SCHEMA)
    except LogError as error:
        yield Finding(Check.ROLE, f"{error.place} {error.problem}", error.remedy)
        return
    for one in found:
        yield Finding(Check.ROLE, f"{one.text} ({one.code})", "use the role that `genie store sql` makes")
    if not found:
        yield Finding(Check.ROLE, "owns no objects, cannot bypass row-level security, and sees only protected tables")
