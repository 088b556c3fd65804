"""Resolves the names of a pipeline file: looks up plugins, overrides cards, binds settings and ports.

Nothing here raises. A part that cannot be resolved becomes a problem at its line; the other parts are still checked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

from genie.config.plugins import Plugins, settings_of
from genie.config.schema import (
    AgentSection,
    AuditSection,
    BudgetSection,
    CoverSection,
    EstimateSection,
    JoinSection,
    PortSection,
    RateSection,
    ScheduleSection,
)
from genie.config.source_map import SourceMap, suggestion
from genie.config.validation import MAX_PROBLEMS, dotted, validated
from genie.contracts.admission import Admission, Budget, Rate, within
from genie.contracts.agent import Agent, Binding, Join
from genie.contracts.card import AgentCard
from genie.contracts.classification import Classification
from genie.contracts.gather import Each
from genie.contracts.limits import Estimate, Mailbox, RestartBudget, Retry
from genie.contracts.message import Payload, topic_of
from genie.contracts.ports.audit import Audit
from genie.contracts.schedule import Schedule
from genie.errors import DefinitionError, ScheduleError
from genie.execution.handlers import misplaced
from genie.graph.model import KeyPath, Problem, name_of

Rule = TypeVar("Rule", Retry, Mailbox, RestartBudget)

_FIXED = ("risk", "tier", "declassifies")
"""Fields of a card that a file cannot change: a file must not make an agent look safer than it is."""


@dataclass(slots=True)
class Resolver:
    """The state of the resolution of one pipeline."""

    document: SourceMap
    plugins: Plugins
    problems: list[Problem] = field(default_factory=list)
    bindings: list[Binding] = field(default_factory=list)
    positions: list[KeyPath] = field(default_factory=list)
    """Path of each binding in the file."""
    complete: bool = True
    """True while every agent of the file could be bound."""
    outlets: dict[int, AgentSection] = field(default_factory=dict)
    """Position among the bindings -> section of an agent whose card does not name its topics."""

    def note(self, path: KeyPath, text: str) -> None:
        """Add a problem."""
        self.problems.append(Problem(path, text))

    def shown(self, path: KeyPath, name: str, known: Iterable[str]) -> str:
        """Return an unknown name for an error, with a suggestion; as in the file if the environment gave it."""
        if self.document.source(path) is not None:
            return self.document.show(path)
        return f"{name!r}{suggestion(name, known) if len(self.problems) < MAX_PROBLEMS else ''}"

    # --- agents ---

    def agent(self, position: int, section: AgentSection) -> None:
        """Look an agent up and bind it."""
        path: KeyPath = ("agents", position)
        name = section.use or section.id
        at = (*path, "use") if section.use else path
        try:
            agent = self.plugins.agent(name)
        except KeyError:
            known = sorted(self.plugins.agents)
            self.note(at, f"unknown agent {self.shown((*path, 'use' if section.use else 'id'), name, known)}")
            self.complete = False
            return
        except DefinitionError as error:
            self.note(at, str(error))
            self.complete = False
            return
        if not agent.card.consumes:
            self.outlets[len(self.bindings)] = section
        elif section.topics is not None:
            text = f"agent {section.id!r} has the topics of its card; remove `topics`"
            self.note((*path, "topics"), text)
        self.positions.append(path)
        self.bindings.append(
            Binding(
                agent=agent,
                card=self._card(path, section, agent),
                settings=self._settings(path, agent.card),
                ports=self._ports(path, section, agent.card),
            )
        )

    def _card(self, path: KeyPath, section: AgentSection, agent: Agent) -> AgentCard:
        card = agent.card
        given = section.model_fields_set
        # The recipients behind an outlet are known to the file alone; by default they have the lowest clearance.
        clearance = card.clearance if card.consumes else Classification.PUBLIC
        if section.clearance is not None:
            clearance = Classification.parse(section.clearance)
            if clearance > card.clearance:
                text = f"clearance {section.clearance} is above the card's {card.clearance.label}"
                self.note((*path, "clearance"), f"agent {section.id!r}: {text}; a file can only lower it")
        tenants = card.tenants if section.tenants is None else section.tenants
        if card.tenants is not None and not (tenants or frozenset()) <= card.tenants:
            text = f"works only for {', '.join(sorted(card.tenants))}; a file can only name fewer tenants"
            self.note((*path, "tenants"), f"agent {section.id!r} {text}")
        executor = section.executor or card.executor
        problem = misplaced(agent, replace(card, executor=executor))
        if problem is not None:
            self.note((*path, "executor"), f"agent {section.id!r}: {problem}")
        return replace(
            card,
            id=section.id,
            clearance=clearance,
            tenants=tenants,
            region=section.region or card.region,
            executor=executor,
            concurrency=card.concurrency if section.concurrency is None else section.concurrency,
            timeout_s=section.timeout_s if "timeout_s" in given else card.timeout_s,
            fallback=section.fallback if "fallback" in given else card.fallback,
            retry=_narrowed(card.retry, section.retry),
            mailbox=_narrowed(card.mailbox, section.mailbox),
            restarts=_narrowed(card.restarts, section.restarts),
            estimate=_estimate(section.estimate) if "estimate" in given else card.estimate,
        )

    def _settings(self, path: KeyPath, card: AgentCard) -> BaseModel | None:
        path = (*path, "settings")
        if card.settings is None:
            if self.document.at(path) is not None:
                self.note(path, f"agent {card.id!r} has no settings; remove them")
            return None
        checked = validated(card.settings, self.document, path)
        self.problems += checked.problems
        settings: BaseModel | None = checked.value
        return settings

    def _ports(self, path: KeyPath, section: AgentSection, card: AgentCard) -> dict[type[Any], object]:
        declared = {port.__name__: port for port in card.ports}
        bound: dict[type[Any], object] = {}
        for name, port in section.ports.items():
            at = (*path, "ports", name)
            if name not in declared:
                self.note(at, f"agent {section.id!r} declares no port {name!r}{suggestion(name, declared)}")
                continue
            edge = self._edge(at, port)
            if edge is not None and not _fits(edge, declared[name]):
                self.note((*at, "use"), f"edge {port.use!r} does not implement port {name!r} of agent {section.id!r}")
            bound[declared[name]] = edge
        return bound

    def _edge(self, path: KeyPath, section: PortSection) -> object:
        try:
            maker = self.plugins.edge(section.use)
        except KeyError:
            at = (*path, "use")
            self.note(at, f"unknown edge {self.shown(at, section.use, sorted(self.plugins.edges))}")
            return None
        except DefinitionError as error:
            self.note((*path, "use"), str(error))
            return None
        return self._made(f"edge {section.use!r}", maker, (*path, "settings"))

    # --- the audit ---

    def audit(self, section: AuditSection, folder: Path) -> Audit | None:
        """Return the unopened audit trail; None if its edge is not installed or its settings are not valid."""
        given = section.model_dump()
        for name in ("path", "key", "anchor"):
            if given[name] is not None:
                given[name] = folder / given[name]
        try:
            maker = self.plugins.edge("audit")
            model = settings_of(maker)
            trail: Audit = maker(None if model is None else model.model_validate(given))
        except KeyError:
            self.note(("audit",), "the edge 'audit' is not installed")
        except (DefinitionError, ValueError) as error:
            self.note(("audit",), f"the audit trail cannot be created ({type(error).__name__})")
        else:
            return trail
        return None

    # --- edges ---

    def _made(self, subject: str, maker: Callable[..., Any], path: KeyPath) -> object:
        """Create an edge with its settings; None if that fails."""
        model = settings_of(maker)
        if model is None and self.document.at(path):
            self.note(path, f"{subject} has no settings; remove them")
            return None
        arguments: tuple[object, ...] = ()
        if model is not None:
            checked = validated(model, self.document, path)
            self.problems += checked.problems
            if checked.problems:
                return None
            arguments = (checked.value,)
        try:
            return maker(*arguments)
        except Exception as error:  # noqa: BLE001 - any error of a factory becomes one line about its plugin
            # The error's own text may quote values of the environment.
            why = "" if self.document.source(path) is not None else f": {str(error).split(chr(10), 1)[0]}"
            self.note(path, f"{subject} cannot be created ({type(error).__name__}){why}")
            return None

    def control(self) -> Any:
        """Return the control database; None if it cannot be created."""
        path: KeyPath = ("control",)
        try:
            maker = self.plugins.edge("control")
        except KeyError:
            self.note(path, "the edge 'control' is not installed")
        except DefinitionError as error:
            self.note(path, str(error))
        else:
            return self._made("control", maker, path)
        return None

    # --- topics and joins ---

    def topics(self) -> Topics:
        """Return the topics of the bound agents' cards, after setting the topics of outlets from the file."""
        topics = Topics(self, tuple(binding.card for binding in self.bindings))
        for place, section in self.outlets.items():
            path = self.positions[place]
            if section.topics is None:
                self.note(path, f"agent {section.id!r} accepts any topic; list its topics under `topics`")
            found = [topics.find((*path, "topics", at), name) for at, name in enumerate(section.topics or ())]
            kinds = tuple(dict.fromkeys(kind for kind in found if kind is not None))
            binding = self.bindings[place]
            self.bindings[place] = replace(binding, card=replace(binding.card, consumes=kinds))
        return topics

    def join(self, position: int, section: JoinSection, topics: Topics) -> Join | None:
        """Return a join; None if its topics or its need are not valid."""
        path: KeyPath = ("joins", position)
        into = topics.find((*path, "into"), section.into)
        parts = {name: topics.find((*path, "parts", name), topic) for name, topic in section.parts.items()}
        need: Any = section.need
        if need not in {"all", "first"} and (isinstance(need, bool) or not isinstance(need, int) or need < 1):
            at = (*path, "need")
            name, shown = dotted(self.document, at), self.document.show(at)
            self.note(at, f"{name} should be all, first or a number from 1, not {shown}")
            return None
        found = {name: kind for name, kind in parts.items() if kind is not None}
        if into is None or len(found) < len(parts):
            return None
        return Join(
            id=section.id, into=into, parts=found, need=need, within_s=section.within_s, partial=section.partial,
            clearance=Classification.parse(section.clearance),
        )  # fmt: skip

    # --- rates and budgets ---

    def admission(
        self, rates: Iterable[RateSection], budgets: Iterable[BudgetSection], topics: Topics
    ) -> Admission | None:
        """Return the admission rules; None if there are none, or one is not valid."""
        made: dict[str, list[Any]] = {"rates": [], "budgets": []}
        seen: set[str] = set()
        for key, kind, sections in (("rates", Rate, rates), ("budgets", Budget, budgets)):
            for position, section in enumerate(sections):
                path: KeyPath = (key, position)
                if section.id in seen:
                    self.note((*path, "id"), f"another rate or budget has the id {section.id!r}")
                seen.add(section.id)
                self._covered(path, section, topics)
                given: dict[str, Any] = {name: getattr(section, name) for name in type(section).model_fields}
                if isinstance(section, BudgetSection):
                    given["estimate"] = _estimate(section.estimate)
                try:
                    rule: Rate | Budget = kind(**given)
                except ValueError as error:
                    self.note(path, str(error))
                    continue
                made[key].append(rule)
                if isinstance(rule, Budget):
                    self._affordable(path, rule)
        if self.problems or not seen:
            return None
        return Admission(rates=tuple(made["rates"]), budgets=tuple(made["budgets"]))

    def _covered(self, path: KeyPath, section: CoverSection, topics: Topics) -> None:
        ids = [binding.card.id for binding in self.bindings]
        for name in sorted(section.agents or ()):
            if name not in ids and self.complete:
                self.note((*path, "agents"), f"no agent has the id {name!r}{suggestion(name, ids)}")
        for name in sorted(section.topics or ()):
            if not name.endswith(".*"):
                topics.find((*path, "topics"), name)
            elif not topics.below(name) and self.complete:
                self.note((*path, "topics"), f"no agent of this pipeline has a topic below {name!r}")

    def _affordable(self, path: KeyPath, budget: Budget) -> None:
        """Add a problem for each agent whose expected usage is above the budget."""
        for binding in self.bindings:
            card = binding.card
            if callable(card.estimate):  # estimated for each payload separately, so unknown here
                continue
            expected = budget.expected(card.estimate)
            if expected is None or not any(budget.covers(topic_of(kind).name, card.id) for kind in card.consumes):
                continue
            over = budget.cost is not None and expected.cost > budget.cost
            if over or (budget.tokens is not None and expected.tokens > budget.tokens):
                text = f"budget {budget.id!r} is below the estimate of agent {card.id!r} for one message"
                self.note(path, f"{text}: {expected.cost:f} cost, {expected.tokens} tokens")

    # --- schedules ---

    def schedule(self, position: int, section: ScheduleSection, kind: type[Payload] | None) -> Schedule | None:
        """Return a schedule of the pipeline's question; None if its expression or its payload is not valid."""
        path: KeyPath = ("schedule", position)
        payload: Payload | None = None
        if section.payload is not None and kind is not None:
            checked = validated(kind, self.document, (*path, "payload"))
            self.problems += checked.problems
            payload = checked.value
        try:
            return Schedule(section.id, section.cron, section.zone, payload, section.missed)
        except ScheduleError as error:
            self.note((*path, "zone" if "time zone" in error.problem else "cron"), str(error))
            return None


