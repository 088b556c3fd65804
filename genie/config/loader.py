"""Loads and checks a pipeline file: every name must resolve, every value be valid, and the graph pass its checks.

Loading starts nothing. It reports all problems of a file at once, each as ``file:line: problem``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from genie.config.examples import located
from genie.config.inputs import FieldSource, Inputs, item_type
from genie.config.overrides import overridden, parse_overrides
from genie.config.pipeline import Pipeline, SignedIdentity
from genie.config.plugins import Plugins
from genie.config.policies import UNGOVERNED, PolicyFiles, PolicyReader, context_of, normalized, unapproved
from genie.config.resolver import Resolver, Topics, fixed_keys
from genie.config.schema import MAX_PARTS, AgentSection, CallerSection, FieldSection, PipelineSection
from genie.config.source_map import SourceMap, suggestion
from genie.config.validation import validated
from genie.config.yaml import load_file, load_text
from genie.contracts.agent import Join
from genie.contracts.card import Caller
from genie.contracts.classification import Classification
from genie.contracts.gather import Each
from genie.contracts.limits import RunLimits
from genie.contracts.message import Path as Place
from genie.contracts.message import Payload
from genie.contracts.schedule import Schedule
from genie.errors import ConfigError, DefinitionError
from genie.graph.checks import check
from genie.graph.model import Graph, KeyPath, Problem
from genie.policy.policy import Environment, PipelineContext

if TYPE_CHECKING:
    from genie.contracts.ports.journal import EventLog
    from genie.journal.sqlite import Synchronous

Overrides = Mapping[str, str] | Iterable[str]
"""Key -> text, or texts of the form ``key=value``, as for ``--set``."""


def load(
    path: str | os.PathLike[str],
    *,
    overrides: Overrides = (),
    environ: Mapping[str, str] | None = None,
    plugins: Plugins | None = None,
    locks: bool = True,
) -> Pipeline:
    """Load and check a pipeline file.

    Args:
        path: The file, or the name of a shipped pipeline. Relative paths in the file are relative to its folder.
        overrides: ``--set`` keys and values.
        environ: Variables for ``${NAME}``; the environment of the process by default.
        plugins: The plugins that the file may name; the installed ones by default.
        locks: False accepts the tools of loops unchecked, for a caller that checks the lock files.

    Raises:
        ConfigError: The file is not valid; every problem, in the order of the file.
    """
    path = located(Path(path))
    environ = os.environ if environ is None else environ
    pairs = parse_overrides(overrides)
    found = load_file(path, environ=environ)
    if isinstance(found.value, dict) and {"pipeline", "workload"} <= set(found.value):
        raise ConfigError((f"{path}: is a scenario, not a pipeline; use `genie simulate {path}`",))
    return _checked(_overridden(found, pairs, environ), path, plugins, environ, locks=locks)


def parse(
    text: str,
    *,
    name: str = "<pipeline>",
    overrides: Overrides = (),
    environ: Mapping[str, str] | None = None,
    plugins: Plugins | None = None,
) -> Pipeline:
    """Load and check a pipeline from text; relative paths are relative to the working folder.

    Raises:
        ConfigError: As ``load``.
    """
    environ = os.environ if environ is None else environ
    pairs = parse_overrides(overrides)
    document = _overridden(load_text(text, name=name, environ=environ), pairs, environ)
    return _checked(document, None, plugins, environ)


def _overridden(document: SourceMap, pairs: tuple[tuple[str, str], ...], environ: Mapping[str, str]) -> SourceMap:
    """Return the document with the overrides applied; short forms are allowed in both."""
    return _normalized(overridden(_normalized(document), pairs, environ=environ))


def _normalized(document: SourceMap) -> SourceMap:
    """Return the document with its short forms (plain names and paths) replaced by mappings."""
    if not isinstance(document.value, dict):
        kind = "is empty" if document.value is None else f"is {document.show(())}, not a mapping"
        text = "a pipeline has version, id, agents, input and output"
        raise ConfigError((f"{document.where(())}: {kind}; {text}",))
    value = dict(document.value)
    if isinstance(value.get("agents"), list):
        value["agents"] = [{"id": item} if isinstance(item, str) else item for item in value["agents"]]
    if "policies" in value:
        value["policies"] = normalized(value["policies"])
    written = dict(document.written)
    if isinstance(value.get("loops"), dict):
        value["loops"] = {name: _with_tools(loop) for name, loop in value["loops"].items()}
    for at in [at for at in written if len(at) == 2 and at[0] == "agents"]:
        written[*at, "id"] = written.pop(at)
    for place in [at for at in written if len(at) == 4 and at[0] == "loops" and at[2] == "tools"]:
        written[*place, "agent"] = written.pop(place)
    for key, only in (("input", "payload"), ("control", "path"), ("log", "path")):
        if isinstance(value.get(key), str):
            value[key] = {only: value[key]}
            if (key,) in written:
                written[key, only] = written.pop((key,))
    return replace(document, value=value, written=written)


def _with_tools(loop: object) -> object:
    """Return a loop whose tools are mappings; a plain name becomes an agent without changes."""
    if not isinstance(loop, dict) or not isinstance(loop.get("tools"), list):
        return loop
    return {**loop, "tools": [{"agent": one} if isinstance(one, str) else one for one in loop["tools"]]}


def _checked(
    document: SourceMap, path: Path | None, plugins: Plugins | None, environ: Mapping[str, str], *, locks: bool = True
) -> Pipeline:
    try:
        resolver = Resolver(document, Plugins.installed() if plugins is None else plugins)
    except DefinitionError as error:
        raise ConfigError((f"{document.where(())}: {error}",)) from None
    for place in document.written:
        if (place[-1:] in {("id",), ("fallback",)} and "settings" not in place) or place[:1] == ("cycles",):
            resolver.note(place, "an id is logged, so it cannot come from the environment")
        elif place[-1:] == ("title",) and "settings" not in place:
            resolver.note(place, "a title is shown, so it cannot come from the environment")
    source = PolicyFiles(document, Path() if path is None else path.parent, resolver.plugins, environ)
    section, problems = validated(PipelineSection, document)
    fixed = fixed_keys(document)
    resolver.problems += [Problem(place, fixed.get(place, text)) for place, text in problems]
    if section is None:
        raise _error(document, resolver.problems, _parts_alone(resolver, source))
    return _assembled(section, resolver, path, source, locks=locks)


def _parts_alone(resolver: Resolver, source: PolicyFiles) -> tuple[str, ...]:
    """Check the agents and policies of a file that is not valid as a whole, to report their problems too."""
    agents = resolver.document.at(("agents",))
    for position in range(min(len(agents), MAX_PARTS) if isinstance(agents, list) else 0):
        section, _ = validated(AgentSection, resolver.document, ("agents", position))
        if section is not None:
            resolver.agent(position, section)
    policies = resolver.document.at(("policies",))
    if not isinstance(policies, list) or not all(isinstance(item, dict | str) for item in policies):
        return ()
    reading = PolicyReader(source)
    reading.policies()
    resolver.problems += reading.own()
    return reading.foreign()


def _models(
    section: PipelineSection, resolver: Resolver
) -> tuple[frozenset[type[Payload]], tuple[tuple[str, ...], ...]]:
    """Bind the models; return the topics that may lack a consumer, and the cycles of the pipeline."""
    if not section.models:
        return frozenset(), section.cycles
    from genie.config.models import asking, bind_models  # noqa: PLC0415 - start-up: for pipelines with models

    ignored = bind_models(resolver, section.models)
    return ignored, section.cycles + asking(resolver.bindings)


def _assembled(
    section: PipelineSection, resolver: Resolver, path: Path | None, source: PolicyFiles, *, locks: bool
) -> Pipeline:
    _agents(section, resolver)
    ignored, cycles = _models(section, resolver)
    if section.loops:
        from genie.config.loops import bind_loops  # noqa: PLC0415 - start-up: for pipelines with loops

        bind_loops(resolver, section.loops, Path() if path is None else path.parent, locks=locks)
    environment = Environment(section.environment)
    caller = _caller(section.caller)
    folder = Path() if path is None else path.parent
    signed = _signed(section.caller, resolver, folder)
    audit = None if section.audit is None else resolver.audit(section.audit, folder)
    topics = resolver.topics()
    entry = topics.find(("input", "payload"), section.input.payload)
    answer = topics.find(("output",), section.output)
    made = [resolver.join(position, join, topics) for position, join in enumerate(section.joins)]
    joins = tuple(join for join in made if join is not None)
    unused = [topics.find(("unused",), name) for name in sorted(section.unused)]
    source = replace(source, context=_context(resolver, joins, environment, whole=len(joins) == len(made)))
    reading = PolicyReader(source)
    policies = reading.policies()
    resolver.problems += reading.own()
    ungoverned = policies is not None and not policies.acts
    warnings = [*([Problem(("policies",), UNGOVERNED)] if ungoverned else []), *reading.warnings]
    warnings += unapproved((one.card for one in resolver.bindings), policies)
    graph = None
    if entry is not None and answer is not None:
        graph = Graph(
            bindings=tuple(resolver.bindings), joins=joins, entry=entry, answer=answer, caller=caller,
            environment=environment, cycles=cycles, policies=() if policies is None else policies.policies,
            shadow=frozenset() if policies is None else policies.shadow,
            unused=frozenset(kind for kind in unused if kind is not None) | ignored,
        )  # fmt: skip
        found = check(graph, complete=resolver.complete and len(joins) == len(made))
        # Settings have been validated against their model, with better messages than the graph's.
        told = [problem for problem in found.problems if problem.path[-1] != "settings"]
        resolver.problems += [_in_file(problem, resolver.positions) for problem in told]
        warnings += [_in_file(problem, resolver.positions) for problem in found.warnings]
    chatter = _chatter(section, resolver, topics, _needed(entry, answer, joins, resolver))
    log = _log(section, resolver, folder)
    admission = resolver.admission(section.rates, section.budgets, topics)
    question = _entry(section, resolver, entry, path)
    schedules = _schedules(section, resolver, entry)
    control = None if section.control is None else resolver.control()
    if control is not None:
        control = control.within(Path() if path is None else path.parent)
        if signed is not None:
            control.signed_by(*signed, caller.tenant)
    if resolver.problems or graph is None or policies is None or question is None or answer is None:
        raise _error(resolver.document, resolver.problems, reading.foreign())
    return Pipeline(
        id=section.id, title=section.title or section.id, path=path, bindings=graph.bindings, joins=joins,
        policies=policies, policy_source=source, limits=RunLimits(**section.limits.model_dump()), caller=caller,
        durability=section.durability, log=log, chatter=chatter, signed=signed, audit=audit, control=control,
        environment=environment,
        debug="environment" in section.model_fields_set and section.environment == "development",
        entry=question.payload, answer=answer, within_s=section.within_s, input=question, schedules=schedules,
        warnings=_lines(resolver.document, warnings + _absent(question)), graph=graph, admission=admission,
    )  # fmt: skip


def _agents(section: PipelineSection, resolver: Resolver) -> None:
    for position, agent in enumerate(section.agents):
        resolver.agent(position, agent)
    if not (section.agents or section.models or section.loops):
        resolver.note((), "a pipeline needs `agents`, `models` or `loops`")


def _needed(
    entry: type[Payload] | None, answer: type[Payload] | None, joins: Iterable[Join], resolver: Resolver
) -> set[type[Payload] | None]:
    """Return the payload classes that a run cannot do without: questions, answers and parts."""
    found: set[type[Payload] | None] = {entry, answer}
    for join in joins:
        found |= {join.into, *join.parts.values()}
    for binding in resolver.bindings:
        for asked, expected in binding.card.asks.items():
            found |= {asked, *(part.payload if isinstance(part, Each) else part for part in expected)}
    return found


def _chatter(
    section: PipelineSection, resolver: Resolver, topics: Topics, kept: Collection[type[Payload] | None]
) -> frozenset[type[Payload]]:
    """Return the payload classes that the log leaves out; a run cannot be resumed without some of them."""
    found: set[type[Payload]] = set()
    for name in () if section.log is None else sorted(section.log.chatter):
        kind = topics.find(("log", "chatter"), name)
        if kind in kept and kind is not None:
            resolver.note(
                ("log", "chatter"),
                f"{name!r} is a question, an answer or a part of a join, without which no run can be resumed",
            )
        elif kind is not None:
            found.add(kind)
    return frozenset(found)


def _log(section: PipelineSection, resolver: Resolver, folder: Path) -> Callable[[], EventLog] | None:
    """Return the factory of a runtime's log; whether the log can be opened shows when it is."""
    given = section.log
    if section.durability == "none":
        if given is not None:
            resolver.note(("log",), "`log` has no effect without `durability: batched` or `every_message`")
        return None
    if given is None:
        resolver.note(("durability",), f"`durability: {section.durability}` needs `log:`, the place of the log")
        return None
    from genie.journal.places import log_at  # noqa: PLC0415 - start-up: only where something is kept
    from genie.journal.upkeep import Retention  # noqa: PLC0415 - as above

    retention = None if given.retention is None else Retention(given.retention.days, given.retention.bytes)
    synchronous: Synchronous = "full" if section.durability == "every_message" else "normal"
    return partial(log_at, given.path, folder=folder, keys=given.keys, synchronous=synchronous, retention=retention)


