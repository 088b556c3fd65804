"""Attack: somebody who can write the control file votes, kills or revives under a name and roles of their choosing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from genie import Caller
from genie.contracts.ports.control import Act
from genie.edges.control.database import Ledger
from genie.edges.control.operators import Operators
from genie.edges.identity.jwt import issue
from genie.edges.identity.keys import generate, private_key
from tests.genie.edges.test_edges_ledger import report, request

NOW = 1_000.0


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    generate(tmp_path / "issuer")
    generate(tmp_path / "stranger")
    return tmp_path


def token(keys: Path, user: str = "ben", *roles: str, key: str = "issuer", now: float = NOW, **changes: Any) -> str:
    caller = Caller(user=user, roles=frozenset(roles), tenant=changes.pop("tenant", "acme"))
    given = {"issuer": "login", "audience": "genie", "lifetime_s": 60.0, **changes}
    return issue(caller, private_key(keys / key), now=now, **given)


def opened(keys: Path, *, demands: bool = True) -> tuple[Ledger, Ledger]:
    """Return the file as the running process and as people see it."""
    roles = frozenset({"operator"})
    operators = Operators(keys / "issuer.pub", "login", "genie", tenant="acme", roles=roles) if demands else None
    process = Ledger(keys / "control.db", create=True, operators=operators)
    process.register("p-1", report(NOW, requests={"hold-1": request()}))
    return process, Ledger(keys / "control.db", create=False)


def voted(keys: Path, given: str | None, by: str = "carla") -> tuple[Any, tuple[bool, str] | None]:
    process, people = opened(keys)
    [asked] = people.requests(NOW)
    number = people.vote(
        asked, by=by, roles=("treasury", "board"), approve=True, reason="x", edit=None, at=NOW, token=given
    )
    news, _ = process.exchange("p-1", report(NOW + 1), 0, beat=False)
    return news, people.answer(number)


BAD = {
    "none": lambda keys: None,
    "no token": lambda keys: "carla",
    "of a stranger": lambda keys: token(keys, "ben", "treasury", key="stranger"),
    "expired": lambda keys: token(keys, "ben", "treasury", now=NOW - 3600),
    "of another issuer": lambda keys: token(keys, "ben", "treasury", issuer="other"),
    "for another audience": lambda keys: token(keys, "ben", "treasury", audience="other"),
    "of another tenant": lambda keys: token(keys, "ben", "treasury", tenant="globex"),
    "of no tenant": lambda keys: token(keys, "ben", "treasury", tenant=None),
    "cut": lambda keys: token(keys, "ben", "treasury")[:-4],
}


@pytest.mark.parametrize("how", BAD)
def test_a_vote_without_a_good_token_does_not_count_and_is_told(keys: Path, how: str) -> None:
    news, answer = voted(keys, BAD[how](keys))
    assert news.votes == ()
    assert len(news.refused) == 1
    assert answer is not None
    assert answer[0] is False


def test_name_and_roles_are_those_of_the_token_whatever_stands_beside_it(keys: Path) -> None:
    news, answer = voted(keys, token(keys, "ben", "treasury"), by="carla")
    [vote] = news.votes
    assert (vote.by, vote.roles, answer) == ("ben", {"treasury"}, None)


def test_a_token_is_erased_once_its_vote_is_answered(keys: Path) -> None:
    given = token(keys, "ben", "treasury")
    process, people = opened(keys)
    [asked] = people.requests(NOW)
    number = people.vote(asked, by="ben", roles=(), approve=True, reason="x", edit=None, at=NOW, token=given)
    process.exchange("p-1", report(NOW + 1), 0, beat=False)
    process.exchange("p-1", report(NOW + 2, answers={number: (True, "approved")}), 0, beat=False)
    [[body]] = people._connection.execute("SELECT body FROM votes").fetchall()
    assert given not in body


@pytest.mark.parametrize("word", ["killed", "paused", "revived", "resumed"])
def test_a_switch_needs_a_token_with_a_role_of_operators(keys: Path, word: Any) -> None:
    process, people = opened(keys)
    for given in (None, token(keys, "ben", "treasury"), token(keys, "ben", "operator", key="stranger")):
        people.act(Act(word, "agent", "bank", "eve", "x", None, given), NOW)
    people.act(Act(word, "agent", "bank", "eve", "x", None, token(keys, "ben", "operator")), NOW)
    news, _ = process.exchange("p-1", report(NOW + 1), 0, beat=False)
    assert [(act.word, act.by, act.token) for act in news.acts] == [(word, "ben", None)]
    assert news.refused == ("missing", "role", "signature")


def test_a_kill_that_is_read_late_counts_and_a_revival_does_not(keys: Path) -> None:
    process, people = opened(keys)
    for word in ("killed", "revived"):
        people.act(Act(word, "agent", "bank", "", "x", None, token(keys, "ben", "operator")), NOW)  # type: ignore[arg-type]  # one of the words
    news, _ = process.exchange("p-1", report(NOW + 3600), 0, beat=False)
    assert [act.word for act in news.acts] == ["killed"]
    assert news.refused == ("expired",)


def test_another_process_stops_what_it_stopped_itself_and_revives_nothing_unsigned(keys: Path) -> None:
    process, _ = opened(keys)
    other = Ledger(keys / "control.db", create=False)
    other.register("p-2", report(NOW))
    acts = tuple(Act(word, "agent", "bank", "program", "x") for word in ("killed", "revived"))
    other.exchange("p-2", report(NOW + 1, acts=acts), 0, beat=False)
    news, _ = process.exchange("p-1", report(NOW + 2), 0, beat=False)
    assert [act.word for act in news.acts] == ["killed"]


def test_without_keys_names_are_trusted_as_they_stand(keys: Path) -> None:
    process, people = opened(keys, demands=False)
    people.act(Act("killed", "agent", "bank", "eve", "x"), NOW)
    assert [act.by for act in process.exchange("p-1", report(NOW + 1), 0, beat=False)[0].acts] == ["eve"]
