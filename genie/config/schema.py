"""What a pipeline file may say, as models; ``schema()`` is the same for editors."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue

from genie.contracts.admission import Part
from genie.contracts.headers import Consent
from genie.contracts.limits import Overflow

_AGENT_ID = r"^[a-z][a-z0-9_]*([.-][a-z0-9_]+)*$"
MAX_PARTS = 1_000
"""Agents, joins or policies of one pipeline."""
_NAME = {"type": "string", "minLength": 1}


class Section(BaseModel):
    """A mapping of the file: frozen, and unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, defer_build=True)


Id = Annotated[str, Field(pattern=_AGENT_ID, max_length=100)]
TopicName = Annotated[
    str, Field(min_length=1, max_length=200, description="A topic, `family.noun`; `family.noun@2` names its version.")
]
Seconds = Annotated[float, Field(gt=0)]


def _consent(text: str) -> str:
    Consent.parse(text)
    return text


Level = Literal["public", "internal", "confidential", "restricted"]
Amount = Annotated[Decimal, Field(description="A number, or text for more digits than a number keeps.")]


class RetrySection(Section):
    """How often a failed handling is tried again; what is not given stays as on the agent's card."""

    attempts: int = Field(default=1, ge=1, description="Handlings in all; 1 means no retry.")
    first_s: float = Field(default=0.05, ge=0, description="Seconds before the second handling, less some jitter.")
    factor: float = Field(default=2.0, ge=1, description="Each wait is this many times the one before.")
    longest_s: float = Field(default=5.0, ge=0, description="Longest wait, in seconds.")


class MailboxSection(Section):
    """Bound of the agent's queue; what is not given stays as on the agent's card."""

    capacity: int = Field(default=1024, ge=1, description="Messages that may wait.")
    overflow: Overflow = Field(
        default=Overflow.BLOCK, description="What happens to a message that meets a full mailbox."
    )
    block_s: float = Field(default=5.0, ge=0, description="Longest wait of a publisher under `block`, in seconds.")


class RestartsSection(Section):
    """Failures within a window after which the agent is quarantined."""

    failures: int = Field(default=0, ge=0, description="Failures allowed within the window; 0 means no bound.")
    within_s: float = Field(default=60.0, gt=0, description="The window, in seconds.")


class EstimateSection(Section):
    """What one handling is expected to use; budgets reserve it."""

    cost: Amount = Field(default=Decimal(0), ge=0, description="In your own unit.", examples=["0.02"])
    tokens: int = Field(default=0, ge=0)


class PortSection(Section):
    """What a port of the agent is bound to."""

    use: str = Field(min_length=1, description="Name of an installed edge.")
    settings: dict[str, JsonValue] = Field(default_factory=dict, description="The edge's settings.")


class AgentSection(Section):
    """One agent. Its risk, tier and what it declassifies are its card's, and cannot be changed here."""

    id: Id = Field(description="Name of the agent in this pipeline.", examples=["forecaster"])
    use: str | None = Field(default=None, min_length=1, description="Name of the installed agent; the id by default.")
    topics: tuple[TopicName, ...] | None = Field(
        default=None, min_length=1, description="What an agent that takes any topic, such as a webhook, takes here."
    )
    settings: dict[str, JsonValue] | None = Field(default=None, description="Values of the agent's settings model.")
    ports: dict[str, PortSection] = Field(default_factory=dict, description="Port -> the edge that it is bound to.")
    concurrency: int | None = Field(default=None, ge=1, description="Messages handled at a time.")
    executor: Literal["loop", "thread", "process"] | None = Field(
        default=None, description="Where a plain function runs; every other handler runs on the loop."
    )
    timeout_s: Seconds | None = Field(default=None, description="Longest handling in seconds; null means no bound.")
    retry: RetrySection | None = None
    restarts: RestartsSection | None = None
    estimate: EstimateSection | None = Field(
        default=None, description="What one handling is expected to use; null means that nobody knows."
    )
    mailbox: MailboxSection | None = None
    fallback: Id | None = Field(default=None, description="Id of the agent that takes over what this one fails on.")
    clearance: Level | None = Field(default=None, description="Highest label it may read; can only be lowered.")
    tenants: frozenset[Annotated[str, Field(min_length=1)]] | None = Field(
        default=None, min_length=1, description="Tenants that it works for here; can only be fewer than its card's."
    )
    region: str | None = Field(
        default=None, min_length=1, description="Where it runs, or where what it takes goes.", examples=["eu"]
    )


