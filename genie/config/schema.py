"""Models of pipeline and policy files; ``schema()`` and ``policy_schema()`` are their JSON Schemas for editors."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, JsonValue

from genie.config.loop_schema import LoopSection, ToolSection
from genie.config.sections import Amount, Id, Level, Seconds, Section, TopicName
from genie.contracts.admission import Part
from genie.contracts.headers import Consent
from genie.contracts.limits import Overflow

MAX_PARTS = 1_000
"""Limit of the agents, joins or policies of one pipeline."""
_NAME = {"type": "string", "minLength": 1}


def _consent(text: str) -> str:
    Consent.parse(text)
    return text


class RetrySection(Section):
    """Retries of failed handlings; omitted keys keep the values of the agent's card."""

    attempts: int = Field(default=1, ge=1, description="Total number of attempts; 1 means no retry.")
    first_s: float = Field(default=0.05, ge=0, description="Seconds before the second attempt, less some jitter.")
    factor: float = Field(default=2.0, ge=1, description="Factor between successive waits.")
    longest_s: float = Field(default=5.0, ge=0, description="Longest wait, in seconds.")


class MailboxSection(Section):
    """Capacity of the agent's queue; omitted keys keep the values of the agent's card."""

    capacity: int = Field(default=1024, ge=1, description="Number of messages that may wait.")
    overflow: Overflow = Field(default=Overflow.BLOCK, description="Action for a message to a full mailbox.")
    block_s: float = Field(default=5.0, ge=0, description="Longest wait of a publisher under `block`, in seconds.")


class RestartsSection(Section):
    """Failures within a window after which the agent is quarantined."""

    failures: int = Field(default=0, ge=0, description="Failures allowed within the window; 0 means no limit.")
    within_s: float = Field(default=60.0, gt=0, description="The window, in seconds.")


class EstimateSection(Section):
    """Expected usage of one handling; budgets reserve it."""

    cost: Amount = Field(default=Decimal(0), ge=0, description="In your own unit.", examples=["0.02"])
    tokens: int = Field(default=0, ge=0)


class PortSection(Section):
    """The edge that a port of the agent is bound to."""

    use: str = Field(min_length=1, description="Name of an installed edge.")
    settings: dict[str, JsonValue] = Field(default_factory=dict, description="The edge's settings.")


class AgentSection(Section):
    """One agent. A file cannot change its risk, tier and declassification."""

    id: Id = Field(description="Name of the agent in this pipeline.", examples=["forecaster"])
    use: str | None = Field(default=None, min_length=1, description="Name of the installed agent; the id by default.")
    topics: tuple[TopicName, ...] | None = Field(
        default=None, min_length=1, description="Topics of an agent that accepts any topic, such as a webhook."
    )
    settings: dict[str, JsonValue] | None = Field(default=None, description="Values of the agent's settings model.")
    ports: dict[str, PortSection] = Field(default_factory=dict, description="Port -> its edge.")
    concurrency: int | None = Field(default=None, ge=1, description="Messages handled at the same time.")
    executor: Literal["loop", "thread", "process"] | None = Field(
        default=None, description="Executor of a plain function; all other handlers run on the loop."
    )
    timeout_s: Seconds | None = Field(
        default=None, description="Limit of one handling in seconds; null means no limit."
    )
    retry: RetrySection | None = None
    restarts: RestartsSection | None = None
    estimate: EstimateSection | None = Field(
        default=None, description="Expected usage of one handling; null means unknown."
    )
    mailbox: MailboxSection | None = None
    fallback: Id | None = Field(
        default=None, description="Id of the agent that receives the messages on which this agent fails."
    )
    clearance: Level | None = Field(
        default=None, description="Highest label that it may read; a file can only lower it."
    )
    tenants: frozenset[Annotated[str, Field(min_length=1)]] | None = Field(
        default=None, min_length=1, description="Tenants that it works for; a file can only reduce them."
    )
    region: str | None = Field(
        default=None, min_length=1, description="Region where it runs, or where its data goes.", examples=["eu"]
    )


