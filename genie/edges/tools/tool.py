"""A tool: an agent that is asked by name, or a typed function made into one; its arguments are a payload class."""

from __future__ import annotations

import enum
import functools
import hashlib
import inspect
import re
import sys
import typing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

from pydantic import create_model
from pydantic.fields import FieldInfo

from genie.contracts.agent import Binding, FunctionAgent
from genie.contracts.card import AgentCard, make_card
from genie.contracts.context import Context
from genie.contracts.message import Payload, topic_of
from genie.contracts.model_call import ToolSpec
from genie.contracts.ports.vault import Vault
from genie.contracts.signature import Signature
from genie.edges.tools.detokenise import revealed
from genie.edges.tools.schema import canonical, schema_text
from genie.errors import AgentDefinitionError, InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from genie.contracts.agent import Agent

MOST_RESULT = 32_768
"""Characters of a result that go to the model, by default."""
MOST_DESCRIPTION = 4_096
CONCURRENCY = 8
"""Calls of one tool at once, by default."""


class Effect(enum.StrEnum):
    """What a call of a tool changes."""

    READ = "read"
    """Nothing: the call may be made again."""
    WRITE = "write"
    """Something outside: an identical call of one run is made once, and its result is returned again."""


class Approval(enum.StrEnum):
    """Calls of a tool that a person must approve."""

    ALWAYS = "always"
    FIRST = "first"
    """The first call of a run."""
    NEVER = "never"
    RULE = "rule"
    """Calls that the policies of the runtime hold."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tool:
    """One tool as a loop offers it to a model."""

    name: str
    agent: str
    """Id of the agent that is asked."""
    arguments: type[Payload]
    answers: tuple[type[Payload], ...]
    description: str = ""
    version: int = 1
    effect: Effect = Effect.WRITE
    """A write by default: an unknown tool is treated as the riskier kind."""
    trusted: bool = False
    """True if its answers may contain instructions; text from outside is untrusted."""
    approval: Approval = Approval.RULE
    parallel: bool = True
    """False if the calls of a turn must be made one after the other."""
    most_result: int = MOST_RESULT
    """Maximum characters of a result for the model; the rest is truncated and referred to by its digest."""
    within_s: float | None = None
    """Longest wait for an answer in seconds, including a person's decision; then the model gets ``held`` or ``late``.
    None waits as long as the run; ``timeout_s`` of the card limits the work itself."""
    spec: ToolSpec = field(init=False)

    def __post_init__(self) -> None:
        if not self.answers:
            raise AgentDefinitionError(f"tool {self.name!r}", "answers nothing; its agent must return a payload")
        parameters = schema_text(self.arguments)
        try:
            spec = ToolSpec(
                name=self.name, description=self.description[:MOST_DESCRIPTION], parameters=parameters,
                version=self.version, hash=spec_hash(self.name, self.description[:MOST_DESCRIPTION], parameters),
            )  # fmt: skip
        except ValueError:
            raise AgentDefinitionError(
                f"tool {self.name!r}",
                "a name must have 1 to 64 letters, digits, '_' and '-', and a version must be at least 1",
            ) from None
        object.__setattr__(self, "spec", spec)


def spec_hash(name: str, description: str, parameters: str) -> str:
    """Return the SHA-256 that the lock file pins."""
    return hashlib.sha256(canonical([name, description, parameters]).encode()).hexdigest()


_NAME = re.compile(r"[^a-zA-Z0-9_-]")


def tool_name(text: str) -> str:
    """Return a name that every provider accepts."""
    return _NAME.sub("_", text)[:64]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolOptions:
    """Settings of a tool beyond its card; None leaves the default of ``Tool``."""

    effect: Effect | None = None
    trusted: bool | None = None
    approval: Approval | None = None
    parallel: bool | None = None
    most_result: int | None = None
    within_s: float | None = None
    reads: frozenset[type[Payload]] = frozenset()
    """For an agent with several handlers: the classes whose calls change nothing."""

    def given(self) -> dict[str, Any]:
        """Return the fields that are not None."""
        values = {name: getattr(self, name) for name in self.__slots__ if name != "reads"}
        return {name: value for name, value in values.items() if value is not None}


def tools_of(agent: Agent | Binding, *, name: str | None = None, **options: Any) -> tuple[Tool, ...]:
    """Return the tools of an agent: one for each payload class that it takes and answers.

    Args:
        agent: An agent, or one as a pipeline binds it.
        name: Name of the tool; by default the agent's id, followed by the noun of the topic if it takes several.
        **options: Fields of ``Tool``; they take precedence over the agent's own.

    Raises:
        AgentDefinitionError: It answers nothing, or the name cannot be used.
    """
    whole = agent.agent if isinstance(agent, Binding) else agent
    card = agent.card
    own = getattr(whole, "tool_options", None)
    given = {**(own.given() if isinstance(own, ToolOptions) else {}), **options}
    kinds = card.consumes
    if not kinds:
        raise AgentDefinitionError(f"agent {card.id!r}", "has no input, so it cannot be a tool")
    stem = name or tool_name(card.id)
    told = given.pop("description", None)
    reads = own.reads if isinstance(own, ToolOptions) and "effect" not in options else frozenset()
    return tuple(
        Tool(
            name=stem if len(kinds) == 1 else tool_name(f"{stem}-{topic_of(kind).name.rpartition('.')[2]}"),
            agent=card.id, arguments=kind, answers=_answers(whole, card, kind),
            description=told or _description(whole, card, kind), version=topic_of(kind).version,
            **{**given, **({"effect": Effect.READ} if kind in reads else {})},
        )
        for kind in kinds
    )  # fmt: skip


def _answers(agent: object, card: AgentCard, kind: type[Payload]) -> tuple[type[Payload], ...]:
    """Return the possible answers to one class: for an agent with several handlers, the output of that handler."""
    handlers = getattr(agent, "handlers", None)
    if handlers is not None and kind in handlers:
        return tuple(handlers[kind][1].produces)
    return card.produces


def _description(agent: object, card: AgentCard, kind: type[Payload]) -> str:
    """Return the first paragraph of the tool's documentation: the question's class if the agent takes several."""
    source = kind if len(card.consumes) > 1 else agent
    text = inspect.cleandoc(getattr(source, "__doc__", None) or "")
    return text.partition("\n\n")[0].replace("\n", " ") or card.description


# --- a typed function ---


class ToolFunction(FunctionAgent[Any, Any]):
    """A typed function as an agent; calling it calls the function."""

    def __init__(
        self, function: Callable[..., Any], handler: Callable[..., Any], card: AgentCard, signature: Signature,
        options: ToolOptions,
    ) -> None:  # fmt: skip
        super().__init__(handler, card, signature)
        self.plain = function
        self.tool_options = options
        self.__doc__ = function.__doc__
        self.__name__ = function.__name__
        self.__module__ = function.__module__

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the plain function."""
        return self.plain(*args, **kwargs)

    @property
    def arguments(self) -> type[Payload]:
        """The payload class of the arguments."""
        return self.card.consumes[0]

    @property
    def answer(self) -> type[Payload]:
        """The payload class of the answer."""
        return self.card.produces[0]


