"""Payloads (typed, frozen pydantic models), headers (the security context) and the envelope.

The payload's class *is* the topic. Payloads are validated once, when they are created; the envelope is an immutable
slotted object that only the bus builds.
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
"""Path of a value inside a payload: field names and positions, for example ``("transactions", 3, "narration")``."""


class Topic(NamedTuple):
    """The stable name of a payload class."""

    name: str
    """``family.noun``, lower case."""
    version: int
    classification: Classification
    """The declared label of every payload of this class, before anything that its handler has read raises it."""
    key: str | None
    """Ordering key of messages at a concurrency above one: a field's name, ``BY_RUN``, or None for no order."""


# --- immutability, checked when a class is defined ---

_SCALARS = (
    str, bytes, int, float, complex, bool, type(None), decimal.Decimal, enum.Enum, uuid.UUID,
    datetime.date, datetime.time, datetime.timedelta, datetime.tzinfo,
)  # fmt: skip


def _mutable_part(annotation: object) -> object | None:
    """Return the first mutable part of an annotation, or None."""
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
        return None if bounds and not bad else annotation  # an unbound type variable accepts anything, including a list
    if isinstance(annotation, type) and origin is None and issubclass(annotation, enum.Enum):
        values = (member.value for member in annotation)
        return None if all(isinstance(value, _SCALARS) for value in values) else annotation
    if isinstance(annotation, type) and origin is None and issubclass(annotation, (*_SCALARS, Value)):
        return annotation if not issubclass(annotation, Value) and _has_attributes(annotation) else None
    return annotation


def _has_attributes(kind: type) -> bool:
    """Return True if instances of a class of its own accept attributes, which are never inspected."""
    own = (vars(base) for base in kind.__mro__ if base not in {*_SCALARS, object})
    return any("__dict__" in one or one.get("__slots__") for one in own)


class Value(BaseModel):
    """A frozen value inside a payload: it refuses unknown fields, and every field has an immutable type.

    Raises:
        PayloadDefinitionError: A field's type can change (``list``, ``dict``, ``set``, ``Any``, an arbitrary class);
            raised when the class is defined. Use tuples, frozensets and other ``Value`` classes.
    """

    # Findings of the policy engine, kept with the object they describe, and whether the constructor has validated it.
    # Copies and objects that were not made by the constructor have neither.
    __slots__ = ("_inspection", "_validated")

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, defer_build=True)
    __carried__: ClassVar[bool] = False
    """Set on a class whose instances many messages share: their findings are kept with the instance."""

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
                    f"{cls.__qualname__}.{name}", "would show a value other than the one that it holds"
                )
            if isinstance(member, cached_property):
                raise PayloadDefinitionError(
                    f"{cls.__qualname__}.{name}", "a cached property can change; use a property"
                )
        if type(cls).__eq__ is not type.__eq__ or type(cls).__hash__ is not type.__hash__:
            raise PayloadDefinitionError(cls.__qualname__, "overrides class comparison; declare it plainly")
        for name, info in cls.model_fields.items():
            bad = _mutable_part(info.annotation)
            if bad is not None:
                shown = getattr(bad, "__name__", str(bad))
                raise PayloadDefinitionError(
                    f"{cls.__qualname__}.{name}",
                    f"{shown} can change after it was sent; use a tuple, a frozenset or a Value class",
                )
        if cls.__module__ != __name__:
            # The two bases are never validated, so their schemas are not built; all others are built at once.
            cls.model_rebuild(raise_errors=False)

    @classmethod
    def model_construct(cls, _fields_set: set[str] | None = None, **values: Any) -> Self:  # type: ignore[override]  # pydantic names a set of fields that validation finds itself
        """Return a validated instance, so that a published payload always matches its declaration.

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

    if not TYPE_CHECKING:  # type checkers derive each class's constructor from its fields

        def __init__(self, /, **values: Any) -> None:
            """Validate the values.

            Raises:
                pydantic.ValidationError: The values are not valid, or the instance already has values.
            """
            if self.__dict__:
                raise _frozen(self, "__init__")
            self.__pydantic_validator__.validate_python(values, self_instance=self)
            _mark_validated(self, True)  # noqa: FBT003 - a slot's own setter

        __init__.__pydantic_base_init__ = True  # pydantic validates nested instances without calling it

    def __setattr__(self, name: str, value: object) -> None:
        """Refuse every assignment; pydantic's method allows names that start with an underscore, and ``__class__``.

        Raises:
            pydantic.ValidationError: Always.
        """
        raise _frozen(self, name)

    def __delattr__(self, name: str) -> None:
        raise _frozen(self, name)

    def __setstate__(self, state: dict[Any, Any]) -> None:
        if self.__dict__:  # empty while a copy is being made
            raise _frozen(self, "__setstate__")
        super().__setstate__(state)


_COMMON = frozenset({Value, BaseModel, Generic, object})
_mark_validated = vars(Value)["_validated"].__set__
_HOOKS = ("__getattribute__", "__getattr__", "__setattr__", "__delattr__", "__setstate__", "__class__", "__dict__")
"""Names that a class of values may not define: they could change it, or show different recipients different values."""


def _frozen(value: Value, name: str) -> ValidationError:
    errors = [InitErrorDetails(type="frozen_instance", loc=(name,), input=None)]
    return ValidationError.from_exception_data(type(value).__name__, errors)


_OPTIONS = ("topic", "version", "classification", "key")
BY_RUN = ""
"""Key of a payload class whose messages stay in order within their run."""
_TOPIC_NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*\Z")
_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class Fragment(NamedTuple):
    """How payloads of one class form the pieces of a text, so that the text is judged as a whole."""

    text: str = ""
    """Field that contains the piece."""
    of: tuple[str, ...] = ()
    """Fields that identify the text to which the piece belongs."""
    drops: bool = False
    """Field that marks the text so far as void."""


class Payload(Value):
    """The typed content of a message; the class is the topic.

    Class keywords:
        topic: The stable name, ``family.noun``; the class name in snake case by default.
        version: Version of the content under that name, from 1.
        classification: Declared label (``public``, ``internal``, ``confidential``, ``restricted``); ``internal`` by
            default.
        key: Ordering field for a recipient that handles several messages at once. By default the messages of one run
            stay in order; None means no order, so that one run can use every slot of an agent.

    Raises:
        PayloadDefinitionError: The topic is malformed, the key no field, the label unknown, or a field can change.
    """

    __topic__: ClassVar[Topic] = Topic("payload", 1, Classification.INTERNAL, BY_RUN)
    __fragment__: ClassVar[Fragment | None] = None
    """Set on a class whose payloads are pieces of a longer text."""

    @classmethod
    def upcast(cls, version: int, fields: dict[str, Any]) -> dict[str, Any] | None:  # noqa: ARG003 - for those that override it
        """Convert the fields of an earlier version of the topic to this one, both as JSON values.

        A runtime with a log calls it for a payload that an earlier program has stored, and validates the result. None,
        the default, means that the class cannot read that version.

        Args:
            version: The stored version.
            fields: Its fields.
        """
        return None

    def _repr_html_(self) -> str:
        """Show the payload's report in a notebook; code that holds a payload may see it."""
        import importlib  # noqa: PLC0415 - start-up: for notebooks alone

        shown: str = importlib.import_module("genie.reports.notebook").shown(self)  # from a layer above, like a plug-in
        return shown

    def __init_subclass__(cls, **options: Any) -> None:  # pydantic sees only the options of the model
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
            # A subclass is at least as sensitive as its base.
            level = max(
                cls.__topic__.classification if cls.__topic__.name != "payload" else Classification.PUBLIC,
                Classification.INTERNAL if classification is None else Classification.parse(classification),
            )
        except ValueError as error:
            raise PayloadDefinitionError(cls.__qualname__, str(error)) from None
        cls.__topic__ = Topic(name, version, level, key)


