"""Pipeline files: what they give when they are right, and what is said, at which line, when they are not."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, ClassVar, Protocol, runtime_checkable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, BeforeValidator, ConfigDict, field_validator

from genie.config.loader import load, parse
from genie.config.pipeline import Pipeline
from genie.config.plugins import Plugins
from genie.config.schema import AgentSection, PipelineSection
from genie.config.yaml import load_text
from genie.contracts.admission import Admission, Budget, Rate
from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie.contracts.classification import Classification
from genie.contracts.context import Context
from genie.contracts.limits import Estimate, Overflow, RunLimits
from genie.contracts.message import Payload, Value
from genie.errors import ConfigError
from genie.policy.policy import PolicySettings


class Page(Value):
    name: str
    content: bytes


class Ask(Payload, topic="desk.ask"):
    text: str = ""
    pages: tuple[Page, ...] = ()


class Facts(Payload, topic="desk.facts"):
    text: str = ""


class Figures(Payload, topic="desk.figures"):
    text: str = ""


class Both(Payload, topic="desk.both"):
    facts: Facts | None = None
    figures: Figures | None = None


class Reply(Payload, topic="desk.reply"):
    text: str = ""


Level = Annotated[Classification, BeforeValidator(Classification.parse)]


class FinderSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    depth: int = 3
    words: tuple[str, ...] = ()
    level: Level = Classification.INTERNAL
    strict: bool = True
    key: str = ""

    @field_validator("key")
    @classmethod
    def _known(cls, key: str) -> str:
        if key.startswith("bad"):
            raise ValueError(f"{key!r} is no key")
        return key


@runtime_checkable
class Store(Protocol):
    def fetch(self) -> str: ...


class ShelfSettings(BaseModel):
    model_config = ConfigDict(extra="forbid")

    size: int = 1


class Shelf:
    Settings: ClassVar[type[ShelfSettings]] = ShelfSettings

    def __init__(self, settings: ShelfSettings) -> None:
        self.settings = settings

    def fetch(self) -> str:
        return "x" * self.settings.size


class NoShelf:
    pass


@agent(id="finder", settings=FinderSettings)
async def finder(ask: Ask, context: Context) -> Facts:
    """Find."""
    return Facts(text=str(context.settings.depth))


@agent(id="counter", clearance="confidential", tier=Tier.PROTOTYPE, risk=Risk.MEDIUM)
async def counter(ask: Ask) -> Figures:
    """Count."""
    return Figures()


@agent(id="writer")
async def writer(both: Both) -> Reply:
    """Write."""
    return Reply()


@agent(id="keeper", ports=(Store,))
async def keeper(both: Both, context: Context) -> Reply:
    """Write from a store."""
    return Reply(text=context.port(Store).fetch())


class CapSettings(PolicySettings):
    most: int = 10


class Cap:
    name: ClassVar[str] = "cap"
    version: ClassVar[str] = "1"
    Settings: ClassVar[type[CapSettings]] = CapSettings
    inspectors = ()

    def __init__(self, settings: CapSettings) -> None:
        if settings.most < 0:
            raise ValueError("most is below 0")
        self.settings = settings

    def compile(self, route: object) -> None:
        return None


CATALOGUE = Plugins(
    agents={"finder": finder, "counter": counter, "writer": writer, "keeper": keeper, "gone": "no.such.module:AGENT"},
    policies={"cap": Cap},
    edges={"shelf": Shelf, "none": NoShelf},
)

SOUND = """\
version: 1
id: desk
agents:
  - finder
  - id: counter
  - writer
joins:
  - id: both
    into: desk.both
    parts: {facts: desk.facts, figures: desk.figures}
    partial: publish