class JoinSection(Section):
    """Collects parts of one run into one payload."""

    id: Id = Field(description="Name of the join in this pipeline.")
    into: TopicName = Field(description="Topic of the published payload.")
    parts: dict[str, TopicName] = Field(
        min_length=1, description="Field of `into` -> topic. A field that is a tuple takes one from each producer."
    )
    need: JsonValue = Field(
        default="all",
        description="Number of parts that complete the join: all, first, or a number.",
        json_schema_extra={"anyOf": [{"enum": ["all", "first"]}, {"type": "integer", "minimum": 1}]},
    )
    within_s: Seconds | None = Field(
        default=None, description="Seconds from the first part; the run's deadline by default."
    )
    partial: Literal["publish", "fail"] = Field(
        default="fail", description="If parts are missing: publish without them, or fail."
    )
    clearance: Level = Field(default="restricted", description="Highest label of a part.")


class LimitsSection(Section):
    """Limits of every run, and of the number of runs."""

    max_runs: int = Field(default=10_000, ge=1, description="Runs at the same time; further runs are refused.")
    max_hops: int = Field(
        default=64, ge=1, description="Messages in a chain of causes; a longer chain counts as a loop."
    )
    max_messages: int = Field(
        default=100_000, ge=1, description="Messages of one run; one handling may publish at most 3/4 of them."
    )
    deadline_s: Seconds | None = Field(
        default=None, description="Seconds for a run, unless its caller sets a deadline."
    )
    hold_s: float = Field(default=86_400.0, gt=0, description="Seconds that a held message waits for a decision.")
    dead_letters: int = Field(default=1_000, ge=0, description="Dead letters kept for inspection.")
    deaths: int = Field(
        default=2,
        ge=0,
        description="Processes that may die while they handle one delivery, before it is a dead letter; 0: no limit.",
    )


class CoverSection(Section):
    """The deliveries of a rate or a budget; an omitted key means all."""

    id: Id = Field(description="Name of the rule in reasons and metrics.")
    topics: frozenset[TopicName] | None = Field(
        default=None, min_length=1, description="Topics, or `family.*` for all topics of a family."
    )
    agents: frozenset[Id] | None = Field(default=None, min_length=1, description="Recipients.")
    tenants: frozenset[str] | None = Field(default=None, min_length=1, description="Tenants.")


class RateSection(CoverSection):
    """A token bucket for each tenant, sender, topic, recipient, or combination of them."""

    per_s: float = Field(gt=0, description="Sustained deliveries a second.")
    burst: int = Field(default=1, ge=1, description="Capacity of the bucket: the largest burst of deliveries.")
    per: tuple[Part, ...] = Field(default=(), description="Keys of separate buckets; empty means one bucket.")
    wait_s: float = Field(
        default=0.0,
        ge=0,
        description="Seconds that a delivery may wait for a token; 0 denies it at once.",
    )


class BudgetSection(CoverSection):
    """Limit of the usage of one run, or of one tenant in one calendar day."""

    per: Literal["run", "tenant_day"] = Field(default="run", description="Unit that has its own budget.")
    zone: str = Field(
        default="UTC", min_length=1, max_length=100, description="Time zone of the calendar day.",
        examples=["Asia/Kolkata"],
    )  # fmt: skip
    messages: int | None = Field(default=None, ge=1, description="Deliveries.")
    cost: Amount | None = Field(default=None, gt=0, description="In your own unit.", examples=["2.50"])
    tokens: int | None = Field(default=None, ge=1)
    wall_s: Seconds | None = Field(default=None, description="Seconds from the start of a run to its end.")
    estimate: EstimateSection | None = Field(
        default=None, description="Reservation for a delivery to an agent without an estimate."
    )