class JoinSection(Section):
    """Parts of one run become one payload, for agents that should not know each other."""

    id: Id = Field(description="Name of the join in this pipeline.")
    into: TopicName = Field(description="Topic that is published when the join closes.")
    parts: dict[str, TopicName] = Field(
        min_length=1, description="Field of `into` -> topic. A field that is a tuple takes one from each producer."
    )
    need: JsonValue = Field(
        default="all",
        description="How many parts close the join: all, first, or a number.",
        json_schema_extra={"anyOf": [{"enum": ["all", "first"]}, {"type": "integer", "minimum": 1}]},
    )
    within_s: Seconds | None = Field(default=None, description="Seconds from the first part; the run's by default.")
    partial: Literal["publish", "fail"] = Field(
        default="fail", description="With parts missing: publish without them, or publish nothing."
    )
    clearance: Level = Field(default="restricted", description="Highest label of a part.")


class LimitsSection(Section):
    """Bounds of every run, and of how many there may be."""

    max_runs: int = Field(default=10_000, ge=1, description="Runs in flight; one more is refused.")
    max_hops: int = Field(default=64, ge=1, description="Messages in a chain of causes; a longer one is a loop.")
    max_messages: int = Field(
        default=100_000, ge=1, description="Messages of one run; one handling publishes 3/4 at most."
    )
    deadline_s: Seconds | None = Field(default=None, description="Seconds a run may take unless its caller says.")
    hold_s: float = Field(default=86_400.0, gt=0, description="Seconds that a held message waits for its decision.")
    dead_letters: int = Field(default=1_000, ge=0, description="Dead letters kept for inspection.")


class CoverSection(Section):
    """Which deliveries a rate or a budget is about; what is left out means all."""

    id: Id = Field(description="Name of the rule in reasons and metrics.")
    topics: frozenset[TopicName] | None = Field(
        default=None, min_length=1, description="Topics, or `family.*` for all below a family."
    )
    agents: frozenset[Id] | None = Field(default=None, min_length=1, description="Agents that receive.")
    tenants: frozenset[str] | None = Field(default=None, min_length=1, description="Tenants.")


class RateSection(CoverSection):
    """A token bucket for each tenant, sender, topic, recipient, or combination of them."""

    per_s: float = Field(gt=0, description="Deliveries a second in the long run.")
    burst: int = Field(default=1, ge=1, description="Deliveries at once: what a full bucket holds.")
    per: tuple[Part, ...] = Field(default=(), description="What has a bucket of its own; nothing means one for all.")
    wait_s: float = Field(
        default=0.0,
        ge=0,
        description="Seconds that a delivery may wait for its turn; else it is denied at once.",
    )


class BudgetSection(CoverSection):
    """What one run, or one tenant in one calendar day, may use."""

    per: Literal["run", "tenant_day"] = Field(default="run", description="What has the budget for itself.")
    zone: str = Field(
        default="UTC", min_length=1, max_length=100, description="Time zone whose midnight begins a day.",
        examples=["Asia/Kolkata"],
    )  # fmt: skip
    messages: int | None = Field(default=None, ge=1, description="Deliveries.")
    cost: Amount | None = Field(default=None, gt=0, description="In your own unit.", examples=["2.50"])
    tokens: int | None = Field(default=None, ge=1)
    wall_s: Seconds | None = Field(default=None, description="Seconds from a run's beginning to its end.")
    estimate: EstimateSection | None = Field(
        default=None, description="Reserved for a delivery to an agent that has no estimate of its own."
    )