def _caller(section: CallerSection) -> Caller:
    given = section.model_dump(exclude={"keys", "issuer", "audience"})
    return Caller(**{**given, "clearance": Classification.parse(section.clearance)})


def _signed(section: CallerSection, resolver: Resolver, folder: Path) -> SignedIdentity | None:
    given = {name: getattr(section, name) for name in ("keys", "issuer", "audience")}
    if not any(given.values()):
        return None
    lacking = [name for name, value in given.items() if value is None]
    if lacking:
        resolver.note(
            ("caller",), f"a signed identity needs keys, issuer and audience; {', '.join(lacking)} is missing"
        )
        return None
    return SignedIdentity(folder / given["keys"], given["issuer"], given["audience"])


def _context(
    resolver: Resolver, joins: Iterable[Join], environment: Environment, *, whole: bool
) -> PipelineContext | None:
    """Return the context for checking policies; None if a part is missing, because policies may refer to it."""
    if not (resolver.complete and whole):
        return None
    return context_of((binding.card for binding in resolver.bindings), joins, environment)


def _schedules(section: PipelineSection, resolver: Resolver, entry: type[Payload] | None) -> tuple[Schedule, ...]:
    made = [resolver.schedule(position, one, entry) for position, one in enumerate(section.schedule)]
    ids = [one.id for one in section.schedule]
    for position, name in enumerate(ids):
        if name in ids[:position]:
            resolver.note(("schedule", position, "id"), f"another schedule has the id {name!r}")
        if section.schedule[position].payload is None and entry is not None and not _fillable(section, entry):
            resolver.note(
                ("schedule", position), f"schedule {name!r} has no payload, and `input` has no defaults for all fields"
            )
    return tuple(schedule for schedule in made if schedule is not None)