def tool(
    id: str,  # noqa: A002 - the card's own word
    *,
    effect: Effect | str = Effect.WRITE,
    trusted: bool = False,
    approval: Approval | str = Approval.RULE,
    parallel: bool = True,
    most_result: int = MOST_RESULT,
    within_s: float | None = None,
    detokenise: bool = False,
    **card: Any,
) -> Callable[[Callable[..., Any]], ToolFunction]:
    """Make a typed function a tool; its parameters are the arguments, its return annotation is the answer.

    A plain ``def`` runs in a thread; an ``async def`` on the loop. Parameters and answer are of immutable types. An
    answer that is not a payload becomes a payload with the field ``value``.

    Args:
        id: Id of the agent, and name of the tool.
        effect: ``read``, or ``write`` for what changes something.
        trusted: Whether the words of its answers may be instructions.
        approval: Which calls wait for a person, where the policy ``tool_approval`` is in force and has no other rule.
        parallel: False where calls of one turn are made one after the other.
        most_result: Characters of a result that go to the model.
        within_s: Longest wait for an answer, a person's decision included.
        detokenise: Replace stand-ins of the vault in the arguments; needs a ``Vault`` bound to the agent.
        **card: Fields of ``AgentCard``, such as ``risk``, ``timeout_s``, ``retry``.

    Raises:
        AgentDefinitionError: The annotations make no contract.
    """
    options = ToolOptions(
        effect=Effect(effect), trusted=trusted, approval=Approval(approval), parallel=parallel,
        most_result=most_result, within_s=within_s,
    )  # fmt: skip
    if options.approval in {Approval.ALWAYS, Approval.FIRST}:
        card["capabilities"] = (*card.get("capabilities", ()), f"approval.{options.approval}")
    names = sys._getframe(1).f_locals  # noqa: SLF001 - classes defined beside the function, in a function

    def decorate(function: Callable[..., Any]) -> ToolFunction:
        arguments, answer, wraps = _classes(id, function, dict(names))
        coroutine = inspect.iscoroutinefunction(function)
        if detokenise:
            if not coroutine:
                raise AgentDefinitionError(f"tool {id!r}", "must be `async def` where it takes values of the vault")
            card["ports"] = (*card.get("ports", ()), cast("type", Vault))
        card.setdefault("concurrency", CONCURRENCY)
        made = make_card(
            id, consumes=(arguments,), produces=(answer,), doc=function.__doc__,
            executor="loop" if coroutine else "thread", **card,
        )  # fmt: skip
        handler = _handler(function, arguments, answer if wraps else None, coroutine=coroutine, detokenise=detokenise)
        signature = Signature((arguments,), (answer,), detokenise, streams=False, certain=True, plain=not coroutine)
        return ToolFunction(function, handler, made, signature, options)

    return decorate


