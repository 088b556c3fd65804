"""Loads and checks a scenario file with its pipeline, questions, trouble and invariants."""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genie.config.examples import shipped as shipped_pipelines
from genie.config.loader import load as load_pipeline
from genie.config.plugins import Plugins
from genie.config.source_map import SourceMap, suggestion
from genie.config.validation import validated
from genie.config.yaml import load_file, load_text
from genie.contracts.card import Caller
from genie.contracts.classification import Classification
from genie.contracts.message import topic_of
from genie.errors import ConfigError, InputError
from genie.graph.model import Problem
from genie.simulation.arrivals import Trace, read_trace
from genie.simulation.customers import Customers
from genie.simulation.fault_injection import applies_to, possible_topics
from genie.simulation.invariants import Invariant, InvariantRegistry
from genie.simulation.schema import OPERATIONS, FaultSection, ScenarioSection
from genie.simulation.workload import QuestionFactory

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from genie.config.pipeline import Pipeline
    from genie.policy.policy import PolicySet


_MOST_NAMED = 8
_SET = "--set "
"""Prefix of a problem with an overridden key of the pipeline."""
_SIGNED = ("keys", "issuer", "audience")
"""Keys of a caller for signed identities, which a simulation does not have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A checked scenario."""

    section: ScenarioSection
    """The file's content."""
    path: Path | None
    pipeline: Pipeline = field(repr=False)
    caller: Caller = field(repr=False)
    questions: QuestionFactory = field(repr=False)
    traces: Mapping[int, Trace] = field(default_factory=dict, repr=False)
    """Position of an entry of arrivals -> its trace."""
    invariants: tuple[Invariant, ...] = ()
    candidate: PolicySet | None = field(default=None, repr=False)
    """The compared policy set."""

    @property
    def id(self) -> str:
        """Name of the scenario."""
        return self.section.id

    @property
    def title(self) -> str:
        """The title, or the name without one."""
        return self.section.title or self.section.id


def load(
    path: str | os.PathLike[str], *, plugins: Plugins | None = None, rules: InvariantRegistry | None = None
) -> Scenario:
    """Load and check a scenario file.

    Args:
        path: The file, or the name of a shipped scenario. Paths in the file are relative to its folder.
        plugins: The parts that the pipeline can name; the installed parts by default.
        rules: The invariants that the scenario can name; built-in and installed invariants by default.

    Raises:
        ConfigError: The scenario has errors; all of them, as ``file:line: problem``.
    """
    place = located(Path(path))
    return _checked(load_file(place, environ=os.environ), place, plugins, rules)


def shipped() -> dict[str, Path]:
    """Return the shipped scenarios by name."""
    folders = {path.parent.parent / "simulations" for path in shipped_pipelines().values()}
    return {path.stem: path for folder in folders for path in sorted(folder.glob("*.yaml"))}


def located(path: Path) -> Path:
    """Return the path of a scenario file; for a name without a file of that name, the shipped scenario's."""
    if len(path.parts) != 1 or path.suffix or path.exists():
        return path
    known = shipped()
    if path.name not in known:
        if path.name in shipped_pipelines():
            raise ConfigError((f"{path}: is a pipeline, not a scenario; use `genie run {path}`",))
        near = suggestion(path.name, known) or f"; shipped are {', '.join(known) or 'none'}"
        raise ConfigError((f"{path}: no such file, and no shipped scenario of that name{near}",))
    return known[path.name]


def parse(
    text: str,
    *,
    name: str = "<scenario>",
    folder: Path | None = None,
    plugins: Plugins | None = None,
    rules: InvariantRegistry | None = None,
) -> Scenario:
    """Load and check a scenario from text; paths in it are relative to ``folder``.

    Raises:
        ConfigError: As ``load``.
    """
    place = None if folder is None else folder / name
    return _checked(load_text(text, name=name, environ={}), place, plugins, rules)


def _spelt_out(document: SourceMap) -> SourceMap:
    """Return the document with each plain name of an invariant or policy as a mapping."""
    if not isinstance(document.value, dict):
        text = "a scenario has version, id, pipeline, duration and workload"
        raise ConfigError((f"{document.where(())}: is {document.show(())}, not a mapping; {text}",))
    value = dict(document.value)
    if isinstance(value.get("invariants"), list):
        value["invariants"] = _named(value["invariants"])
    compared = value.get("compare")
    if isinstance(compared, dict) and isinstance(compared.get("policies"), list):
        value["compare"] = {**compared, "policies": _named(compared["policies"])}
    return replace(document, value=value)


def _named(items: list[Any]) -> list[Any]:
    return [{item: {}} if isinstance(item, str) else item for item in items]


def _checked(
    document: SourceMap, path: Path | None, plugins: Plugins | None, rules: InvariantRegistry | None
) -> Scenario:
    document = _spelt_out(document)
    section, problems = validated(ScenarioSection, document)
    if section is None:
        raise _error(document, problems)
    folder = Path() if path is None else path.parent
    plugins = Plugins.installed() if plugins is None else plugins
    pipeline = _pipeline(document, section, folder, plugins)
    found: list[Problem] = list(_unknown_names(section, pipeline))
    caller = pipeline.caller
    if section.caller is not None:
        given = section.caller.model_dump(exclude=set(_SIGNED))
        caller = Caller(**{**given, "clearance": Classification.parse(section.caller.clearance)})
    found += _void_operations(section, caller)
    if section.caller is not None:
        found += (
            Problem(("caller", name), "a simulation has no signed identities; remove the key")
            for name in _SIGNED if getattr(section.caller, name) is not None
        )  # fmt: skip
    rules = InvariantRegistry.installed() if rules is None else rules
    invariants = tuple(
        one
        for place, given in enumerate(section.invariants)
        if (one := rules.resolve(place, given, found, pipeline.answer)) is not None
    )
    invariants = tuple(_numbered(invariants))
    questions = QuestionFactory(section, pipeline, folder)
    found += questions.problems(Customers(section.workload.population, section.seed, section.start.date()))
    traces: dict[int, Trace] = {}
    for place, arrivals in enumerate(section.workload.arrivals):
        if arrivals.trace is not None:
            try:
                traces[place] = read_trace(folder / arrivals.trace, len(section.workload.questions))
            except InputError as error:
                found.append(Problem(("workload", "arrivals", place, "trace"), str(error)))
    candidate = _candidate(document, section, folder, plugins)
    if found:
        raise _error(document, found)
    return Scenario(
        section=section, path=path, pipeline=pipeline, caller=caller, questions=questions, traces=traces,
        invariants=(*rules.always(), *invariants), candidate=candidate,
    )  # fmt: skip


