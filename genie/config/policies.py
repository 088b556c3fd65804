"""Reads the policies of a pipeline and of policy files, creates them, and checks them against the pipeline.

PolicyReader does not raise. A policy that cannot be created becomes a problem at its line, and the others are still
checked.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel

from genie.config.plugins import Plugins, settings_of
from genie.config.schema import PolicyFileSection
from genie.config.source_map import SourceMap, suggestion
from genie.config.validation import MAX_PROBLEMS, Checked, validated
from genie.config.yaml import load_bytes, load_file
from genie.contracts.agent import Join
from genie.contracts.card import AgentCard, Risk, Tier
from genie.contracts.gather import Each
from genie.contracts.message import Payload
from genie.errors import ConfigError, DefinitionError, PolicyError
from genie.graph.model import KeyPath, Problem
from genie.policy.policy import Environment, PipelineContext, PolicySet

RULES = "rules"
"""Name of the policy that receives the rules of policy files."""
UNGOVERNED = "no policy acts: every message is delivered unjudged; list some under `policies`"
"""Warning for a pipeline without policies, or with all policies in shadow mode."""
MAX_FILES = 20
_MODES = ("enforce", "shadow")


class _ListedPolicy(NamedTuple):
    """One item of a list of policies."""

    document: SourceMap
    path: KeyPath
    """Path of its settings."""
    name: str


@dataclass(slots=True)
class _CheckedSettings:
    """Validated settings of a policy; the rules of several files are settings of one policy."""

    document: SourceMap
    path: KeyPath
    settings: BaseModel | None
    shadow: bool


@dataclass(frozen=True, slots=True)
class PolicyFiles:
    """The policies of a pipeline and its policy files, which can be read again.

    Args:
        document: The pipeline file, or a document that lists a single policy file.
        folder: Folder of relative paths.
        plugins: The installed policies.
        environ: Variables for ``${NAME}``.
        context: The pipeline to check against; None skips the checks that need one.
        drafts: Contents to use instead of files, with the variables that they may use.
    """

    document: SourceMap = field(repr=False)
    folder: Path
    plugins: Plugins = field(repr=False)
    environ: Mapping[str, str] = field(repr=False)
    context: PipelineContext | None = field(default=None, repr=False)
    drafts: Mapping[Path, tuple[bytes, Mapping[str, str]]] = field(default_factory=dict, repr=False)

    @property
    def files(self) -> tuple[Path, ...]:
        """The named policy files, whether they exist or not."""
        return tuple(self.folder / item for _, item in _listed(self.document) if isinstance(item, str))

    def load(self) -> PolicySet:
        """Read every policy file again and return the whole set.

        Raises:
            ConfigError: A policy is not valid; one line for each problem.
        """
        read = PolicyReader(self)
        found = read.policies()
        if found is None or read.problems:
            raise ConfigError(read.lines())
        return found


def single_file(
    path: Path, *, plugins: Plugins, environ: Mapping[str, str], context: PipelineContext | None = None
) -> PolicyFiles:
    """Return the source of one policy file without a pipeline."""
    document = SourceMap(str(path), {"policies": [path.name]}, {(): 1})
    return PolicyFiles(document, path.parent, plugins, environ, context)


def unapproved(cards: Iterable[AgentCard], policies: PolicySet | None) -> list[Problem]:
    """Return a warning if tools declare that their calls need a person, and no policy requires one."""
    if policies is not None and any(policy.name == "tool_approval" for policy in policies.policies):
        return []
    named = sorted(card.id for card in cards if not {"approval.always", "approval.first"}.isdisjoint(card.capabilities))
    text = f"calls of {', '.join(named)} need a person's approval, as the tools declare; list the policy tool_approval"
    return [Problem(("policies",), text)] if named else []


@dataclass(slots=True)
class PolicyReader:
    """One pass over the policies of a pipeline."""

    source: PolicyFiles
    problems: list[tuple[SourceMap, Problem]] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    """Warnings about the pipeline itself."""
    sections: list[tuple[SourceMap, PolicyFileSection]] = field(default_factory=list)
    """The policy files read so far."""
    _broken: list[str] = field(default_factory=list)
    _given: list[tuple[KeyPath, SourceMap]] = field(default_factory=list)

    def lines(self) -> tuple[str, ...]:
        """Return the problems as ``file:line: problem``."""
        ordered = sorted(self.problems, key=lambda noted: (noted[0].name, noted[0].order(noted[1].path)))
        told = (f"{document.where(one.path)}: {document.hide(one.text)}" for document, one in ordered)
        return tuple(dict.fromkeys((*self._broken, *told)))

    def foreign(self) -> tuple[str, ...]:
        """Return the problems of policy files, without those of the pipeline itself."""
        own = self.source.document.name
        rest = PolicyReader(self.source, [noted for noted in self.problems if noted[0].name != own])
        return (*self._broken, *rest.lines())

    def own(self) -> list[Problem]:
        """Return the problems of the pipeline itself."""
        return [problem for document, problem in self.problems if document.name == self.source.document.name]

    @property
    def failed(self) -> bool:
        """True if there is a problem."""
        return bool(self.problems or self._broken)

    def take_document(self, path: KeyPath, document: SourceMap) -> None:
        """Add a policy file that has been loaded, as if the pipeline named it at a path."""
        self._given.append((path, document))

    def policies(self) -> PolicySet | None:
        """Return the set, None if there is a problem."""
        pieces: dict[str, list[_CheckedSettings]] = {}
        for entry in self._entries():
            self._take(entry, pieces)
        made = self._made(pieces)
        if self.failed:
            return None
        context = self.source.context
        environment = Environment() if context is None else context.environment
        try:
            shadow = frozenset(name for name, parts in pieces.items() if all(part.shadow for part in parts))
            found = PolicySet(tuple(made.values()), environment, shadow, self._hider())
        except PolicyError as error:
            self._note(self.source.document, ("policies",), str(error))
            return None
        if not found.acts and environment.name == "production":
            self._note(self.source.document, ("policies",), f"{UNGOVERNED}; production refuses it")
            return None
        return found

    def _hider(self) -> Callable[[str], str] | None:
        """Return the function that hides environment values in reasons; None if there are none."""
        documents = [one for one in (self.source.document, *(one for one, _ in self.sections)) if one.written]
        if not documents:
            return None
        return lambda text: functools.reduce(lambda told, one: one.hide(told), documents, text)

    def _note(self, document: SourceMap, path: KeyPath, text: str) -> None:
        self.problems.append((document, Problem(path, text)))

    # --- listed policies ---

    def _entries(self) -> Iterator[_ListedPolicy]:
        document = self.source.document
        files = 0
        for path, item in _listed(document):
            if isinstance(item, str):
                files += 1
                if files > MAX_FILES:
                    self._note(document, path, f"there are more than {MAX_FILES} policy files")
                    return
                yield from self._file(path, item)
            else:
                yield from self._entry(document, path, item)
        for path, given in self._given:
            yield from self._in_file(path, given)

    def _entry(self, document: SourceMap, path: KeyPath, item: object) -> Iterator[_ListedPolicy]:
        if isinstance(item, dict) and len(item) == 1:
            name = str(next(iter(item)))
            yield _ListedPolicy(document, (*path, name), name)
        else:
            self._note(document, path, "a policy is one name with its settings below it")

    def _file(self, path: KeyPath, name: str) -> Iterator[_ListedPolicy]:
        try:
            file = self.source.folder / name
            draft = self.source.drafts.get(file)
            if draft is None:
                document = load_file(file, environ=self.source.environ)
            else:
                document = load_bytes(draft[0], name=str(file), environ=draft[1])
        except ConfigError as error:
            self._broken += map(self.source.document.hide, error.problems)
            return
        shown = self.source.document.hide(os.path.normpath(document.name))
        yield from self._in_file(path, replace(document, name=shown))

    def _in_file(self, path: KeyPath, document: SourceMap) -> Iterator[_ListedPolicy]:
        if not isinstance(document.value, dict):
            self._note(document, (), "a policy file is a mapping with version, id, policies and rules")
            return
        value = dict(document.value)
        if isinstance(value.get("policies"), list):
            value["policies"] = [{item: {}} if isinstance(item, str) else item for item in value["policies"]]
        document = replace(document, value=value)
        section, problems = validated(PolicyFileSection, document)
        self.problems += [(document, problem) for problem in problems]
        if section is None:
            return
        for at in document.written:
            said = next((key for key in at[2:] if key in {"name", "because", "deny", "redact", "allow"}), None)
            if at[:1] == ("rules",) and said is not None and "when" not in at and "examples" not in at:
                self._note(document, at, f"{said} of a rule is logged, so it cannot come from the environment")
        self.sections.append((document, section))
        self._fitting(path, section)
        for place, item in enumerate(value.get("policies") or ()):
            yield from self._entry(document, ("policies", place), item)
        if value.get("rules"):
            yield _ListedPolicy(replace(document, value={"rules": value["rules"]}), (), RULES)

    def _fitting(self, path: KeyPath, section: PolicyFileSection) -> None:
        context = self.source.context
        if context is not None and section.environments and context.environment.name not in section.environments:
            written = ", ".join(section.environments)
            text = f"policy file {section.id!r} is meant for {written}, not for {context.environment.name}"
            self.warnings.append(Problem(path, text))

    # --- created policies ---

    def _take(self, entry: _ListedPolicy, pieces: dict[str, list[_CheckedSettings]]) -> None:
        try:
            maker = self.source.plugins.policy(entry.name)
        except KeyError:
            known = sorted(self.source.plugins.policies)
            hint = suggestion(entry.name, known) if len(self.problems) < MAX_PROBLEMS else ""
            self._note(entry.document, entry.path[:-1], f"unknown policy {entry.name!r}{hint}")
            return
        except DefinitionError as error:
            self._note(entry.document, entry.path[:-1], str(error))
            return
        model = settings_of(maker)
        document, shadow = self._moded(entry, model)
        piece = _CheckedSettings(document, entry.path, None, shadow)
        if model is None and document.at(entry.path):
            self._note(document, entry.path, f"policy {entry.name!r} has no settings; remove them")
        elif model is not None:
            checked: Checked = validated(model, document, entry.path)
            self.problems += [(document, problem) for problem in checked.problems]
            if checked.problems:
                pieces.setdefault(entry.name, [])
                return
            piece.settings = checked.value
            if entry.name == RULES and shadow:  # per file: the rules of another file may be enforced
                piece = _CheckedSettings(document, entry.path, _in_shadow(checked.value), shadow=False)
        earlier = pieces.setdefault(entry.name, [])
        if not earlier or entry.name == RULES:
            earlier.append(piece)
        elif earlier[0].document.name == document.name or (earlier[0].settings, earlier[0].shadow) != (
            piece.settings, shadow,
        ):  # fmt: skip
            where = earlier[0].document.where(earlier[0].path)
            self._note(document, entry.path[:-1], f"policy {entry.name!r} is listed twice; the first is at {where}")

    def _moded(self, entry: _ListedPolicy, model: type[BaseModel] | None) -> tuple[SourceMap, bool]:
        """Remove ``mode`` from a policy's settings unless its model has that field; return True if it is ``shadow``."""
        settings = entry.document.at(entry.path)
        own = model is not None and "mode" in model.model_fields
        if not isinstance(settings, dict) or "mode" not in settings or own:
            return entry.document, False
        mode = settings["mode"]
        if mode not in _MODES:
            hint = suggestion(mode, _MODES) if isinstance(mode, str) else ""
            shown = entry.document.show((*entry.path, "mode"))
            self._note(entry.document, (*entry.path, "mode"), f"mode should be enforce or shadow, not {shown}{hint}")
        rest = {key: value for key, value in settings.items() if key != "mode"}
        return replace(entry.document, value=_replaced(entry.document.value, entry.path, rest)), mode == "shadow"

    def _made(self, pieces: Mapping[str, list[_CheckedSettings]]) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for name, parts in pieces.items():
            made[name] = None  # keeps the order of the list
            if name != RULES and parts:
                made[name] = self._policy(name, parts[0], parts[0].settings)
        context = self.source.context
        if context is not None:
            found = (
                inspector.name for policy in made.values() if policy is not None for inspector in policy.inspectors
            )
            context = context._replace(inspectors=frozenset(found))
        for name, parts in pieces.items():
            self._checked(name, parts, context)
        if pieces.get(RULES) and not self.failed:
            made[RULES] = self._policy(RULES, pieces[RULES][0], _merged(pieces[RULES]))
        return made

    def _checked(self, name: str, parts: list[_CheckedSettings], context: PipelineContext | None) -> None:
        """Add the problems and warnings that a policy finds in its own settings for this pipeline."""
        policy = self.source.plugins.policy(name)
        for path, text in getattr(policy, "problems", _none)(_merged(parts), context) if parts else ():
            piece, inner = _piece_of(parts, path)
            self._note(piece.document, (*piece.path, *inner), text)
        for path, text in getattr(policy, "warnings", _none)(_merged(parts), context) if parts else ():
            piece, inner = _piece_of(parts, path)
            own = piece.document.name == self.source.document.name
            where = "" if own else f"{piece.document.where((*piece.path, *inner))}: "
            self.warnings.append(Problem((*piece.path, *inner) if own else ("policies",), where + text))

    def _policy(self, name: str, piece: _CheckedSettings, settings: BaseModel | None) -> object:
        try:
            return self.source.plugins.policy(name)(*(() if settings is None else (settings,)))
        except Exception as error:  # noqa: BLE001 - any error of a factory becomes one line about its policy
            # The error's own text may quote values of the environment.
            why = "" if piece.document.source(piece.path) is not None else f": {str(error).split(chr(10), 1)[0]}"
            self._note(piece.document, piece.path, f"policy {name!r} cannot be created ({type(error).__name__}){why}")
            return None