policies: [cap]
input: desk.ask
output: desk.reply
"""


def loaded(text: str = SOUND, overrides: Any = (), **environ: str) -> Pipeline:
    return parse(text, name="desk.yaml", overrides=overrides, environ=environ, plugins=CATALOGUE)


def problems(text: str, overrides: Any = (), **environ: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        loaded(text, overrides, **environ)
    return caught.value.problems


def changed(old: str, new: str) -> str:
    assert old in SOUND
    return SOUND.replace(old, new)


# --- what a sound file gives ---


def test_a_sound_file_gives_a_pipeline() -> None:
    found = loaded()
    assert (found.id, found.title, found.environment.name, found.warnings) == ("desk", "desk", "development", ())
    assert [binding.card.id for binding in found.bindings] == ["finder", "counter", "writer"]
    assert found.bindings[0].settings == FinderSettings()
    assert [(join.id, join.into, join.parts) for join in found.joins] == [
        ("both", Both, {"facts": Facts, "figures": Figures})
    ]
    assert (found.entry, found.answer) == (Ask, Reply)
    assert found.limits == RunLimits()
    assert [policy.name for policy in found.policies.policies] == ["cap"]


def test_cards_are_overridden_in_part_and_never_in_risk_or_tier() -> None:
    text = changed(
        "- id: counter",
        "- {id: second, use: counter, concurrency: 4, timeout_s: 2, retry: {attempts: 3}, clearance: internal,"
        " mailbox: {capacity: 5, overflow: shed_oldest}, restarts: {failures: 2}}",
    )
    card = loaded(text).bindings[1].card
    assert (card.id, card.concurrency, card.timeout_s, card.clearance) == ("second", 4, 2.0, Classification.INTERNAL)
    assert (card.retry.attempts, card.retry.first_s) == (3, counter.card.retry.first_s)
    assert (card.mailbox.capacity, card.mailbox.overflow) == (5, Overflow.SHED_OLDEST)
    assert (card.restarts.failures, card.restarts.within_s) == (2, 60.0)
    assert (card.risk, card.tier) == (Risk.MEDIUM, Tier.PROTOTYPE)
    assert counter.card.id == "counter"


def test_settings_are_of_the_agents_own_model() -> None:
    text = changed("  - finder", "  - {id: finder, settings: {depth: 5, words: [a, b], level: restricted}}")
    assert loaded(text).bindings[0].settings == FinderSettings(
        depth=5, words=("a", "b"), level=Classification.RESTRICTED
    )


def test_ports_are_bound_to_edges_by_name() -> None:
    text = changed("  - writer", "  - {id: keeper, ports: {Store: {use: shelf, settings: {size: 3}}}}")
    store = loaded(text).bindings[2].ports[Store]  # type: ignore[type-abstract]  # a port is a protocol
    assert isinstance(store, Shelf)
    assert store.fetch() == "xxx"


def test_caller_and_limits_are_as_the_file_says() -> None:
    text = SOUND + "caller: {user: ann, roles: [analyst], tenant: t1, clearance: restricted}\nlimits: {max_hops: 5}\n"
    found = loaded(text)
    assert (found.caller.user, found.caller.roles, found.caller.tenant) == ("ann", {"analyst"}, "t1")
    assert found.caller.clearance is Classification.RESTRICTED
    assert found.limits == RunLimits(max_hops=5)


def test_nothing_is_imported_that_is_not_named() -> None:
    assert loaded().id == "desk"  # the catalogue's "gone" cannot be imported


def test_a_pipeline_without_policies_is_warned_of() -> None:
    (warning,) = loaded(changed("policies: [cap]\n", "")).warnings
    assert warning.startswith("desk.yaml:1: no policy acts")


# --- what is wrong, and where ---


ASK = "input: desk.ask"


def pages(source: str) -> str:
    return f"input: {{payload: desk.ask, fields: {{text: {{from: question}}, pages: {source}}}}}"


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("agents:", "agent:", 3, "unknown key 'agent'; did you mean 'agents'?"),
        ("    partial: publish", "    partial: publsh", 11, "did you mean 'publish'?"),
        ("    partial: publish", "    partail: publish", 11, "'partail' in joins.both; did you mean 'partial'?"),
        ("  - finder", "  - findr", 4, "unknown agent 'findr'; did you mean 'finder'?"),
        ("- id: counter", "- {id: counter, use: conter}", 5, "unknown agent 'conter'; did you mean 'counter'?"),
        ("policies: [cap]", "policies: [cup]", 12, "unknown policy 'cup'; did you mean 'cap'?"),
        ("policies: [cap]", "policies: [{cap: {mots: 2}}]", 12, "unknown key 'mots' in policies.cap; did you"),
        ("policies: [cap]", "policies: [{cap: {most: -1}}]", 12, "'cap' cannot be created (ValueError): most is below"),
        ("policies: [cap]", "policies: [{cap: {}, pii: {}}]", 12, "one name"),
        ("policies: [cap]", "policies: [cap, cap]", 12, "twice"),
        ("input: desk.ask", "input: desk.aks", 13, "did you mean 'desk.ask'?"),
        ("output: desk.reply", "output: desk.repl", 14, "did you mean 'desk.reply'?"),
        ("output: desk.reply", "output: desk.reply\nwithin_s: 12:30", 15, "within_s should be a number, not '12:30'"),
        ("output: desk.reply", "output: desk.reply\nwithin_s: 0x10", 15, "not '0x10'"),
        ("output: desk.reply", "output: desk.reply\nwithin_s: 0", 15, "above 0"),
        ("output: desk.reply", "output: desk.reply\nwithin_s: '5'", 15, "without quotes"),
        ("output: desk.reply", "output: desk.reply\nlimits:\n  max_runs: 1.5", 16, "a whole number"),
        ("output: desk.reply", "output: desk.reply\nlimits:\n  max_run: 1", 16, "did you mean 'max_runs'?"),
        ("output: desk.reply", "output: desk.reply\nenvironment: prod", 15, "'production'"),
        ("output: desk.reply", "output: desk.reply\ncaller: {user: 5}", 15, "user should be text, not 5; quote it"),
        ("output: desk.reply", "output: desk.reply\nenvironment: production", 5, "tier prototype"),
        ("output: desk.reply", "", 1, "'output' is missing"),
        ("version: 1", "version: 2", 1, "version"),
        ("version: 1", "version: true", 1, "version"),
        ("into: desk.both", "into: desk.bot", 9, "a topic 'desk.bot'; did you mean 'desk.both'?"),
        ("facts: desk.facts", "fact: desk.facts", 10, "did you mean 'facts'?"),
        ("    partial: publish", "    need: some", 11, "all, first or a number"),
        ("    partial: publish", "    need: true", 11, "all, first or a number"),
        ("    partial: publish", "    need: 0", 11, "all, first or a number"),
        ("- id: counter", "- {id: counter, fallback: writr}", 5, "did you mean 'writer'?"),
        ("- id: counter", "- {id: counter, risk: low}", 5, "card can set risk"),
        ("- id: counter", "- {id: counter, clearance: restricted}", 5, "above the card's confidential"),
        ("- id: counter", "- {id: counter, retry: {attempts: 0}}", 5, "counter.retry.attempts should be at least 1"),
        ("- id: counter", "- {id: counter, settings: {x: 1}}", 5, "has no settings"),
        ("- id: counter", "- {id: counter, ports: {Store: {use: shelf}}}", 5, "declares no port 'Store'"),
        ("- id: counter", "- {id: Counter}", 5, "agents.Counter.id"),
        ("  - finder", "  - {id: finder, settings: {depht: 1}}", 4, "'depht' in agents.finder.settings; did you"),
        ("  - finder", "  - {id: finder, settings: {strict: NO}}", 4, "strict should be true or false, not 'NO'"),
        ("  - finder", "  - {id: finder, settings: {level: secret}}", 4, "'secret' is not a classification"),
        ("  - writer", "  - {id: keeper}", 6, "needs port 'Store'"),
        ("  - writer", "  - {id: keeper, ports: {Stor: {use: shelf}}}", 6, "did you mean 'Store'?"),
        ("  - writer", "  - {id: keeper, ports: {Store: {use: shlf}}}", 6, "'shlf'; did you mean 'shelf'?"),
        ("  - writer", "  - {id: keeper, ports: {Store: {use: none}}}", 6, "does not implement port 'Store'"),
        ("  - writer", "  - gone", 6, "cannot be loaded: ModuleNotFoundError"),
        ("input: desk.ask", "input: {payload: desk.ask, fields: {txt: {from: question}}}", 13, "did you mean 'text'?"),
        ("input: desk.ask", "input: {payload: desk.ask, fields: {text: {}}}", 13, "`from` or `value`"),
        ("input: desk.ask", "input: {payload: desk.ask, fields: {text: {from: answer}}}", 13, "'question'"),
        (ASK, pages("{from: input, each: {content: input, nam: filename}}"), 13, "did you mean 'name'?"),
        (ASK, pages("{from: input, each: {content: input}}"), 13, "nothing fills name of an item"),
        (ASK, pages("{from: question, each: {content: input, name: filename}}"), 13, "`from: input`"),
        (ASK, pages("{from: input, default: [a, b]}"), 13, "need `each`"),
        ("output: desk.reply", "output: desk.reply\nunused: [desk.nothing]", 15, "desk.nothing"),
        ("output: desk.reply", "output: desk.reply\ncycles: [[finder, wrter]]", 15, "did you mean 'writer'?"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_at_its_line(old: str, new: str, line: int, says: str) -> None:
    found = problems(changed(old, new))
    assert any(problem.startswith(f"desk.yaml:{line}: ") and says in problem for problem in found), found
    assert all("\n" not in problem for problem in found)


@pytest.mark.parametrize(
    ("text", "says"),
    [("", "is empty"), ("- a", "not a mapping"), ("just text", "not a mapping"), ("a: [", "not valid YAML")],
)
def test_a_file_that_is_no_pipeline_at_all_is_refused(text: str, says: str) -> None:
    (problem,) = problems(text)
    assert problem.startswith("desk.yaml:1: ")
    assert says in problem


def test_all_problems_come_at_once_in_the_files_order() -> None:
    text = SOUND.replace("  - finder", "  - findr\n  - {id: x, use: countr, timeout: 1}").replace("[cap]", "[cup]")
    found = problems(text + "limit: {}\n")
    assert [problem.split(" ")[0] for problem in found] == [
        "desk.yaml:4:", "desk.yaml:5:", "desk.yaml:13:", "desk.yaml:16:",
    ]  # fmt: skip


def test_an_agent_that_is_not_found_does_not_make_others_look_wrong() -> None:
    assert len(problems(changed("  - finder", "  - findr"))) == 1


def test_a_graph_problem_stands_at_the_agents_line_also_when_others_are_missing() -> None:
    text = changed("  - finder", "  - findr").replace("- id: counter", "- id: counter\n    clearance: public")
    found = problems(text)
    assert [problem.split(" ")[0] for problem in found] == ["desk.yaml:4:", "desk.yaml:6:"]


# --- overrides ---


def test_overrides_reach_every_part_by_name_or_position() -> None:
    found = loaded(
        overrides=[
            "limits.max_runs=5", "agents.counter.timeout_s=2.5", "agents.finder.settings.words=[a, 'true']",
            "agents.2.concurrency=7", "policies.cap.most=3", "title=a = b", "joins.both.within_s=4",
            "input.payload=desk.ask",
        ]
    )  # fmt: skip
    assert found.limits.max_runs == 5
    assert [binding.card.timeout_s for binding in found.bindings] == [None, 2.5, None]
    assert found.bindings[0].settings == FinderSettings(words=("a", "true"))
    assert found.bindings[2].card.concurrency == 7
    assert found.policies.policies[0].settings == CapSettings(most=3)
    assert found.title == "a = b"
    assert found.joins[0].within_s == 4
    assert loaded(overrides={"limits.max_hops": "9"}).limits.max_hops == 9


def test_a_list_that_is_set_may_hold_plain_names_as_the_file_does() -> None:
    found = loaded(overrides=["policies=[cap]", "agents=[writer, counter, finder]"])
    assert [policy.name for policy in found.policies.policies] == ["cap"]
    assert [binding.card.id for binding in found.bindings] == ["writer", "counter", "finder"]


def test_an_agents_id_with_dots_is_one_name() -> None:
    text = changed("- id: counter", "- {id: desk.counter, use: counter}")
    assert loaded(text, ["agents.desk.counter.concurrency=2"]).bindings[1].card.concurrency == 2


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("limits.max_runs", "write it as key=value"),
        ("=5", "write it as key=value"),
        ("limit.max_runs=5", "unknown key 'limit'; did you mean 'limits'?"),
        ("limits.max_run=5", "unknown key 'max_run' in limits; did you mean 'max_runs'?"),
        ("limits.max_runs=NO", "a whole number"),
        ("agents.countr.timeout_s=1", "no item 'countr'; did you mean 'counter'?"),
        ("agents.99.timeout_s=1", "no item '99'"),
        ("title.x=1", "--set title.x"),
        ("limits..x=1", "names joined by dots"),
        ("title=[1", "not valid YAML"),
        ("agents.counter.use=conter", "did you mean 'counter'?"),
    ],
)
def test_an_override_that_is_wrong_is_told_as_the_option_it_is(override: str, says: str) -> None:
    found = problems(SOUND, [override])
    assert any(
        problem.startswith(f"--set {override.split('=', maxsplit=1)[0]}") and says in problem for problem in found
    ), found


# --- secrets ---


@pytest.mark.parametrize(
    "where",
    [
        "  - {id: finder, settings: {depth: '${TOKEN}'}}",
        "  - {id: finder, settings: {key: '${TOKEN}'}}",
        "  - {id: finder, settings: {level: '${TOKEN}'}}",
        "  - {id: finder, settings: {nokey: '${TOKEN}'}}",
        "  - '${TOKEN}'",
        "  - {id: finder, use: '${TOKEN}'}",
        "  - {id: finder, mailbox: {overflow: '${TOKEN}'}}",
        "  - {id: finder, fallback: '${TOKEN}'}",
        "  - {id: '${TOKEN}', use: finder}",
        "  - {id: finder}\ncycles: [['${TOKEN}']]",
        "  - {id: finder, ports: {Store: {use: '${TOKEN}'}}}",
    ],
)
def test_what_the_environment_gave_is_in_no_error(where: str) -> None:
    found = problems(changed("  - finder", where), TOKEN="bad-hunter2")
    assert found
    assert "hunter2" not in "\n".join(found)


def test_ids_do_not_come_from_the_environment_because_they_are_logged() -> None:
    (problem,) = problems(changed("  - finder", "  - {id: '${NAME}', use: finder}"), NAME="finder")
    assert problem.startswith("desk.yaml:4: ")


def test_what_the_environment_gave_is_in_no_text_form_of_a_pipeline() -> None:
    found = loaded(changed("  - finder", "  - {id: finder, settings: {key: '${TOKEN}'}}"), TOKEN="hunter2")
    assert found.bindings[0].settings == FinderSettings(key="hunter2")
    assert "hunter2" not in repr(found)


# --- files ---


def test_a_file_is_loaded_with_paths_relative_to_itself(tmp_path: Path) -> None:
    (tmp_path / "data.txt").write_text("hello")
    text = changed("input: desk.ask", "input: {payload: desk.ask, fields: {text: {from: input, default: data.txt}}}")
    (tmp_path / "desk.yaml").write_text(text)
    found = load(tmp_path / "desk.yaml", environ={}, plugins=CATALOGUE)
    assert found.path == tmp_path / "desk.yaml"
    assert found.input.question() == Ask(text="hello")
    assert found.warnings == ()


def test_several_files_fill_a_field_item_by_item(tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text(name)
    pages = "pages: {from: input, default: [a.txt, b.txt], each: {content: input, name: filename}}"
    fields = f"text: {{from: question, default: hello}}, {pages}"
    (tmp_path / "desk.yaml").write_text(
        changed("input: desk.ask", f"input: {{payload: desk.ask, fields: {{{fields}}}}}")
    )
    found = load(tmp_path / "desk.yaml", environ={}, plugins=CATALOGUE)
    expected = tuple(Page(name=name, content=name.encode()) for name in ("a.txt", "b.txt"))
    assert found.input.question() == Ask(text="hello", pages=expected)
    assert found.warnings == ()
    (tmp_path / "b.txt").unlink()
    (warning,) = load(tmp_path / "desk.yaml", environ={}, plugins=CATALOGUE).warnings
    assert warning.endswith("the default file of 'pages' does not exist")


def test_a_default_file_that_is_not_there_is_warned_of() -> None:
    text = changed("input: desk.ask", "input: {payload: desk.ask, fields: {text: {from: input, default: no.txt}}}")
    (warning,) = loaded(text).warnings
    assert warning.startswith("desk.yaml:13: ")


def test_a_missing_file_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "none.yaml", environ={}, plugins=CATALOGUE)
    assert len(caught.value.problems) == 1


# --- whatever is in the file ---

WORDS = st.sampled_from(["finder", "counter", "both", "cap", "desk.ask", "desk.reply", "all", "Store", "NO"])
KEYS = st.sampled_from(sorted(PipelineSection.model_fields) + sorted(AgentSection.model_fields) + ["cap", "x"])
SCALARS = st.none() | st.booleans() | st.integers(-1, 3) | st.floats(0, 9) | WORDS
INNER = SCALARS | st.lists(SCALARS, max_size=3) | st.dictionaries(KEYS, SCALARS, max_size=3)
VALUES = INNER | st.lists(INNER, max_size=3) | st.dictionaries(KEYS, INNER, max_size=3)


@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_any_change_gives_a_pipeline_or_lines_that_say_where(changes: dict[str, object]) -> None:
    sound = load_text(SOUND, name="desk.yaml", environ={}).value
    assert isinstance(sound, dict)
    told: tuple[str, ...] = ("desk.yaml:1: nothing",)
    try:
        loaded(json.dumps({**sound, **changes}))
    except ConfigError as error:
        told = error.problems
    assert told
    assert all(line.startswith("desk.yaml:1: ") and "\n" not in line for line in told)


# --- rates and budgets ---

RULES = """
rates:
  - {id: tenants, per: [tenant, agent], per_s: 50, burst: 100, topics: [desk.*], wait_s: 2}
