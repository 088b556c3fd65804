"""What was spent: kept beyond the process, shared by processes, shown to whoever may see it."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from genie.cli import main
from genie.contracts.model_call import Usage
from genie.errors import InputError
from genie.server.principals import Allowance, ApiKeys, new_key
from genie.server.proxy.spend import OverError, Place, Spend
from genie.testing.providers import Rule, says
from tests.genie.server.proxy.proxy_for_tests import CHAT, chat, desk, models

DAY = Place("key", "k1", "2026-11-22", Allowance(cost=Decimal("1.00"), tokens=1_000))


def test_a_restart_charges_what_a_killed_process_had_reserved_as_estimated(tmp_path: Path) -> None:
    with Spend(tmp_path / "spend.db") as spend:
        spend.settle(spend.reserve((DAY,), Decimal("0.30"), 100, 1.0), Decimal("0.20"), 90)
        spend.more(spend.reserve((DAY,), Decimal("0.40"), 90, 2.0), Decimal("0.50"), 100)  # its process is killed
    with Spend(tmp_path / "spend.db", reads=True) as spend:  # whoever reads charges nothing
        assert [(one.cost, one.reserved_cost) for one in spend.all()] == [(Decimal("0.2"), Decimal("0.5"))]
    with Spend(tmp_path / "spend.db") as spend:
        (found,) = spend.all("key")
        assert (found.cost, found.tokens, found.reserved_cost) == (Decimal("0.7"), 190, Decimal(0))
        assert (found.reserved_tokens, found.calls, found.estimated, spend.charged) == (0, 2, 1, 1)
        with pytest.raises(OverError):
            spend.reserve((DAY,), Decimal("0.31"), 1, 3.0)
        spend.settle(spend.reserve((DAY,), Decimal("0.30"), 1, 3.0), Decimal(0), 1)
    with Spend(tmp_path / "spend.db") as spend:
        assert (spend.charged, spend.all()[0].cost) == (0, Decimal("0.7"))


def test_what_a_process_that_lives_has_reserved_is_not_charged_by_the_next(tmp_path: Path) -> None:
    path = tmp_path / "spend.db"
    lives, killed = Spend(path), Spend(path)
    ticket = lives.reserve((DAY,), Decimal("0.10"), 10, 1.0)
    killed.reserve((DAY,), Decimal("0.20"), 20, 1.0)
    killed.close()
    with Spend(path) as third:
        (found,) = third.all()
        assert (third.charged, found.cost, found.reserved_cost) == (1, Decimal("0.2"), Decimal("0.1"))
    lives.settle(ticket, Decimal("0.05"), 5)
    (found,) = lives.all()
    lives.close()
    assert (found.cost, found.tokens, found.reserved_cost, found.estimated) == (Decimal("0.25"), 25, 0, 1)


def test_processes_that_share_a_file_spend_no_more_than_there_is(tmp_path: Path) -> None:
    with Spend(tmp_path / "spend.db") as one, Spend(tmp_path / "spend.db") as other:
        one.reserve((DAY,), Decimal("0.60"), 1, 1.0)
        with pytest.raises(OverError) as over:
            other.reserve((DAY,), Decimal("0.60"), 1, 1.0)
        assert over.value.unit == "cost"


def test_an_account_without_room_leaves_the_others_as_they_were() -> None:
    free = Place("model", "desk", "2026-11-22", None)
    with Spend() as spend:
        with pytest.raises(OverError):
            spend.reserve((free, DAY), Decimal(2), 1, 1.0)
        assert spend.all() == []


@given(st.lists(st.tuples(st.integers(1, 400), st.integers(0, 600)), max_size=20))
def test_no_order_of_calls_spends_more_than_it_reserved_and_costs_are_exact(calls: list[tuple[int, int]]) -> None:
    with Spend() as spend:
        paid = Decimal(0)
        tickets = []
        for bound, used in calls:
            try:
                ticket = spend.reserve((DAY,), Decimal(bound) / 1_000, 1, 1.0)
            except OverError:
                continue
            tickets.append((ticket, min(bound, used)))
            if len(tickets) > 2:
                ticket, cost = tickets.pop(0)
                spend.settle(ticket, Decimal(cost) / 1_000, 1)
                spend.settle(ticket, Decimal(cost) / 1_000, 1)  # once
                paid += Decimal(cost) / 1_000
        found = spend.all("key")
        if found:
            assert found[0].cost == paid
            assert found[0].cost + found[0].reserved_cost <= Decimal("1.00")


def test_a_fraction_of_the_smallest_part_is_rounded_up() -> None:
    with Spend() as spend:
        spend.settle(spend.reserve((DAY,), Decimal("1e-13"), 1, 1.0), Decimal("1e-13"), 1)
        assert spend.all()[0].cost == Decimal("1e-12")


def test_another_file_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("some notes")
    with pytest.raises(InputError):
        Spend(tmp_path / "text")
    assert (tmp_path / "text").read_text() == "some notes"
    other = sqlite3.connect(tmp_path / "other.db")
    other.execute("CREATE TABLE account (something TEXT)")
    other.close()
    with pytest.raises(InputError):
        Spend(tmp_path / "other.db")


@pytest.mark.anyio
async def test_a_call_is_refused_while_the_file_cannot_be_written() -> None:
    async with desk(models(Rule("", "never"))) as at:
        at.proxy.spend.close()
        found = await at.post(CHAT, at.key(), chat())
        assert found.status in {500, 503}
        assert at.proxy.models["desk"].provider.calls == 0  # type: ignore[attr-defined]  # it is scripted


@pytest.mark.anyio
async def test_a_key_sees_its_own_spending_and_an_operator_all_of_it() -> None:
    async with desk(models(Rule("", says("a bus", usage=Usage(input=1_000_000, output=2))))) as at:
        one, other = at.key("ann", budget={"cost": "1000"}), at.key("bob")
        await at.post(CHAT, one, chat())
        await at.post(CHAT, other, chat())
        async with at.http(one) as http:
            found = (await http.get("/v1/spend")).json()["accounts"]
            assert {(each["kind"], each["user"], each["cost"]) for each in found} == {
                ("key", "ann", "3"), ("conversation", "ann", "3"),
            }  # fmt: skip
            assert [each["limit_cost"] for each in found if each["kind"] == "key"] == ["1000"]
        async with at.http(at.key("eve", rights=("operate", "observe"))) as http:
            found = (await http.get("/v1/spend")).json()["accounts"]
            assert {(each["kind"], each["cost"]) for each in found} == {
                ("key", "3"), ("conversation", "3"), ("model", "6"),
            }  # fmt: skip
        async with at.http(at.key("eve", rights=("ask",))) as http:
            assert (await http.get("/v1/spend")).status_code == 403
            page = await http.get("/")
            assert (page.status_code, "default-src 'none'" in page.headers["content-security-policy"]) == (200, True)
            assert "what is a bus" not in page.text


@pytest.mark.anyio
async def test_a_day_goes_on_after_a_restart(tmp_path: Path) -> None:
    rule = Rule("", says("a bus", usage=Usage(input=1, output=64)))
    text, kept = new_key(user="ann", budget={"cost": "100"})
    for status in (200, 429):
        async with desk(models(rule), spend=tmp_path / "spend.db") as at:
            at.server.keys.add(kept)
            assert (await at.post(CHAT, text, chat())).status == status


def test_keys_with_budgets_are_made_listed_and_shown_with_what_they_spent(tmp_path: Path) -> None:
    keys, file = str(tmp_path / "keys.json"), tmp_path / "spend.db"
    command = ["keys", "create", keys, "--user", "job", "--model", "desk", "--budget", "5.00", "--per", "month"]
    made = CliRunner().invoke(main, [*command, "--conversation-budget", "0.5", "--repeats", "3"])
    assert made.exit_code == 0
    (key,) = ApiKeys.read(Path(keys)).all.values()
    assert (key.models, key.budget, key.repeats) == (("desk",), Allowance(cost=Decimal(5), per="month"), 3)
    assert made.output.strip() not in Path(keys).read_text()
    assert "may spend 5.00 a month" in CliRunner().invoke(main, ["keys", "list", keys]).output
    assert CliRunner().invoke(main, [*command[:-4], "--budget", "-5"]).exit_code == 2
    with Spend(file) as spend:
        place = Place("key", key.id, "2026-11", key.budget)
        spend.settle(spend.reserve((place,), Decimal(1), 10, 1.0), Decimal("0.25"), 10)
    shown = CliRunner().invoke(main, ["spend", str(file), "--keys", keys, "--json"])
    assert json.loads(shown.output)["accounts"][0]["cost"] == "0.25"
    drawn = CliRunner().invoke(main, ["spend", str(file), "--keys", keys]).output
    assert f"{key.id} (job)" in drawn
    assert CliRunner().invoke(main, ["spend", str(tmp_path / "none.db")]).exit_code == 2


def test_a_database_of_something_else_is_refused_and_left_as_it_was(tmp_path: Path) -> None:
    """Was: a table of accounts was made in it, by `genie spend` too."""
    path = tmp_path / "control.db"
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE votes (id TEXT)")
    with pytest.raises(InputError):
        Spend(path)
    with contextlib.closing(sqlite3.connect(path)) as other:
        assert other.execute("SELECT name FROM sqlite_master").fetchall() == [("votes",)]


@pytest.mark.anyio
async def test_a_key_is_listed_where_none_of_its_calls_was_let_through() -> None:
    async with desk(models(Rule("", "never"))) as at:
        assert (await at.post(CHAT, at.key(budget={"tokens": 10}), chat())).status == 429
        key = at.account("key")
        assert (key.refused, key.calls, key.tokens, key.cost) == (1, 0, 0, 0)
        assert [one.kind for one in at.proxy.spend.all()] == ["key"]


@pytest.mark.anyio
async def test_a_call_that_a_conversation_refuses_counts_for_its_key() -> None:
    async with desk(models(Rule("", "never"))) as at:
        key = at.key(conversation={"tokens": 10})
        for name in ("one", "two"):  # names that a client makes up leave nothing behind
            assert (await at.post(CHAT, key, chat(), **{"x-genie-conversation": name})).status == 429
        assert at.account("key").refused == 2
        assert [one.kind for one in at.proxy.spend.all()] == ["key"]


def test_a_refused_call_before_the_first_is_no_second_account() -> None:
    with Spend() as spend:
        spend.refuse((DAY,), DAY, 1.0)
        spend.settle(spend.reserve((DAY,), Decimal("0.10"), 10, 2.0), Decimal("0.05"), 5)
        (found,) = spend.all()
        assert (found.refused, found.calls, spend._count) == (1, 1, 1)