def _none(_settings: object, _context: object) -> tuple[tuple[KeyPath, str], ...]:
    return ()


def _listed(document: SourceMap) -> Iterator[tuple[KeyPath, object]]:
    listed = document.at(("policies",))
    for place, item in enumerate(listed if isinstance(listed, list) else ()):
        yield ("policies", place), item


def _merged(parts: list[_CheckedSettings]) -> Any:
    settings: Any = parts[0].settings
    if len(parts) == 1:
        return settings
    return settings.model_copy(update={RULES: tuple(rule for part in parts for rule in _rules(part))})


def _rules(piece: _CheckedSettings) -> tuple[object, ...]:
    found: tuple[object, ...] = getattr(piece.settings, RULES)
    return found


def _in_shadow(settings: Any) -> Any:
    return settings.model_copy(
        update={RULES: tuple(rule.model_copy(update={"mode": "shadow"}) for rule in settings.rules)}
    )


def _piece_of(parts: list[_CheckedSettings], path: KeyPath) -> tuple[_CheckedSettings, KeyPath]:
    """Return the piece that a path of merged settings lies in, and the path in it."""
    place = path[1] if len(parts) > 1 and len(path) > 1 else None
    if not isinstance(place, int):
        return parts[0], path
    for part in parts:
        count = len(_rules(part))
        if place < count:
            return part, (path[0], place, *path[2:])
        place -= count
    return parts[-1], ()


