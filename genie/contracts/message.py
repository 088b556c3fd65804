"""What travels: payloads (typed, frozen pydantic models), headers (the security context) and the envelope.

The payload's class *is* the topic. Payloads are validated once, where they are made; the envelope is an immutable
slotted object built by the bus alone.
"""

from __future__ import annotations

import datetime
import decimal
import enum
import re
import types
import typing
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Generic, NamedTuple, Never, Self, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import InitErrorDetails

from genie.contracts.classification import Classification
from genie.contracts.headers import Headers, copied
from genie.errors import ImmutableMessageError, PayloadDefinitionError, did_you_mean

Path = tuple[str | int, ...]
"""Where a value sits inside a payload: field names and positions, for example ``("transactions", 3, "narration")``."""


class Topic(NamedTuple):
    """The stable address of a payload class."""

    name: str
    """``family.noun``, lower case."""
    version: int
    classification: Classification
    """The declared label of every payload of this class, before anything its handler read raises it."""
    key: str | None
    """What keeps messages in order at a concurrency above one: a field's name, ``BY_RUN``, or None for no order."""


# --- immutability, checked when a class is defined ---

_SCALARS = (
    str, bytes, int, float, complex, bool, type(None), decimal.Decimal, enum.Enum, uuid.UUID,
    datetime.date, datetime.time, datetime.timedelta, datetime.tzinfo,
)  # fmt: skip


def _mutable_part(annotation: object) -> object | None:
    """Return the first part of an annotation whose values could change, or None."""
    if isinstance(annotation, typing.NewType):
        return _mutable_part(annotation.__supertype__)
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return _mutable_part(arguments[0])
    if origin is typing.Literal:
        return None
    if origin in {typing.Union, types.UnionType, tuple, frozenset}:
        parts = (part for part in arguments if part is not Ellipsis)
        return next((bad for part in parts if (bad := _mutable_part(part)) is not None), None)
    if isinstance(annotation, TypeVar):
        bounds = annotation.__constraints__ or ((annotation.__bound__,) if annotation.__bound__ is not None else ())
        bad = [part for part in bounds if _mutable_part(part) is not None]
        return None if bounds and not bad else annotation  # an open variable takes anything, a list included
    if isinstance(annotation, type) and origin is None and issubclass(annotation, enum.Enum):
        values = (member.value for member in annotation)
        return None if all(isinstance(value, _SCALARS) for value in values) else annotation
    if isinstance(annotation, type) and origin is None and issubclass(annotation, (*_SCALARS, Value)):
        return annotation if not issubclass(annotation, Value) and _has_attributes(annotation) else None
    return annotation


def _has_attributes(kind: type) -> bool:
    """Return True where instances of a class of its own take attributes, which nobody looks into."""
    own = (vars(base) for base in kind.__mro__ if base not in {*_SCALARS, object})
    return any("__dict__" in one or one.get("__slots__") for one in own)