def _numbered(invariants: Iterable[Invariant]) -> Iterator[Invariant]:
    """Yield invariants; a name that occurs again gets a number."""
    counts: Counter[str] = Counter()
    for one in invariants:
        counts[one.name] += 1
        yield one if counts[one.name] == 1 else one._replace(name=f"{one.name} {counts[one.name]}")


def _pipeline(
    document: SourceMap, section: ScenarioSection, folder: Path, plugins: Plugins, place: tuple[str, ...] = ("set",)
) -> Pipeline:
    path: str | Path = section.pipeline
    if Path(path).suffix or len(Path(path).parts) > 1:
        path = folder / path
    overrides = {key: json.dumps(value) for key, value in section.overrides.items()}
    try:
        return load_pipeline(path, overrides=overrides, plugins=plugins)
    except ConfigError as error:
        own = tuple(one.removeprefix(_SET) for one in error.problems if one.startswith(_SET))
        if len(own) < len(error.problems):
            where = document.where(("pipeline",))
            raise ConfigError((f"{where}: the pipeline cannot be run:", *error.problems)) from None
        raise ConfigError(tuple(f"{document.where(place)}: {place[0]}: {one}" for one in own)) from None


def _candidate(document: SourceMap, section: ScenarioSection, folder: Path, plugins: Plugins) -> PolicySet | None:
    if section.compared is None:
        return None
    overrides = {**section.overrides, "policies": list(section.compared.policies)}
    changed = section.model_copy(update={"overrides": overrides})
    return _pipeline(document, changed, folder, plugins, ("compare", "policies")).policies


def _unknown_names(section: ScenarioSection, pipeline: Pipeline) -> list[Problem]:
    agents = [binding.card.id for binding in pipeline.bindings]
    topics = sorted({
        topic_of(kind).name for binding in pipeline.bindings for kind in (*binding.card.consumes, *binding.card.sends)
    })  # fmt: skip
    found = [
        Problem(("work", agent), f"the pipeline has no agent {agent!r}{suggestion(agent, agents)}")
        for agent in section.work if agent not in agents
    ]  # fmt: skip
    for place, trouble in enumerate(section.trouble):
        if trouble.agent is not None and trouble.agent not in agents:
            text = f"the pipeline has no agent {trouble.agent!r}{suggestion(trouble.agent, agents)}"
            found.append(Problem(("trouble", place, "agent"), text))
        if trouble.topic is not None and trouble.topic not in topics:
            text = f"no agent of the pipeline receives or sends {trouble.topic!r}{suggestion(trouble.topic, topics)}"
            found.append(Problem(("trouble", place, "topic"), text))
        elif (
            trouble.kind not in OPERATIONS
            and trouble.agent in {None, *agents}
            and not any(applies_to(trouble, one.card) for one in pipeline.bindings)
        ):
            found.append(Problem(("trouble", place, "topic"), _misses(trouble, pipeline)))
    return found


def _void_operations(section: ScenarioSection, caller: Caller) -> Iterator[Problem]:
    """Yield a problem for each operation that cannot affect the scenario's runs."""
    purposes = {text.partition("@")[0] for text in caller.consent} | set(caller.consent)
    for place, trouble in enumerate(section.trouble):
        at = ("trouble", place)
        if trouble.tenant is not None and trouble.tenant != caller.tenant:
            known = f"is of tenant {caller.tenant!r}" if caller.tenant else "has no tenant"
            yield Problem((*at, "tenant"), f"kill never affects a run: the caller {known}")
        if trouble.consent is not None and trouble.consent not in purposes:
            near = suggestion(trouble.consent, sorted(purposes)) or "; add it to `caller`"
            yield Problem((*at, "consent"), f"revoke never affects a run: no consent {trouble.consent!r}{near}")


def _misses(trouble: FaultSection, pipeline: Pipeline) -> str:
    """Return the text for trouble that cannot occur, with topics with which it can."""
    cards = [one.card for one in pipeline.bindings if trouble.agent in {None, one.card.id}]
    topics = sorted({topic for card in cards for topic in possible_topics(trouble, card)})
    target = "an agent" if trouble.agent is None else trouble.agent
    near = suggestion(str(trouble.topic), topics) or f"; name one of {', '.join(topics[:_MOST_NAMED])}"
    return f"{trouble.kind} never affects {target} with {trouble.topic!r}{near}"


def _error(document: SourceMap, problems: list[Problem] | tuple[Problem, ...]) -> ConfigError:
    ordered = sorted(problems, key=lambda problem: document.order(problem.path))
    return ConfigError(
        tuple(dict.fromkeys(f"{document.where(one.path)}: {document.hide(one.text)}" for one in ordered))
    )
