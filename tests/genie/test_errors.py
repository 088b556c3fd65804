"""The tree of errors: every class is drawn, every label names one, every sentence tells facts, all are picklable."""

from __future__ import annotations

import pickle
import re

import pytest

from genie import errors
from genie.errors import ConfigError, GenieError, InputError, MailboxFullError, UnknownAgentError, did_you_mean

CLASSES = [
    found for found in vars(errors).values() if isinstance(found, type) and issubclass(found, GenieError)
]  # fmt: skip
SAMPLES = {
    "str": "word",
    "int": 7,
    "int | str": 7,
    "int | None": 7,
    "tuple[str, ...]": ("one", "two"),
    "float": 7.0,
    "float | None": 7.0,
}


def sample(kind: type[GenieError]) -> GenieError:
    types = {name: str(told) for base in kind.__mro__ for name, told in vars(base).get("__annotations__", {}).items()}
    return kind(**{name: SAMPLES[types[name]] for name in kind.facts})


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_the_drawing_shows_every_class(kind: type[GenieError]) -> None:
    assert re.search(rf"^\s+[│├└─ ]*{kind.__name__}\b", errors.__doc__ or "", re.MULTILINE)


def test_every_code_names_one_class() -> None:
    codes = [kind.code for kind in CLASSES]
    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_an_error_survives_pickling(kind: type[GenieError]) -> None:
    before = sample(kind)
    after = pickle.loads(pickle.dumps(before))  # noqa: S301 - what this test wrote itself
    assert type(after) is kind
    assert str(after) == str(before)
    assert [getattr(after, name) for name in kind.facts] == [getattr(before, name) for name in kind.facts]


LEAVES = [kind for kind in CLASSES if not kind.__subclasses__()]


@pytest.mark.parametrize("kind", LEAVES, ids=lambda kind: kind.__name__)
def test_a_sentence_tells_its_first_fact(kind: type[GenieError]) -> None:
    error = sample(kind)
    told = str(error)
    assert told
    assert not told.endswith(".")
    facts = [getattr(error, name) for name in kind.facts]
    assert not facts or any(
        str(part) in told for fact in facts for part in (fact if isinstance(fact, tuple) else (fact,))
    )


def test_a_hint_is_given_only_for_something_near() -> None:
    assert did_you_mean("forcaster", ["forecaster", "adviser"]) == "; did you mean 'forecaster'?"
    assert did_you_mean("xyz", ["forecaster", "adviser"]) == ""
    assert str(UnknownAgentError(agent="xyz", known=("adviser",))) == "no agent 'xyz' is registered"


def test_a_remedy_is_the_next_step() -> None:
    assert str(InputError("a.csv", "is empty", "export it again")) == "a.csv: is empty; export it again"
    assert str(InputError("a.csv", "is empty")) == "a.csv: is empty"
    assert "7 messages" in str(MailboxFullError(agent="slow", capacity=7))
    assert str(ConfigError(("a.yaml:1: one", "a.yaml:2: two"))).splitlines() == ["a.yaml:1: one", "a.yaml:2: two"]


def test_an_error_takes_its_facts_each_once() -> None:
    with pytest.raises(TypeError, match="UnknownAgentError needs agent"):
        UnknownAgentError()  # type: ignore[call-arg]  # what is tested
    with pytest.raises(TypeError, match="UnknownAgentError takes agent, known, each once"):
        UnknownAgentError("x", ("y",), agent="z")  # type: ignore[misc]  # what is tested
    with pytest.raises(TypeError, match="each once"):
        UnknownAgentError("x", ("y",), "z")  # type: ignore[call-arg]  # what is tested
    with pytest.raises(TypeError, match="each once"):
        UnknownAgentError("x", ("y",), colour="red")  # type: ignore[call-arg]  # what is tested
    assert repr(UnknownAgentError("x", ("y",))) == "UnknownAgentError(agent='x', known=('y',))"