class Value(BaseModel):
    """A frozen value inside a payload: unknown fields are refused, and every field is of an immutable type.

    Raises:
        PayloadDefinitionError: A field's type can change (``list``, ``dict``, ``set``, ``Any``, an arbitrary class);
            raised when the class is defined. Use tuples, frozensets and other ``Value`` classes.
    """

    # Findings of the policy engine, kept with the object they describe, and whether the constructor has validated it: a
    # copy, and what is made past the constructor, carries neither.
    __slots__ = ("_inspection", "_validated")

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, defer_build=True)
    __carried__: ClassVar[bool] = False
    """Set on a class whose instances many messages carry: what inspectors saw in one is kept with it."""

    @classmethod
    def __pydantic_init_subclass__(cls, **options: Any) -> None:  # options are the class keywords of a subclass
        super().__pydantic_init_subclass__(**options)
        if not cls.model_config.get("frozen") or cls.model_config.get("extra") != "forbid":
            raise PayloadDefinitionError(cls.__qualname__, "must stay frozen with extra='forbid'")
        if cls.__private_attributes__:
            names = ", ".join(cls.__private_attributes__)
            raise PayloadDefinitionError(cls.__qualname__, f"private attributes can change ({names}); use fields")
        for name, member in (pair for base in cls.__mro__ if base not in _COMMON for pair in vars(base).items()):
            shows = (name in cls.model_fields and hasattr(type(member), "__set__")) or name in _HOOKS
            if shows and not isinstance(member, types.GetSetDescriptorType):  # every plain class has one
                raise PayloadDefinitionError(
                    f"{cls.__qualname__}.{name}", "would show another value than the one it holds"
                )
            if isinstance(member, cached_property):
                raise PayloadDefinitionError(
                    f"{cls.__qualname__}.{name}", "a cached property can change; use a property"
                )
        if type(cls).__eq__ is not type.__eq__ or type(cls).__hash__ is not type.__hash__:
            raise PayloadDefinitionError(cls.__qualname__, "compares its class by code of its own; declare it plainly")
        for name, info in cls.model_fields.items():
            bad = _mutable_part(info.annotation)
            if bad is not None:
                shown = getattr(bad, "__name__", str(bad))
                raise PayloadDefinitionError(
                    f"{cls.__qualname__}.{name}",
                    f"{shown} can change after it was sent; use a tuple, a frozenset or a Value class",
                )
        if cls.__module__ != __name__:
            # The two bases are never validated, so their schema is never built; every other class is whole at once.
            cls.model_rebuild(raise_errors=False)

    @classmethod
    def model_construct(cls, _fields_set: set[str] | None = None, **values: Any) -> Self:  # type: ignore[override]  # pydantic names a set of fields that validation finds itself
        """Return a validated instance: what is published is what was declared.

        Raises:
            pydantic.ValidationError: The values are not valid.
        """
        return cls.model_validate(values)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Return a copy with other values, validated like a new instance.

        Raises:
            pydantic.ValidationError: The values are not valid, or a name is not a field.
        """
        if not update:
            return super().model_copy(deep=deep)
        return type(self).model_validate({**self.__dict__, **update})

    if not TYPE_CHECKING:  # type checkers derive the constructor of each class from its fields

        def __init__(self, /, **values: Any) -> None:
            """Validate the values.

            Raises:
                pydantic.ValidationError: The values are not valid, or the instance has its values already.
            """
            if self.__dict__:
                raise _frozen(self, "__init__")
            self.__pydantic_validator__.validate_python(values, self_instance=self)
            _mark_validated(self, True)  # noqa: FBT003 - a slot's own setter

        __init__.__pydantic_base_init__ = True  # pydantic validates nested instances without calling it

    def __setattr__(self, name: str, value: object) -> None:
        """Refuse every assignment; pydantic's own lets names through that begin with an underscore, and the class.

        Raises:
            pydantic.ValidationError: Always.
        """
        raise _frozen(self, name)

    def __delattr__(self, name: str) -> None:
        raise _frozen(self, name)

    def __setstate__(self, state: dict[Any, Any]) -> None:
        if self.__dict__:  # of a copy that is being made it is empty
            raise _frozen(self, "__setstate__")
        super().__setstate__(state)


_COMMON = frozenset({Value, BaseModel, Generic, object})
_mark_validated = vars(Value)["_validated"].__set__
_HOOKS = ("__getattribute__", "__getattr__", "__setattr__", "__delattr__", "__setstate__", "__class__", "__dict__")
"""What a class of values may not define: by these it could change, or show one recipient this and another that."""


def _frozen(value: Value, name: str) -> ValidationError:
    errors = [InitErrorDetails(type="frozen_instance", loc=(name,), input=None)]
    return ValidationError.from_exception_data(type(value).__name__, errors)


_OPTIONS = ("topic", "version", "classification", "key")
BY_RUN = ""
"""Key of a payload class whose messages stay in order within their run."""
_TOPIC_NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*\Z")
_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class Fragment(NamedTuple):
    """How payloads of one class are pieces of a text, so that nothing in it is judged by halves."""

    text: str = ""
    """Field with the piece."""
    of: tuple[str, ...] = ()
    """Fields that name the text which the piece belongs to."""
    drops: bool = False
    """It says that the texts so far are void."""


class Payload(Value):
    """The typed content of a message; the class is the topic.

    Class keywords:
        topic: The stable name, ``family.noun``; the class name in snake case by default.
        version: Version of the content under that name, from 1.
        classification: Declared label (``public``, ``internal``, ``confidential``, ``restricted``); ``internal`` by
            default.
        key: Field that orders messages for a recipient that works on several at once. By default messages of one run
            stay in order; None means no order, so that one run can use every slot of an agent.

    Raises:
        PayloadDefinitionError: The topic is malformed, the key no field, the label unknown, or a field can change.
    """

    __topic__: ClassVar[Topic] = Topic("payload", 1, Classification.INTERNAL, BY_RUN)
    __fragment__: ClassVar[Fragment | None] = None
    """Set on a class whose payloads are pieces of a longer text."""

    @classmethod
    def upcast(cls, version: int, fields: dict[str, Any]) -> dict[str, Any] | None:  # noqa: ARG003 - for those that override it
        """Return the fields of this version of the topic from those of an earlier one, both as JSON values.

        A runtime with a log calls it for a payload that an earlier program has kept. What it returns is validated.
        None, the default, says that the class does not read that version.

        Args:
            version: The version that was kept.
            fields: Its fields.
        """
        return None

    def _repr_html_(self) -> str:
        """Show the report of the payload in a notebook; code that holds a payload may see it."""
        import importlib  # noqa: PLC0415 - start-up: for notebooks alone

        shown: str = importlib.import_module("genie.reports.notebook").shown(self)  # a layer above, like a plug-in
        return shown

    def __init_subclass__(cls, **options: Any) -> None:  # pydantic sees the model's own options only
        rest = {name: value for name, value in options.items() if name not in _OPTIONS}
        try:
            super().__init_subclass__(**rest)
        except TypeError:
            problem = "; ".join(f"there is no class argument {one!r}{did_you_mean(one, _OPTIONS)}" for one in rest)
            raise PayloadDefinitionError(cls.__qualname__, problem) from None

    @classmethod
    def __pydantic_init_subclass__(
        cls,
        *,
        topic: str | None = None,
        version: int = 1,
        classification: str | Classification | None = None,
        key: str | None = BY_RUN,
        **options: Any,
    ) -> None:
        super().__pydantic_init_subclass__(**options)
        name: object = _WORD.sub("_", cls.__name__).lower() if topic is None else topic
        if not isinstance(name, str) or not _TOPIC_NAME.match(name):
            raise PayloadDefinitionError(cls.__qualname__, f"topic {name!r} is not of the form family.noun")
        if not isinstance(version, int):
            raise PayloadDefinitionError(cls.__qualname__, f"version {version!r} is not a whole number")
        if key and key not in cls.model_fields:
            raise PayloadDefinitionError(cls.__qualname__, f"key {key!r} is not one of its fields")
        try:
            # A subclass is at least as sensitive as what it extends.
            level = max(
                cls.__topic__.classification if cls.__topic__.name != "payload" else Classification.PUBLIC,
                Classification.INTERNAL if classification is None else Classification.parse(classification),
            )
        except ValueError as error:
            raise PayloadDefinitionError(cls.__qualname__, str(error)) from None
        cls.__topic__ = Topic(name, version, level, key)


P = TypeVar("P", bound=Payload)


def unvalidated(kind: type[P], values: Mapping[str, Any]) -> P:
    """Return a payload without validating it: for masked copies and for what a journal no longer holds."""
    made: P = BaseModel.model_construct.__func__(kind, **values)  # type: ignore[attr-defined]  # past its own check
    return made


def topic_of(payload: Payload | type[Payload]) -> Topic:
    """Return the topic of a payload or of its class."""
    return payload.__topic__


# --- what inspectors saw ---


class Finding(NamedTuple):
    """What an inspector saw: a kind at a place; never the matched text."""

    kind: str
    """Dotted name, for example ``"pii.card"`` or ``"injection.override"``."""
    path: Path
    start: int
    """First character of the span inside the string at ``path``."""
    end: int
    """One past the last character of the span."""
    label: Classification
    """Clearance needed to see the span."""
    maskable: bool = True
    """False where the field is not a plain string, so that the payload must be denied instead of masked."""
    score: float = 1.0
    """How sure the inspector was, in [0, 1]."""

    @property
    def whole(self) -> bool:
        """True for a part of an instruction: masking replaces the whole string, because a reader obeys the rest."""
        return self.kind.startswith("injection.")


@dataclass(frozen=True, slots=True)
class Inspection:
    """The findings of one payload, computed once and shared by every delivery of it."""

    size_bytes: int
    """Strings in UTF-8 and eight bytes for every other scalar."""
    findings: tuple[Finding, ...] = ()
    label: Classification = Classification.PUBLIC
    """The highest found label; public when nothing was found."""
    failed: str | None = None
    """Why an inspector could not look; a policy that needs its findings denies."""
    masked: dict[frozenset[Path], Payload] = field(default_factory=dict, compare=False, repr=False)
    """Masked copies made so far, by the paths that are masked; filled by the engine alone."""
    clean: bool = field(init=False, compare=False, repr=False)
    """It could look, and found nothing."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "clean", self.failed is None and not self.findings)