budgets:
  - {id: runs, cost: 0.1, messages: 500, wall_s: 30, estimate: {cost: "0.02", tokens: 5}}
  - {id: daily, per: tenant_day, zone: Asia/Kolkata, cost: "100.0000000000000001", agents: [finder], tenants: [acme]}
"""


def test_rates_and_budgets_are_as_the_file_says() -> None:
    found = loaded(changed("- id: counter", "- {id: counter, estimate: {cost: 0.01, tokens: 8}}") + RULES)
    assert found.admission == Admission(
        rates=(
            Rate(id="tenants", per=("tenant", "agent"), per_s=50, burst=100, topics=frozenset({"desk.*"}), wait_s=2),
        ),
        budgets=(
            Budget(id="runs", cost="0.1", messages=500, wall_s=30, estimate=Estimate("0.02", 5)),
            Budget(
                id="daily", per="tenant_day", zone="Asia/Kolkata", cost="100.0000000000000001",
                agents=frozenset({"finder"}), tenants=frozenset({"acme"}),
            ),
        ),
    )  # fmt: skip
    assert [binding.card.estimate for binding in found.bindings] == [None, Estimate("0.01", 8), None]
    assert loaded().admission is None
    changed_by_option = loaded(SOUND + RULES, {"budgets.runs.cost": "2.5", "rates.tenants.burst": "7"}).admission
    assert changed_by_option is not None
    assert (changed_by_option.budgets[0].cost, changed_by_option.rates[0].burst) == (Decimal("2.5"), 7)


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("per_s: 50", "per_sec: 50", 17, "unknown key 'per_sec' in rates.tenants; did you mean 'per_s'?"),
        ("per_s: 50", "per_s: 0", 17, "above 0"),
        ("per: [tenant, agent]", "per: [tennant]", 17, "did you mean 'tenant'?"),
        ("per: [tenant, agent]", "per: [tenant, tenant]", 17, "each once"),
        ("topics: [desk.*]", "topics: [desk.aks]", 17, "did you mean 'desk.ask'?"),
        ("topics: [desk.*]", "topics: [desks.*]", 17, "below 'desks.*'"),
        ("topics: [desk.*]", "topics: []", 17, "1 or more"),
        ("id: runs", "id: tenants", 19, "has the id 'tenants'"),
        ("cost: 0.1", "cost: much", 19, "should be a"),
        ("cost: 0.1", "cost: -1", 19, "above 0"),
        ("cost: 0.1", "cost: 0.01", 19, "agent 'counter' for one message: 0.02 cost"),
        ("cost: 0.1, messages: 500, wall_s: 30", "zone: UTC", 19, "limits nothing"),
        ("wall_s: 30", "wall_s: 30, agents: [finder]", 19, "whole runs"),
        ("per: tenant_day", "per: day", 20, "'tenant_day'"),
        ("zone: Asia/Kolkata", "zone: Asia/Calcuta", 20, "did you mean 'Asia/Calcutta'?"),
        ("agents: [finder]", "agents: [findr]", 20, "the id 'findr'; did you mean 'finder'?"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_rate_or_a_budget_is_told_at_its_line(old: str, new: str, line: int, says: str) -> None:
    assert old in RULES
    found = problems(SOUND + RULES.replace(old, new))
    assert any(problem.startswith(f"desk.yaml:{line}: ") and says in problem for problem in found), found


def test_a_module_path_in_place_of_a_name_is_told_what_names_are() -> None:
    """The list has two entries, though neither is valid: it is not said to be too short."""
    with pytest.raises(ConfigError) as refused:
        parse("version: 1\nid: shop\nagents: [shop:checker, shop:cashier]\ninput: shop.order\noutput: shop.receipt\n")
    assert [one.split(" ")[1] for one in refused.value.problems] == ["agents.shop:checker.id", "agents.shop:cashier.id"]
    assert all("genie new project" in one for one in refused.value.problems)