def _fillable(section: PipelineSection, entry: type[Payload]) -> bool:
    """Return True if the question can be made without any option of the command."""
    fields = section.input.fields
    files = any(given.source == "input" and given.default is not None for given in fields.values())
    if not files and any(given.source == "input" for given in fields.values()):
        return False  # the question needs a file, and no option names one
    return all(
        name in fields
        and (
            fields[name].source is None
            or fields[name].default is not None
            or (fields[name].source == "filename" and files)
        )
        for name, info in entry.model_fields.items()
        if info.is_required()
    )


def _entry(
    section: PipelineSection, resolver: Resolver, payload: type[Payload] | None, path: Path | None
) -> Inputs | None:
    if payload is None:
        return None
    folder = Path() if path is None else path.parent
    fields = payload.model_fields
    sources: dict[str, FieldSource] = {}
    for name, given in section.input.fields.items():
        place: Place = ("input", "fields", name)
        if name not in fields:
            resolver.note(place, f"{section.input.payload} has no field {name!r}{suggestion(name, fields)}")
        elif (given.source is None) == ("value" not in given.model_fields_set):
            resolver.note(place, f"field {name!r} needs `from` or `value`, and not both")
        elif problem := _many_problem(given, fields[name].annotation):
            resolver.note((*place, "each") if given.each is not None else (*place, "default"), problem)
        else:
            sources[name] = _source(given, folder, resolver.document, (*place, "default"))
    if section.input.fields:
        lacking = [name for name, info in fields.items() if info.is_required() and name not in section.input.fields]
        if lacking:
            resolver.note(("input", "fields"), f"nothing fills {', '.join(lacking)} of {section.input.payload}")
    return Inputs(payload=payload, sources=sources)