def _classes(
    id: str,  # noqa: A002 - as above
    function: Callable[..., Any],
    names: Mapping[str, Any],
) -> tuple[type[Payload], type[Payload], bool]:
    """Return the classes of the arguments and of the answer, and whether the answer is wrapped."""
    where = f"tool {id!r}"
    try:
        hints = typing.get_type_hints(function, localns=dict(names), include_extras=True)
    except NameError as error:
        raise AgentDefinitionError(where, f"annotation cannot be resolved: {error}") from None
    result = hints.pop("return", None)
    if result in {None, type(None)}:
        raise AgentDefinitionError(where, "has no answer; annotate what it returns")
    topic = f"tool.{id.replace('-', '_').replace('.', '_')}"
    fields: dict[str, Any] = {}
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind not in {parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY}:
            raise AgentDefinitionError(where, f"parameter {parameter.name!r} must not be positional-only or variadic")
        if parameter.name not in hints:
            raise AgentDefinitionError(where, f"parameter {parameter.name!r} has no annotation")
        default: Any = ... if parameter.default is parameter.empty else parameter.default
        fields[parameter.name] = (hints[parameter.name], default)
    stem = "".join(part.title() for part in re.split(r"[_.-]", id))
    # Without a key: calls of one turn may use every slot of the tool at once.
    arguments = payload_class(
        f"{stem}Arguments", topic, fields, doc=function.__doc__, module=function.__module__, key=None
    )
    if isinstance(result, type) and issubclass(result, Payload):
        return arguments, result, False
    answer = payload_class(f"{stem}Answer", f"{topic}_answer", {"value": (result, ...)}, module=function.__module__)
    return arguments, answer, True


def payload_class(
    name: str,
    topic: str,
    fields: Mapping[str, Any],
    *,
    doc: str | None = None,
    module: str = __name__,
    base: type[Payload] = Payload,
    **keywords: Any,
) -> type[Payload]:
    """Return a payload class created from fields: name -> (annotation, default), ``...`` for a required one.

    Raises:
        PayloadDefinitionError: A field can change, or the topic is malformed.
        InputError: A name is not usable as a field.
    """
    for field_name, (_, default) in fields.items():
        if field_name.startswith("_") or not field_name.isidentifier() or hasattr(Payload, field_name):
            raise InputError(f"field {field_name!r}"[:80], "is not usable as the name of a field", "rename it")
        if isinstance(default, FieldInfo) and default.default_factory is not None:
            raise InputError(f"field {field_name!r}", "has a default factory; give a default value")
    make: Any = create_model  # its overloads know no class keywords of a base
    made: type[Payload] = make(
        name, __base__=base, __module__=module, __doc__=doc, __cls_kwargs__={"topic": topic, **keywords}, **fields
    )
    return made


def _handler(
    function: Callable[..., Any], arguments: type[Payload], wraps: type[Payload] | None, *, coroutine: bool,
    detokenise: bool,
) -> Callable[..., Any]:  # fmt: skip
    names = tuple(arguments.model_fields)
    wrap: Any = wraps  # a class that was just created: no type checker knows its field

    if not coroutine:

        @functools.wraps(function)
        def plain(payload: Payload) -> Payload:
            values = payload.__dict__
            answer = function(**{name: values[name] for name in names})
            return cast("Payload", answer if wraps is None else wrap(value=answer))

        return plain

    if detokenise:

        @functools.wraps(function)
        async def with_vault(payload: Payload, context: Context) -> Payload:
            port: Any = Vault
            payload = revealed(payload, context.port(port), context.headers.tenant)
            values = payload.__dict__
            answer = await function(**{name: values[name] for name in names})
            return cast("Payload", answer if wraps is None else wrap(value=answer))

        return with_vault

    @functools.wraps(function)
    async def on_loop(payload: Payload) -> Payload:
        values = payload.__dict__
        answer = await function(**{name: values[name] for name in names})
        return cast("Payload", answer if wraps is None else wrap(value=answer))

    return on_loop


def renamed(one: Tool, name: str) -> Tool:
    """Return the tool under another name, such as one with its owner's."""
    return replace(one, name=name)
