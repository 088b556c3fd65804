"""Completion of words in a shell: pipeline files, agents, topics, and keys of `--set`.

Completion must be quick and must never print an error: after any error, nothing is offered.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import click
    from click.shell_completion import CompletionItem

_MOST_FILES = 2_000
"""Most files and folders that are searched for pipelines."""
_DEEPEST = 4
_HEAD_BYTES = 64 << 10
_AGENTS = re.compile(rb"^agents:", re.MULTILINE)
_SKIPPED = {"node_modules", "__pycache__", "site-packages"}


def pipelines(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer the shipped pipelines by name and the pipeline files below the current folder; without any, all files."""
    from genie.config.examples import shipped  # noqa: PLC0415 - start-up: only for completion

    found = [*_quietly(lambda: list(shipped())), *sorted(_pipelines_below(Path()))]
    return _starting(incomplete, found) or files(ctx, param, incomplete)


def scenarios(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer the shipped scenarios by name; without any that fits, all files."""
    from genie.config.examples import shipped  # noqa: PLC0415 - as above

    def names() -> list[str]:  # not those of genie.simulation, whose imports take longer than a person waits for a key
        folders = {path.parent.parent / "simulations" for path in shipped().values()}
        return sorted(path.stem for folder in folders for path in folder.glob("*.yaml"))

    return _starting(incomplete, _quietly(names)) or files(ctx, param, incomplete)


def _pipelines_below(folder: Path) -> Iterator[str]:
    seen = 0
    for root, folders, files in os.walk(folder):
        deep = len(Path(root).parts) >= _DEEPEST
        folders[:] = [] if deep else sorted(f for f in folders if not f.startswith(".") and f not in _SKIPPED)
        for name in files:
            if name.endswith((".yaml", ".yml")) and _is_pipeline(Path(root) / name):
                yield (Path(root) / name).as_posix()
        seen += len(files) + len(folders)
        if seen > _MOST_FILES:
            return


def _is_pipeline(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return bool(_AGENTS.search(file.read(_HEAD_BYTES)))
    except OSError:
        return False


def files(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG001 - as click calls it
    """Let the shell offer files."""
    from click.shell_completion import CompletionItem  # noqa: PLC0415 - start-up: only for completion

    return [CompletionItem(incomplete, type="file")]


def agents(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG001 - as click calls it
    """Offer the names of installed agents without importing them."""
    from genie.config.plugins import Plugins  # noqa: PLC0415 - start-up: only for completion

    return _starting(incomplete, sorted(_quietly(lambda: list(Plugins.installed().agents))))


def topics(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG001 - as click calls it
    """Offer the topics that installed agents consume, or the agents of ``--pipeline``."""
    return _starting(incomplete, _quietly(lambda: _topics(ctx.params.get("pipeline"))))


def _topics(pipeline: str | None) -> list[str]:
    from genie.cli.options.roster import loadable  # noqa: PLC0415 - as above
    from genie.config.loader import load  # noqa: PLC0415 - as above
    from genie.config.plugins import Plugins  # noqa: PLC0415 - as above
    from genie.contracts.message import topic_of  # noqa: PLC0415 - as above

    if pipeline is None:
        cards = [agent.card for agent in loadable(Plugins.installed())[0].values()]
    else:
        cards = list(load(pipeline).graph.cards)
    return sorted({topic_of(kind).name for card in cards for kind in card.consumes})


def settings(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG001 - as click calls it
    """Offer keys of the pipeline that has been named: its agents, policies and limits."""
    # An option without its value stops click before it gives arguments their names.
    pipeline = ctx.params.get("pipeline") or next(iter(ctx.args), None)
    return [] if pipeline is None else _starting(incomplete, _quietly(lambda: _keys(str(pipeline))))


def _keys(pipeline: str) -> list[str]:
    from genie.config.overrides import item_name  # noqa: PLC0415 - as above
    from genie.config.schema import LimitsSection  # noqa: PLC0415 - as above
    from genie.config.yaml import load_file  # noqa: PLC0415 - as above

    value = load_file(Path(pipeline), environ=os.environ).value
    sections = value if isinstance(value, dict) else {}
    found = [
        f"{section}.{name}."
        for section in ("agents", "policies")
        for item in sections.get(section, ())
        if (name := item_name(item)) is not None
    ]
    return [*found, *(f"limits.{name}=" for name in LimitsSection.model_fields), "environment=", "within_s="]


def _starting(incomplete: str, words: list[str]) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem  # noqa: PLC0415 - as above

    return [CompletionItem(word) for word in words if word.startswith(incomplete)]


def _quietly(words: Callable[[], list[str]]) -> list[str]:
    try:
        return words()
    except Exception:  # noqa: BLE001 - a traceback in the middle of a command line helps nobody
        return []