def _replaced(value: Any, path: KeyPath, new: object) -> Any:
    """Return a tree with the value at a path replaced; the rest is shared."""
    if not path:
        return new
    copy: Any = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = _replaced(value[path[0]], path[1:], new)
    return copy


def is_path(item: object) -> bool:
    """Return True if an item of ``policies`` is the path of a policy file, not a name."""
    return isinstance(item, str) and ("/" in item or item.endswith((".yaml", ".yml")))


def normalized(policies: object) -> object:
    """Return ``policies`` as a list of mappings and paths of policy files."""
    listed: object = [policies] if is_path(policies) else policies
    if not isinstance(listed, list):
        return listed
    return [{item: {}} if isinstance(item, str) and not is_path(item) else item for item in listed]


def context_of(
    cards: Iterable[AgentCard], joins: Iterable[Join] = (), environment: Environment | None = None
) -> PipelineContext:
    """Return the context for checking the policies of a pipeline of these agents and joins."""
    taking = tuple(
        AgentCard(
            id=join.id, risk=Risk.LOW, tier=Tier.PRODUCTION, clearance=join.clearance,
            consumes=tuple(dict.fromkeys(join.parts.values())),
            produces=(join.into,),
        )
        for join in joins
    )  # fmt: skip
    cards = (*cards, *taking)
    kinds: dict[type[Payload], None] = {}
    for card in cards:
        answers = (part.payload if isinstance(part, Each) else part for parts in card.asks.values() for part in parts)
        kinds.update(dict.fromkeys((*card.consumes, *card.produces, *card.publishes, *card.asks, *answers)))
    return PipelineContext(tuple(kinds), cards, environment or Environment())