class CallerSection(Section):
    """Who asks, unless the command line says otherwise; with ``keys``, the widest that a signed identity may give."""

    user: str = Field(default="local", min_length=1, description="Name of the user.")
    roles: frozenset[str] = Field(default=frozenset(), description="Roles that policies may require.")
    tenant: str | None = Field(default=None, min_length=1, description="Tenant that the run works for.")
    clearance: Level = Field(default="confidential", description="Highest label of an answer that may be shown.")
    region: str | None = Field(default=None, min_length=1, description="Region of the user.")
    consent: frozenset[Annotated[str, AfterValidator(_consent)]] = Field(
        default=frozenset(),
        description="Consents in force: a purpose, or a purpose and its end.",
        examples=[["insights", "credit_check@2026-12-31T00:00:00Z"]],
    )
    keys: str | None = Field(
        default=None,
        min_length=1,
        description="Public keys (Ed25519, PEM) of whoever signs identities; then each run needs one (--identity).",
    )
    issuer: str | None = Field(default=None, min_length=1, description="Who must have signed an identity.")
    audience: str | None = Field(default=None, min_length=1, description="For whom an identity must be meant.")


class SegmentSection(Section):
    """When a segment of the audit trail ends: its head is signed, and the next record starts another file."""

    records: int = Field(default=10_000, ge=1, description="Records of one segment.")
    bytes: int = Field(default=16 << 20, ge=1024, description="Size of one segment's file.")
    seconds: Seconds = Field(default=3600.0, description="Age at which the next record begins another segment.")


class AuditSection(Section):
    """Where acts of governance are recorded; paths are relative to this file."""

    path: str = Field(min_length=1, description="Folder of the trail; made if it is not there.")
    key: str | None = Field(default=None, min_length=1, description="Private key that signs the segments' heads.")
    anchor: str | None = Field(
        default=None, min_length=1, description="File, best on another disk, to which each head is written too."
    )
    sampling: float = Field(default=0.0, ge=0, le=1, description="Part of the plain allows that is recorded as well.")
    fsync: Literal["never", "segment", "always"] = Field(
        default="segment", description="When records are forced to the disk."
    )
    on_failure: Literal["deny", "continue"] = Field(
        default="deny", description="Once it cannot be written: no run is admitted, or runs go on unrecorded."
    )
    segment: SegmentSection = SegmentSection()


class FieldSection(Section):
    """Where one field of the question comes from."""

    source: Literal["question", "input", "filename", "profile"] | None = Field(
        default=None,
        alias="from",
        description="--question TEXT, the bytes of --input FILE, its name, or the values of --profile FILE (YAML).",
    )
    default: str | tuple[str, ...] | None = Field(
        default=None,
        description="What is taken without the option; a path is relative to this file. Several files with `each`.",
    )
    each: dict[str, Literal["input", "filename", "profile"]] | None = Field(
        default=None,
        description="For a field that is a tuple, from `input`: what fills each item, one item for every --input FILE.",
        examples=[{"content": "input", "filename": "filename", "profile": "profile"}],
    )
    value: JsonValue = Field(default=None, description="The value itself, instead of `from`.")
    max_bytes: int = Field(default=20_000_000, ge=1, description="Largest file, or files together, that are read.")


class InputSection(Section):
    """What the caller sends, and how the command's options fill it."""

    payload: TopicName
    fields: dict[str, FieldSection] = Field(default_factory=dict, description="Field of the payload -> its source.")


class ControlSection(Section):
    """The file through which people at other terminals approve, and switch off."""

    path: str = Field(min_length=1, description="The file, relative to this one; made when it is not there.")
    interval_s: float = Field(default=0.5, ge=0.05, le=60, description="Seconds between two looks at it.")
    clearance: Level | None = Field(
        default=None, description="Highest label that approvers see; that of the run's caller by default."
    )


class ScheduleSection(Section):
    """When `genie serve-schedule` asks the pipeline's question by itself."""

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
        default="skip", description="Firings that were missed: none is made up for, or one run makes up for all."
    )
    payload: dict[str, JsonValue] | None = Field(
        default=None, description="Fields of the question; without it, `input` fills them anew at each firing."
    )