class CallerSection(Section):
    """The default caller; with ``keys``, the upper bound of a signed identity."""

    user: str = Field(default="local", min_length=1, description="Name of the user.")
    roles: frozenset[str] = Field(default=frozenset(), description="Roles that policies may require.")
    tenant: str | None = Field(default=None, min_length=1, description="Tenant that the run works for.")
    clearance: Level = Field(default="confidential", description="Highest label of an answer that the caller may read.")
    region: str | None = Field(default=None, min_length=1, description="Region of the user.")
    consent: frozenset[Annotated[str, AfterValidator(_consent)]] = Field(
        default=frozenset(),
        description="Consents in force: a purpose, or a purpose and its end.",
        examples=[["insights", "credit_check@2026-12-31T00:00:00Z"]],
    )
    keys: str | None = Field(
        default=None,
        min_length=1,
        description="Public keys (Ed25519, PEM) of the issuer of identities; each run then needs one (--identity).",
    )
    issuer: str | None = Field(default=None, min_length=1, description="Required issuer of an identity.")
    audience: str | None = Field(default=None, min_length=1, description="Required audience of an identity.")


class SegmentSection(Section):
    """Limits of a segment of the audit trail; at a limit its head is signed and the next record starts a new file."""

    records: int = Field(default=10_000, ge=1, description="Records of one segment.")
    bytes: int = Field(default=16 << 20, ge=1024, description="Size of one segment's file.")
    seconds: Seconds = Field(default=3600.0, description="Age at which the next record starts a new segment.")


class AuditSection(Section):
    """The audit trail; paths are relative to this file."""

    path: str = Field(min_length=1, description="Folder of the trail; created if absent.")
    key: str | None = Field(default=None, min_length=1, description="Private key that signs the segments' heads.")
    anchor: str | None = Field(
        default=None, min_length=1, description="File, best on another disk, that receives a copy of each head."
    )
    sampling: float = Field(default=0.0, ge=0, le=1, description="Fraction of the plain allows to record.")
    fsync: Literal["never", "segment", "always"] = Field(
        default="segment", description="When records are flushed to the disk."
    )
    on_failure: Literal["deny", "continue"] = Field(
        default="deny", description="If the trail cannot be written: admit no run, or continue without records."
    )
    segment: SegmentSection = SegmentSection()


class RetentionSection(Section):
    """Retention of finished runs in the log, applied whenever it is opened; legal holds take precedence."""

    days: float | None = Field(default=None, gt=0, description="Remove runs that ended longer ago.")
    bytes: int | None = Field(default=None, ge=1 << 20, description="Remove the oldest runs beyond this size.")


class LogSection(Section):
    """The log that a runtime of this pipeline resumes from."""

    path: str = Field(
        min_length=1,
        max_length=4_096,
        description="A SQLite file, relative to this one and created if absent, or a `postgresql:` address.",
        examples=["state/orders.log", "postgresql:///genie?host=/run/postgresql"],
    )
    chatter: frozenset[TopicName] = Field(
        default=frozenset(), max_length=MAX_PARTS,
        description="Topics that are not logged: their messages are lost with the process.",
    )  # fmt: skip
    keys: str | None = Field(
        default=None, min_length=1, max_length=4_096,
        description="Key ring that encrypts payloads and names: a file, relative to this one, or `env:NAME`.",
        examples=["keys.json", "env:GENIE_KEYS"],
    )  # fmt: skip
    retention: RetentionSection | None = Field(default=None, description="How long finished runs stay in the log.")


class FieldSection(Section):
    """The source of one field of the question."""

    source: Literal["question", "input", "filename", "profile"] | None = Field(
        default=None,
        alias="from",
        description="--question TEXT, the bytes of --input FILE, its name, or the values of --profile FILE (YAML).",
    )
    default: str | tuple[str, ...] | None = Field(
        default=None,
        description="Value without the option; paths are relative to this file. A list of files with `each`.",
    )
    each: dict[str, Literal["input", "filename", "profile"]] | None = Field(
        default=None,
        description="For a tuple field from `input`: sources of the fields of an item; each --input FILE is one item.",
        examples=[{"content": "input", "filename": "filename", "profile": "profile"}],
    )
    value: JsonValue = Field(default=None, description="The value itself, instead of `from`.")
    max_bytes: int = Field(
        default=20_000_000, ge=1, description="Limit of the size of the file, or of all files together."
    )


