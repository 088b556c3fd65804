"""A project outside this repository: a package with one agent, a pipeline, tests and CI."""

from __future__ import annotations

import functools
import importlib.metadata
import importlib.util
import keyword
import re
import secrets
import shlex
import shutil
import sys
from pathlib import Path

from genie.cli.scaffold.rendering import rendered
from genie.cli.signals import cleaned_up
from genie.errors import InputError

_NAME = re.compile(r"[a-z][a-z0-9]*(?:[_-][a-z0-9]+)*\Z")
_LONGEST = 40
_GITHUB = re.compile(r"url = \S{0,100}github\.com[:/]([\w.-]{1,100}/[\w.-]{1,100}?)(?:\.git)?\s")
_PLACES = frozenset({"src", "tests", "test", "genie", "genie_finance", "agents", "site", "build", "dist"})
"""Names of folders in a project, of Genie, and of its catalogue."""
_PACKAGE = "package"
"""Folder of the template that gets the name of the package."""


def make_project(folder: Path, *, version: str) -> list[Path]:
    """Write a project into a folder, completely or not at all, and return its files, sorted.

    Args:
        folder: A new or empty folder. Its name names the distribution and, with ``_`` for ``-``, the package.
        version: Version of Genie; the project requires its minor series or newer.

    Raises:
        InputError: The folder is not empty, its name is not valid for a package, or it cannot be written.
    """
    name = folder.name
    if name in {"", "..", "."}:
        raise InputError(str(folder), "is not a new folder", "name one, for example `genie new project ledger`")
    _check_name(name)
    _check_place(folder)
    package = name.replace("-", "_")
    _check_package(package, folder)
    words = {
        "package": package, "name": name.replace("_", "-"), "series": ".".join(version.split(".")[:2]),
        **_sources(checkout()),
    }  # fmt: skip
    try:
        return _written(folder, _filled(words))
    except OSError as error:
        raise InputError(str(folder), f"cannot be written ({error.strerror})", "check the folder") from None


_WORKFLOW = """      # `genie-bus` is not on a package index yet, so it is installed from its repository.
      - name: Name the repository of Genie
        if: ({repository}) == ''
        run: echo '::error::Set the repository variable GENIE_REPOSITORY to owner/name.' && exit 1
      - uses: actions/checkout@v4
        with:
          repository: ${{{{ {repository} }}}}
          path: .genie
      - run: pip install './.genie[governance]'
"""


def _sources(source: Path | None) -> dict[str, str]:
    """Return the parts of the templates about the source of `genie-bus`.

    Args:
        source: The checkout that it is installed from; None where it was installed from a package index.
    """
    if source is None:
        return dict.fromkeys(("readme", "install", "variable", "workflow"), "")
    known = _repository(source)
    repository = "vars.GENIE_REPOSITORY" + (f" || '{known}'" if known else "")
    return {
        "readme": "`genie-bus` is not on a package index yet, so it is installed from its checkout.\n\n",
        "install": f"$ pip install {shlex.quote(f'{source}[governance]')}\n",
        "variable": (
            f". Genie is taken from `{known}`; the repository variable `GENIE_REPOSITORY` names another repository"
            if known
            else ". Set the repository variable `GENIE_REPOSITORY` to `owner/name` of Genie's repository"
        ),
        "workflow": _WORKFLOW.format(repository=repository),
    }


def _repository(source: Path) -> str:
    """Return the GitHub repository of a checkout as ``owner/name``; empty where it has none, or it cannot be read."""
    try:
        text = (source / ".git" / "config").read_text(encoding="utf-8")[:65_536]
    except (OSError, UnicodeDecodeError):  # a checkout without git, or a worktree
        return ""
    found = _GITHUB.search(text)
    return "" if found is None else found[1]


def _check_name(name: str) -> None:
    subject = f"project {name!r}"
    if not _NAME.match(name) or len(name) > _LONGEST:
        form = f"at most {_LONGEST} lower-case letters, digits and single '_' or '-', a letter first"
        raise InputError(subject, f"is not a valid name: use {form}", "choose another")
    package = name.replace("-", "_")
    if keyword.iskeyword(package) or keyword.issoftkeyword(package):
        raise InputError(subject, "is a Python keyword", "choose another name")
    if package in sys.stdlib_module_names:
        raise InputError(subject, "is a module of the standard library", "choose another name")
    if package in _PLACES:
        raise InputError(subject, "is a name of Genie, or of a folder in a project", "choose another name")


def _check_place(folder: Path) -> None:
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise InputError(str(folder), "already exists and is not a folder", "choose another name")
    if folder.is_dir() and any(folder.iterdir()):
        raise InputError(str(folder), "already exists and is not empty", "choose another name")
    if not folder.parent.is_dir():
        raise InputError(str(folder.parent), "is not a folder", "create it first")


def _check_package(package: str, folder: Path) -> None:
    """Refuse the name of another module or distribution."""
    subject = f"project {folder.name!r}"
    try:
        spec = importlib.util.find_spec(package)
    except ValueError:  # an imported module without a spec
        raise InputError(subject, "is already imported here", "choose another name") from None
    places = [] if spec is None else [spec.origin, *(spec.submodule_search_locations or ())]
    others = [place for place in places if place is not None and Path(place).resolve() != folder.resolve()]
    if others:
        raise InputError(subject, f"is the import name of {others[0]}", "choose another name")
    try:
        importlib.metadata.distribution(package)
    except importlib.metadata.PackageNotFoundError:
        return
    raise InputError(subject, "is the name of an installed distribution", "choose another name")


def _filled(words: dict[str, str]) -> dict[Path, str]:
    return {
        Path(*(words["package"] if part == _PACKAGE else part for part in path.parts)): text
        for path, text in rendered("project", words).items()
    }


def checkout() -> Path | None:
    """Return the checkout that Genie runs from; None where it is installed as a wheel."""
    root = Path(__file__).parents[3]
    return root if (root / "pyproject.toml").is_file() and (root / "genie/cli").is_dir() else None


def _written(folder: Path, texts: dict[Path, str]) -> list[Path]:
    """Write into a hidden folder next to the target, then rename it."""
    hidden = folder.with_name(f".{folder.name}.{secrets.token_hex(8)}")
    remove = functools.partial(shutil.rmtree, hidden, ignore_errors=True)
    with cleaned_up(remove):
        try:
            whole = hidden / folder.name
            for path, text in texts.items():
                place = whole / path
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_text(text, encoding="utf-8", newline="\n")
            whole.replace(folder)  # replaces an empty folder only
        finally:
            remove()
    return sorted(folder / path for path in texts)