PolicyEntry = dict[str, dict[str, JsonValue] | None]
"""A policy's name, with its settings."""
PolicyPath = Annotated[str, Field(min_length=1, max_length=4_096, description="A policy file, relative to this one.")]


class PolicyFileSection(Section):
    """A Genie policy file: policies with their settings, and rules of one's own."""

    version: int = Field(ge=1, le=1, description="Version of this format.", json_schema_extra={"const": 1})
    id: Id = Field(description="Name of the file.", examples=["standard"])
    title: str = Field(default="", description="One line for people.")
    environments: dict[Literal["development", "staging", "production"], str] = Field(
        default_factory=dict,
        description="Environments that the file is written for, each with a note; a pipeline in another one is warned.",
    )
    policies: tuple[PolicyEntry, ...] = Field(
        default=(),
        max_length=MAX_PARTS,
        description="Policies in force; each a name, or a name with its settings; `mode: shadow` only records.",
        examples=[["clearance", {"pii": {"mode": "shadow"}}]],
    )
    rules: tuple[dict[str, JsonValue], ...] = Field(
        default=(), max_length=MAX_PARTS, description="Rules of one's own: when, then, because."
    )


class PipelineSection(Section):
    """A Genie pipeline: agents by name, how they are joined, and what governs them."""

    version: int = Field(ge=1, le=1, description="Version of this format.", json_schema_extra={"const": 1})
    id: Id = Field(description="Name of the pipeline.", examples=["insights"])
    title: str = Field(default="", description="One line for people.")
    environment: Literal["development", "staging", "production"] = "development"
    agents: tuple[AgentSection, ...] = Field(
        min_length=1,
        max_length=MAX_PARTS,
        description="Agents; a plain name is an agent as it is installed.",
        examples=[["statement_reader", {"id": "forecaster", "timeout_s": 5}]],
    )
    joins: tuple[JoinSection, ...] = Field(default=(), max_length=MAX_PARTS)
    policies: tuple[PolicyPath | PolicyEntry, ...] = Field(
        default=(),
        max_length=MAX_PARTS,
        description="Policies in force: names, names with settings, and policy files; or one policy file.",
        examples=[["../policies/standard.yaml", "clearance", {"payload_size": {"max_bytes": 1_000_000}}]],
    )
    audit: AuditSection | None = Field(default=None, description="Where acts of governance are recorded.")
    limits: LimitsSection = LimitsSection()
    rates: tuple[RateSection, ...] = Field(
        default=(), max_length=MAX_PARTS, description="How often deliveries may be made."
    )
    budgets: tuple[BudgetSection, ...] = Field(
        default=(), max_length=MAX_PARTS, description="What runs, and tenants in a day, may use."
    )
    caller: CallerSection = CallerSection()
    input: InputSection = Field(description="What the caller sends: a topic, or a topic and how to fill it.")
    output: TopicName = Field(description="Topic of the answer.")
    within_s: Seconds | None = Field(default=None, description="Seconds for the answer.")
    control: ControlSection | None = Field(
        default=None, description="Where people at other terminals approve and switch off: a file, or a file and how."
    )
    schedule: tuple[ScheduleSection, ...] = Field(
        default=(), max_length=MAX_PARTS, description="When `genie serve-schedule` asks by itself."
    )
    cycles: tuple[tuple[Id, ...], ...] = Field(
        default=(),
        max_length=MAX_PARTS,
        description="Agents among which messages may go round.",
        examples=[[["planner", "critic"]]],
    )
    unused: frozenset[TopicName] = Field(
        default=frozenset(), description="Topics that this pipeline does without: given and not taken, or the reverse."
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
    """Return the JSON Schema (2020-12) of a pipeline file, plain names for agents, policies and input included."""
    found = PipelineSection.model_json_schema(by_alias=True)
    properties = found["properties"]
    properties["agents"]["items"] = _or_name(AgentSection)
    properties["input"] = {"description": properties["input"]["description"], **_or_name(InputSection)}
    properties["control"] = {
        "description": properties["control"]["description"],
        "anyOf": [*_or_name(ControlSection)["anyOf"], {"type": "null"}],
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