P = TypeVar("P", bound=Payload)


def unvalidated(kind: type[P], values: Mapping[str, Any]) -> P:
    """Return an unvalidated payload: for masked copies, and for values that a journal no longer holds."""
    made: P = BaseModel.model_construct.__func__(kind, **values)  # type: ignore[attr-defined]  # past its own check
    return made


def topic_of(payload: Payload | type[Payload]) -> Topic:
    """Return the topic of a payload or of its class."""
    return payload.__topic__


# --- what inspectors saw ---


class Finding(NamedTuple):
    """A finding of an inspector: a kind and a place, never the matched text."""

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
    """False if the field is not a plain string, so that the payload must be denied instead of masked."""
    score: float = 1.0
    """Confidence of the inspector, in [0, 1]."""

    @property
    def whole(self) -> bool:
        """True for a part of an instruction: masking replaces the whole string, because a reader obeys the rest."""
        return self.kind.startswith("injection.")


@dataclass(frozen=True, slots=True)
class Inspection:
    """The findings of one payload, computed once and shared by every delivery of it."""

    size_bytes: int
    """UTF-8 length of the strings, plus eight bytes for every other scalar."""
    findings: tuple[Finding, ...] = ()
    label: Classification = Classification.PUBLIC
    """The highest label found; public if nothing was found."""
    failed: str | None = None
    """Why an inspection failed; a policy that needs its findings then denies."""
    masked: dict[frozenset[Path], Payload] = field(default_factory=dict, compare=False, repr=False)
    """Masked copies made so far, by masked paths; only the engine adds them."""
    clean: bool = field(init=False, compare=False, repr=False)
    """True if the inspection succeeded and found nothing."""

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
    """Id of the message that caused this one; None for the first message of the run."""
    sender: str
    """Agent id, or the caller's name; set by the bus."""
    recipient: str | None
    """Agent id of a directed message, else None."""
    headers: Headers
    label: Classification
    """Declared classification of this message."""
    hops: int
    """Number of messages between the first of the run and this one."""
    deadline: float
    """Latest end of the run, in seconds on the loop's clock; infinity if unbounded."""

    def __repr__(self) -> str:  # never the payload: this text is written to logs
        return f"<Message {self.id} {topic_of(self.payload).name} from {self.sender!r}>"


def _immutable(message: Message[Any] | Envelope[Any], name: str, _value: object = None) -> Never:
    raise ImmutableMessageError(agent=message.sender, field=name)


for _name in ("__setattr__", "__delattr__"):
    setattr(Message, _name, _immutable)  # replaces that of a frozen dataclass: it names the agent and the field


class Unstamped(Generic[P_co]):
    """The fields of an envelope under construction; only the bus sets them."""

    __slots__ = (
        "cause", "headers", "hops", "inspection", "label", "number", "payload", "recipient", "scope", "sender",
    )  # fmt: skip

    number: int
    payload: P_co
    sender: str
    recipient: str | None
    scope: Any  # the kernel's scope, of which contracts only use ids and the deadline
    cause: int
    hops: int
    headers: Headers
    label: Classification
    inspection: Inspection


class Envelope(Unstamped[P_co]):
    """The immutable envelope of one payload, as the bus and policies see it: unmasked, with its findings.

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
        """Return the envelope as plain values, without the payload, which its class serialises."""
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
    """Build an envelope; only the bus calls this.

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
    """Return the same envelope with a masked payload."""
    return stamp(
        message.number, payload, message.sender, message.recipient, message.scope, message.cause, message.hops,
        message.headers, message.label, message.inspection,
    )  # fmt: skip