def _many_problem(given: FieldSection, annotation: object) -> str:
    """Return the problem of a field that takes several files; empty if there is none."""
    if given.each is None:
        return "several defaults need `each`" if isinstance(given.default, tuple) else ""
    item = item_type(annotation)
    if given.source != "input" or item is None:
        return "`each` is for a field that is a tuple of values, `from: input`"
    lacking = [name for name, info in item.model_fields.items() if info.is_required() and name not in given.each]
    unknown = [name for name in given.each if name not in item.model_fields]
    if unknown:
        return f"an item has no field {unknown[0]!r}{suggestion(unknown[0], item.model_fields)}"
    return f"nothing fills {', '.join(lacking)} of an item" if lacking else ""


def _source(given: FieldSection, folder: Path, document: SourceMap, place: Place) -> FieldSource:
    if given.source is None:
        return FieldSource(origin="value", value=given.value)
    is_file = given.source in {"input", "profile"}

    def single(default: str | None, at: Place) -> FieldSource:
        found = folder / default if is_file and default is not None else default
        return FieldSource(origin=origin, default=found, written=document.source(at), max_bytes=given.max_bytes)

    origin = given.source
    if given.each is None:
        return single(given.default if isinstance(given.default, str) else None, place)
    several = isinstance(given.default, tuple)
    defaults = given.default if isinstance(given.default, tuple) else (given.default,) if given.default else ()
    files = tuple(single(default, (*place, at) if several else place) for at, default in enumerate(defaults))
    return FieldSource(origin=origin, each=given.each, files=files, max_bytes=given.max_bytes)


def _absent(entry: Inputs) -> list[Problem]:
    """Return a warning for each default file that does not exist; an option may still name another file."""
    return [
        Problem(("input", "fields", name, "default"), f"the default file of {name!r} does not exist")
        for name, source in entry.sources.items()
        for one in (source, *source.files)
        if isinstance(one.default, Path) and not one.default.is_file()
    ]


def _in_file(problem: Problem, positions: list[KeyPath]) -> Problem:
    """Return a problem of the graph with the agent's position in the file instead of its position in the bindings."""
    path = problem.path
    if len(path) > 1 and path[0] == "agents" and isinstance(path[1], int):
        path = (*positions[path[1]], *path[2:])
    return Problem(path, problem.text)


def _error(document: SourceMap, problems: Iterable[Problem], foreign: tuple[str, ...] = ()) -> ConfigError:
    return ConfigError((*_lines(document, problems), *foreign))


def _lines(document: SourceMap, problems: Iterable[Problem]) -> tuple[str, ...]:
    ordered = sorted(problems, key=lambda problem: document.order(problem.path))
    return tuple(dict.fromkeys(f"{document.where(problem.path)}: {document.hide(problem.text)}" for problem in ordered))