# --- the envelope ---

P_co = TypeVar("P_co", bound=Payload, covariant=True)


@dataclass(frozen=True, slots=True)
class Message(Generic[P_co]):
    """A message as its recipient may see it: a small read-only value, masked where a policy says so."""

    payload: P_co
    id: str
    """Unique within the runtime, and across runtimes by its random prefix."""
    correlation_id: str
    """Id of the run: everything that one question causes shares it."""
    causation_id: str | None
    """Id of the message that caused this one; None for the run's first."""
    sender: str
    """Agent id, or the caller's name; set by the bus."""
    recipient: str | None
    """Agent id of a directed send, else None."""
    headers: Headers
    label: Classification
    """Declared classification of this message."""
    hops: int
    """Messages between the run's first and this one."""
    deadline: float
    """Latest end of the run, in seconds on the loop's clock; infinity when unbounded."""

    def __repr__(self) -> str:  # never the payload: this text lands in logs
        return f"<Message {self.id} {topic_of(self.payload).name} from {self.sender!r}>"


def _immutable(message: Message[Any] | Envelope[Any], name: str, _value: object = None) -> Never:
    raise ImmutableMessageError(agent=message.sender, field=name)


for _name in ("__setattr__", "__delattr__"):
    setattr(Message, _name, _immutable)  # in place of what a frozen dataclass has: it names the agent and the field