class InputSection(Section):
    """The question, and the sources of its fields."""

    payload: TopicName
    fields: dict[str, FieldSection] = Field(default_factory=dict, description="Field of the payload -> its source.")


class ControlSection(Section):
    """The file for approvals and switches from other terminals."""

    path: str = Field(min_length=1, description="The file, relative to this one; created if absent.")
    interval_s: float = Field(default=0.5, ge=0.05, le=60, description="Seconds between two polls.")
    clearance: Level | None = Field(
        default=None, description="Highest label that approvers see; the clearance of the run's caller by default."
    )


class ScheduleSection(Section):
    """Times at which `genie serve-schedule` starts a run."""

    id: Id = Field(description="Name of the schedule.", examples=["nightly"])
    cron: str = Field(
        min_length=1,
        max_length=200,
        description="Minute, hour, day of the month, month, day of the week.",
        examples=["30 6 * * mon-fri"],
    )
    zone: str = Field(
        default="UTC",
        min_length=1,
        max_length=100,
        description="IANA name of the time zone.",
        examples=["Europe/Berlin"],
    )
    missed: Literal["skip", "once"] = Field(
        default="skip", description="Missed firings: only count them, or start one run for all of them."
    )
    payload: dict[str, JsonValue] | None = Field(
        default=None, description="Fields of the question; by default, `input` fills them at each firing."
    )


PolicyEntry = dict[str, dict[str, JsonValue] | None]
"""A policy's name, with its settings."""
PolicyPath = Annotated[str, Field(min_length=1, max_length=4_096, description="A policy file, relative to this one.")]


class PolicyFileSection(Section):
    """A Genie policy file: policies with settings, and custom rules."""

    version: int = Field(ge=1, le=1, description="Version of this format.", json_schema_extra={"const": 1})
    id: Id = Field(description="Name of the file.", examples=["standard"])
    title: str = Field(default="", description="One line for people.")
    environments: dict[Literal["development", "staging", "production"], str] = Field(
        default_factory=dict,
        description="Environments that the file is meant for, each with a note; other environments cause a warning.",
    )
    policies: tuple[PolicyEntry, ...] = Field(
        default=(),
        max_length=MAX_PARTS,
        description="Active policies; each a name, or a name with its settings; `mode: shadow` only records.",
        examples=[["clearance", {"pii": {"mode": "shadow"}}]],
    )
    rules: tuple[dict[str, JsonValue], ...] = Field(
        default=(), max_length=MAX_PARTS, description="Custom rules: when, then, because."
    )