class Topics:
    """The payload classes of a pipeline by topic name; ``name@version`` where a name has several versions."""

    def __init__(self, resolver: Resolver, cards: Iterable[AgentCard]) -> None:
        self._resolver = resolver
        self._kinds: dict[str, dict[type[Payload], None]] = {}
        for card in cards:
            answers = (part for parts in card.asks.values() for part in parts)
            named = (part.payload if isinstance(part, Each) else part for part in answers)
            for kind in (*card.consumes, *card.produces, *card.publishes, *card.asks, *named):
                topic = topic_of(kind)
                for name in {topic.name, f"{topic.name}@{topic.version}"}:
                    self._kinds.setdefault(name, {})[kind] = None

    def below(self, rule: str) -> bool:
        """Return True if a pattern ``family.*`` matches at least one topic."""
        return any(within(rule, name) for name in self._kinds)

    def find(self, path: KeyPath, name: str) -> type[Payload] | None:
        """Return the class of a topic; if there is none, or more than one, add a problem and return None."""
        found = list(self._kinds.get(name, ()))
        if len(found) == 1:
            return found[0]
        if found:
            versions = sorted({topic_of(kind).version for kind in found})
            cure = f"write {name}@{versions[-1]}" if len(versions) > 1 else "give one of them another topic"
            self._resolver.note(path, f"topic {name!r} has several payload classes; {cure}")
        elif self._resolver.complete:  # an agent that was not found may have this topic
            known = sorted(name_of(kind) for kinds in self._kinds.values() for kind in kinds)
            shown = self._resolver.shown(path, name, known)
            self._resolver.note(path, f"no agent of this pipeline has a topic {shown}")
        return None


def fixed_keys(document: SourceMap) -> dict[KeyPath, str]:
    """Return the problem texts, by path, for keys of agents that only a card may set."""
    agents = document.at(("agents",))
    return {
        ("agents", position, key): f"only the agent's card can set {key}; remove it here"
        for position, item in enumerate(agents if isinstance(agents, list) else ())
        if isinstance(item, dict)
        for key in _FIXED
        if key in item
    }


def _estimate(section: EstimateSection | None) -> Estimate | None:
    return None if section is None else Estimate(section.cost, section.tokens)


def _narrowed(rule: Rule, section: BaseModel | None) -> Rule:
    """Return a card's rule with the fields that the file sets."""
    return rule if section is None else replace(rule, **section.model_dump(exclude_unset=True))


def _fits(edge: object, port: type[Any]) -> bool:
    try:
        return isinstance(edge, port)
    except TypeError:  # a protocol that is not runtime_checkable
        return True