class Unstamped(Generic[P_co]):
    """The fields of an envelope before it is one; the bus alone sets them."""

    __slots__ = (
        "cause", "headers", "hops", "inspection", "label", "number", "payload", "recipient", "scope", "sender",
    )  # fmt: skip

    number: int
    payload: P_co
    sender: str
    recipient: str | None
    scope: Any  # the kernel's scope, of which contracts know ids and the deadline alone
    cause: int
    hops: int
    headers: Headers
    label: Classification
    inspection: Inspection


class Envelope(Unstamped[P_co]):
    """The immutable envelope of one payload, as the bus and policies see it: unmasked, with what inspectors found.

    Handlers never get one; they get ``shown()``.
    """

    __slots__ = ()

    @property
    def id(self) -> str:
        """Unique within the runtime, and across runtimes by its random prefix."""
        name: str = self.scope.ids.name(self.number)
        return name

    @property
    def correlation_id(self) -> str:
        """Id of the run."""
        run_id: str = self.scope.correlation_id
        return run_id

    @property
    def causation_id(self) -> str | None:
        """Id of the message that caused this one; None for the run's first."""
        return self.scope.ids.name(self.cause) if self.cause else None

    @property
    def deadline(self) -> float:
        """Latest end of the run, in seconds on the loop's clock; infinity when unbounded."""
        at: float = self.scope.deadline
        return at

    def shown(self) -> Message[P_co]:
        """Return the message as a recipient sees it."""
        return Message(
            self.payload, self.id, self.correlation_id, self.causation_id, self.sender, self.recipient,
            copied(self.headers), self.label, self.hops, self.deadline,
        )  # fmt: skip

    def record(self) -> dict[str, Any]:
        """Return the envelope as plain values; the payload is beside it, as its class serialises it."""
        topic, headers = topic_of(self.payload), self.headers
        return {
            "id": self.id, "run_id": self.correlation_id, "scope": self.scope.id, "cause": self.causation_id,
            "topic": topic.name, "version": topic.version, "sender": self.sender, "recipient": self.recipient,
            "hops": self.hops, "label": self.label.label, "headers": headers.record(),
            "payload": self.payload.model_dump(mode="json"),
        }  # fmt: skip

    __setattr__ = __delattr__ = _immutable

    def __repr__(self) -> str:  # never the payload: this text lands in logs
        return f"<Envelope {self.id} {topic_of(self.payload).name} from {self.sender!r}>"


def stamp(
    number: int,
    payload: P,
    sender: str,
    recipient: str | None,
    scope: Any,
    cause: int,
    hops: int,
    headers: Headers,
    label: Classification,
    inspection: Inspection,
) -> Envelope[P]:
    """Build an envelope; the bus alone calls this.

    The fields are set on a plain slotted object that then becomes a class refusing assignment: 0.2 us, where a frozen
    dataclass of these fields costs 0.8.
    """
    envelope: Any = Unstamped()
    envelope.number = number
    envelope.payload = payload
    envelope.sender = sender
    envelope.recipient = recipient
    envelope.scope = scope
    envelope.cause = cause
    envelope.hops = hops
    envelope.headers = headers
    envelope.label = label
    envelope.inspection = inspection
    envelope.__class__ = Envelope
    stamped: Envelope[P] = envelope
    return stamped


def masked_copy(message: Envelope[Any], payload: Payload) -> Envelope[Any]:
    """Return the same envelope round a masked payload."""
    return stamp(
        message.number, payload, message.sender, message.recipient, message.scope, message.cause, message.hops,
        message.headers, message.label, message.inspection,
    )  # fmt: skip