class PipelineSection(Section):
    """A Genie pipeline: agents, joins, policies and limits."""

    version: int = Field(ge=1, le=1, description="Version of this format.", json_schema_extra={"const": 1})
    id: Id = Field(description="Name of the pipeline.", examples=["insights"])
    title: str = Field(default="", description="One line for people.")
    environment: Literal["development", "staging", "production"] = "development"
    agents: tuple[AgentSection, ...] = Field(
        default=(),
        min_length=1,
        max_length=MAX_PARTS,
        description="Agents; a plain name is an installed agent without changes.",
        examples=[["statement_reader", {"id": "forecaster", "timeout_s": 5}]],
    )
    models: dict[Id, dict[str, JsonValue]] = Field(
        default_factory=dict,
        max_length=MAX_PARTS,
        description="Models by id; each becomes an agent. `wire` sets how it is called and which other keys apply.",
    )
    joins: tuple[JoinSection, ...] = Field(default=(), max_length=MAX_PARTS)
    policies: tuple[PolicyPath | PolicyEntry, ...] = Field(
        default=(),
        max_length=MAX_PARTS,
        description="Active policies: names, names with settings, and policy files; or one policy file.",
        examples=[["../policies/standard.yaml", "clearance", {"payload_size": {"max_bytes": 1_000_000}}]],
    )
    audit: AuditSection | None = Field(default=None, description="The audit trail.")
    durability: Literal["none", "batched", "every_message"] = Field(
        default="none",
        description="What survives the process: nothing; everything that answers depend on; or every message before "
        "it is handled.",
    )
    log: LogSection | None = Field(
        default=None, description="The log to resume from: a path, or a mapping; `durability` sets what it stores."
    )
    limits: LimitsSection = LimitsSection()
    rates: tuple[RateSection, ...] = Field(
        default=(), max_length=MAX_PARTS, description="Limits of the rate of deliveries."
    )
    budgets: tuple[BudgetSection, ...] = Field(
        default=(), max_length=MAX_PARTS, description="Limits of the usage of runs, and of tenants in a day."
    )
    caller: CallerSection = CallerSection()
    input: InputSection = Field(description="The question: a topic, or a topic with the sources of its fields.")
    output: TopicName = Field(description="Topic of the answer.")
    within_s: Seconds | None = Field(default=None, description="Seconds for the answer.")
    control: ControlSection | None = Field(
        default=None, description="File for approvals and switches from other terminals: a path, or a mapping."
    )
    schedule: tuple[ScheduleSection, ...] = Field(
        default=(), max_length=MAX_PARTS, description="Times at which `genie serve-schedule` starts runs."
    )
    cycles: tuple[tuple[Id, ...], ...] = Field(
        default=(),
        max_length=MAX_PARTS,
        description="Sets of agents among which messages may circulate.",
        examples=[[["planner", "critic"]]],
    )
    loops: dict[Id, LoopSection] = Field(
        default_factory=dict,
        max_length=MAX_PARTS,
        description="Loops by id; each becomes an agent that takes `loop.task` and answers `loop.answer`.",
    )
    unused: frozenset[TopicName] = Field(
        default=frozenset(), description="Topics that may lack a producer or a consumer."
    )


def _or_name(model: type[Section]) -> dict[str, Any]:
    return {"anyOf": [_NAME, {"$ref": f"#/$defs/{model.__name__}"}]}


_POLICY = {
    "anyOf": [
        _NAME,
        {
            "type": "object",
            "additionalProperties": {"type": ["object", "null"]},
            "minProperties": 1,
            "maxProperties": 1,
        },
    ]
}
"""A policy's name, or its name with its settings; in a pipeline also the path of a policy file."""
_DRAFT = "https://json-schema.org/draft/2020-12/schema"


def schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a pipeline file, including the short forms of agents, policies and input."""
    found = PipelineSection.model_json_schema(by_alias=True)
    properties = found["properties"]
    properties["agents"]["items"] = _or_name(AgentSection)
    found["$defs"]["LoopSection"]["properties"]["tools"]["items"] = _or_name(ToolSection)
    properties["input"] = {"description": properties["input"]["description"], **_or_name(InputSection)}
    properties["control"] = {
        "description": properties["control"]["description"],
        "anyOf": [*_or_name(ControlSection)["anyOf"], {"type": "null"}],
    }
    properties["log"] = {
        "description": properties["log"]["description"],
        "anyOf": [*_or_name(LogSection)["anyOf"], {"type": "null"}],
    }
    listed = {key: value for key, value in properties["policies"].items() if key in {"type", "maxItems", "default"}}
    told = {key: value for key, value in properties["policies"].items() if key not in listed}
    properties["policies"] = {**told, "anyOf": [{**listed, "items": _POLICY}, _NAME]}
    return {"$schema": _DRAFT, **found, "title": "Genie pipeline"}


def policy_schema(rules: dict[str, Any]) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a policy file.

    Args:
        rules: JSON Schema of the settings of the policy that takes the file's `rules`.
    """
    found = PolicyFileSection.model_json_schema(by_alias=True)
    properties = found["properties"]
    properties["policies"]["items"] = _POLICY
    properties["rules"]["items"] = rules["properties"]["rules"]["items"]
    defs = {**found.get("$defs", {}), **rules.get("$defs", {})}
    return {"$schema": _DRAFT, **found, "$defs": defs, "title": "Genie policy file"}
