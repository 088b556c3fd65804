"""``models:`` of a pipeline file: the models that validate its entries, and the agents created from them."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, create_model

from genie.edges.llm.agent import Calls, ModelAgent
from genie.edges.llm.price import priced
from genie.edges.llm.settings import ModelOptions
from genie.edges.llm.wires.index import WIRES
from genie.errors import did_you_mean

if TYPE_CHECKING:
    import datetime

KINDS: Mapping[str, str] = {**WIRES, "scripted": "genie.edges.llm.scripted:ScriptedModel"}
"""Name of a wire -> ``module:Class``; each class is constructed from its ``Settings``."""


@functools.cache
def provider_class(wire: str) -> Any:
    """Return the class of a wire; raises ``KeyError`` where there is none."""
    module, _, name = KINDS[wire].partition(":")
    return getattr(importlib.import_module(module), name)


@functools.cache
def entry_class(wire: str) -> type[BaseModel]:
    """Return the model of an entry: the settings of the wire and those of every model agent."""
    settings: type[BaseModel] = provider_class(wire).Settings
    made: type[BaseModel] = create_model(f"Entry_{wire}", __base__=(ModelOptions, settings), wire=(str, ...))
    return made


class ModelEntries:
    """The edge ``models``: checks the entries of a file, and makes their agents."""

    wires = tuple(KINDS)
    entry_class = staticmethod(entry_class)

    @staticmethod
    def problems(entries: Mapping[str, Any], today: datetime.date) -> Iterator[tuple[tuple[str, ...], str]]:
        """Yield problems between entries, each with its path below ``models``."""
        chains: dict[str, tuple[str, str]] = {}
        for name, entry in entries.items():
            for after, before in zip(entry.fallback, (name, *entry.fallback), strict=False):
                if after not in entries:
                    yield (name, "fallback"), f"no model has the id {after!r}{did_you_mean(after, entries)}"
                elif after == before or chains.setdefault(before, (after, name))[0] != after:
                    text = f"model {before!r} can be the fallback of only one model"
                    yield (name, "fallback"), f"{text}; {chains.get(before, (after, name))[0]!r} is named elsewhere"
            if isinstance(entry.price, str) and priced(entry.price, today) is None:
                yield (name, "price"), f"no price of {entry.price!r} is known on {today}; write input and output prices"
            if entry.max_output >= entry.window:
                yield (
                    (name, "max_output"),
                    f"a reply of {entry.max_output} tokens leaves no room in the window",
                )
            summary = entry.compaction.summary
            writer = None if summary is None else entries.get(summary.model)
            if summary is not None and (writer is None or summary.model == name or writer.compaction.summary):
                text = f"no other model has the id {summary.model!r}{did_you_mean(summary.model, entries)}"
                if writer is not None and summary.model != name:
                    text = (
                        f"model {summary.model!r} uses another model for summaries, so it cannot write those of others"
                    )
                yield (name, "compaction", "summary", "model"), text
            if entry.compaction.to > entry.compaction.at:
                yield (name, "compaction", "to"), "`to` must be below `at`"

    @staticmethod
    def agents(entries: Mapping[str, Any]) -> list[ModelAgent]:
        """Return the agents; models that are fallbacks of each other share the state of calls."""
        follows: dict[str, tuple[str, ...]] = {}
        for name, entry in entries.items():
            chain = (name, *entry.fallback)
            for at, one in enumerate(chain[:-1]):
                follows[one] = max(follows.get(one, ()), chain[at + 1 :], key=len)
        after = {one for chain in follows.values() for one in chain}
        calls = Calls()
        made = []
        for name, entry in entries.items():
            kind = provider_class(entry.wire)
            settings = kind.Settings.model_validate({key: getattr(entry, key) for key in kind.Settings.model_fields})
            options = ModelOptions.model_validate({key: getattr(entry, key) for key in ModelOptions.model_fields})
            options = options.model_copy(update={"fallback": follows.get(name, ())})
            made.append(ModelAgent(name, kind(settings), options, calls=calls, takes_over=name in after))
        return made
