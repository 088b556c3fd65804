"""The harness: what it proves before it measures, and the shape of what it reports. Never how fast anything is."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import anyio
import pytest
from click.testing import CliRunner

from genie.benchmark import CONSENTING, TENANTS, BenchmarkError, all_policies, eight_policies, fanout, prove
from genie.benchmark.baseline import Bare
from genie.benchmark.memory import blocked_runs, idle_agents
from genie.benchmark.sanity import offences
from genie.benchmark.startup import startup
from genie.benchmark.timing import in_flight, one_way, percentile, requests_at, waiting, whole
from genie.benchmark.workload import Governed, Question, Reply, Work, question
from genie.cli import main
from genie.contracts.card import AgentCard
from genie.policies.declassification import Declassification
from genie.policies.index import POLICIES
from genie.policy.declassification import Downgrade
from genie.policy.policy import Deny, PolicySet, Route

EIGHT = (
    "payload_size", "required_headers", "topic_roles", "clearance", "tenant_isolation", "risk_tier", "pii", "injection",
)  # fmt: skip
CARD = AgentCard(id="a0", tenants=TENANTS)


class Toothless:
    """A policy that inspects like the one it replaces and never objects."""

    version = "1"

    def __init__(self, real: Any) -> None:
        self.name = real.name
        self.settings = real.settings
        self.inspectors = real.inspectors

    def compile(self, route: Route) -> None:
        return None


class Permissive(Declassification):
    """Lets every label fall."""

    def permits(self, downgrade: Downgrade) -> bool:
        return True


class Broken(Toothless):
    """A policy that cannot be used, so that its routes are shut."""

    def compile(self, route: Route) -> None:
        raise LookupError("no table")


class Wall(Toothless):
    """A policy that denies everything."""

    def compile(self, route: Route) -> Any:
        return lambda _message, _sender: Deny(self.name, "no")


def with_one(name: str, kind: type[Toothless]) -> PolicySet:
    real = eight_policies()
    return replace(real, policies=tuple(kind(one) if one.name == name else one for one in real.policies))


# --- the policies ---


def test_the_eight_policies_are_these() -> None:
    assert tuple(policy.name for policy in eight_policies().policies) == EIGHT


@pytest.mark.parametrize("kind", [Question, Work])
@pytest.mark.parametrize("name", EIGHT)
def test_no_policy_is_compiled_away_for_a_measured_agent(name: str, kind: Any) -> None:
    chosen = eight_policies()
    policy = next(one for one in chosen.policies if one.name == name)
    assert policy.compile(Route(kind, CARD, chosen.environment)) is not None


def test_all_policies_are_those_that_ship() -> None:
    assert {policy.name for policy in all_policies().policies} == set(POLICIES)


# --- the proof ---


@pytest.mark.anyio
@pytest.mark.parametrize("name", sorted(set(POLICIES) - set(EIGHT)))
async def test_one_of_all_policies_that_objects_to_nothing_stops_the_measurement(name: str) -> None:
    real = all_policies()
    toothless = replace(real, policies=tuple(Toothless(one) if one.name == name else one for one in real.policies))
    if name == "declassification":  # without it cards decide alone, and then the label falls
        toothless = replace(real, policies=tuple(one for one in real.policies if one.name != name))
        toothless = replace(toothless, policies=(*toothless.policies, Permissive()))
    with pytest.raises(BenchmarkError, match=name):
        await prove(toothless, CONSENTING)


@pytest.mark.anyio
async def test_each_of_all_policies_stops_its_message() -> None:
    policies = all_policies()
    assert {policy.name for policy in policies.policies} >= set(POLICIES)
    await prove(policies, CONSENTING)


@pytest.mark.anyio
async def test_each_of_the_eight_stops_its_message() -> None:
    assert set(offences()) == set(POLICIES)
    await prove(eight_policies())


@pytest.mark.anyio
@pytest.mark.parametrize("name", EIGHT)
async def test_a_toothless_policy_is_named(name: str) -> None:
    with pytest.raises(BenchmarkError, match=f"policy '{name}'"):
        await prove(with_one(name, Toothless))


@pytest.mark.anyio
@pytest.mark.parametrize("kind", [Broken, Wall])
async def test_a_set_that_stops_an_ordinary_message_proves_nothing(kind: type[Toothless]) -> None:
    with pytest.raises(BenchmarkError, match="ordinary"):
        await prove(with_one("clearance", kind))


@pytest.mark.anyio
async def test_every_measured_policy_needs_its_proof() -> None:
    real = eight_policies()
    with pytest.raises(BenchmarkError, match="policy 'injection': is not in the measured set"):
        await prove(replace(real, policies=real.policies[:-1]))
    ninth = Toothless(real.policies[0])
    ninth.name = "moon_phase"
    with pytest.raises(BenchmarkError, match="policy 'moon_phase': has no message"):
        await prove(replace(real, policies=(*real.policies, ninth)))


def test_nothing_is_timed_under_a_toothless_set() -> None:
    told: list[str] = []
    with pytest.raises(BenchmarkError, match="policy 'pii'"):
        fanout((3,), requests=1, repetitions=1, policies=with_one("pii", Toothless), progress=told.append)
    assert told == []


# --- the work ---


def test_both_contenders_do_the_same_work() -> None:
    async def both() -> tuple[Any, Any]:
        async with Governed(3, policies=eight_policies()) as bus, Bare(3) as bare:
            await bus.send(250)
            await bare.send(250)
            return await bus.ask(7), await bare.ask(7)

    governed, bare = (answer.model_dump() for answer in anyio.run(both))
    assert sorted(part["agent"] for part in governed["results"]) == ["a0", "a1", "a2"]
    assert governed.pop("results") == tuple(sorted(bare.pop("results"), key=lambda part: part["agent"]))
    assert governed == bare == {"corr": "r7", "count": 3}


def test_a_message_has_six_fields_one_of_them_twelve_numbers() -> None:
    asked = question(1)
    assert len(Question.model_fields) == len(Work.model_fields) == 6
    assert len(asked.series) == 12
    assert all(type(number) is float for number in asked.series)


@pytest.mark.parametrize("answer", [Reply(corr="r2", count=0, results=()), Reply(corr="r1", count=0, results=())])
def test_an_answer_that_is_not_whole_is_not_timed(answer: Reply) -> None:
    with pytest.raises(BenchmarkError, match="round trip 1"):
        whole(answer, 1, 3 if answer.corr == "r1" else 0)


# --- what is reported ---


@pytest.mark.slow
@pytest.mark.usefixtures("own_garbage")
def test_a_row_keeps_the_contract_of_the_command() -> None:
    rows = fanout((1, 3), requests=4, repetitions=2)
    assert [row["fanout"] for row in rows] == [1, 3]
    for row in json.loads(json.dumps(rows)):
        assert set(row) == {
            "fanout", "requests", "policies", "p50_us", "p95_us", "p99_us", "per_delivery_us", "baseline_p50_us",
            "ratio",
        }  # fmt: skip
        assert row["requests"] == 4
        assert row["policies"] == list(EIGHT)
        assert 0 < row["p50_us"] <= row["p95_us"] <= row["p99_us"]
        assert row["per_delivery_us"] == pytest.approx(row["p50_us"] / (row["fanout"] + 1), abs=0.01)
        assert row["baseline_p50_us"] > 0
        assert row["ratio"] > 0


@pytest.mark.slow
@pytest.mark.usefixtures("own_garbage")
def test_people_get_a_table_that_fits_a_narrow_terminal() -> None:
    shown = CliRunner().invoke(main, ["bench", "fanout", "--fanout", "1", "--requests", "50"])
    assert shown.exit_code == 0, shown.output
    assert "…" not in shown.stdout
    assert "ratio" in shown.stdout
    assert "".join(EIGHT) in shown.stdout.split("judged by")[1].replace("\n", " ").replace(", ", "").replace(" ", "")


@pytest.mark.parametrize(("values", "share", "found"), [([3, 1, 2], 0.5, 2), ([5], 0.99, 5), ([*range(100)], 0.95, 95)])
def test_a_percentile_is_one_of_the_values(values: list[int], share: float, found: int) -> None:
    assert percentile(values, share) == found


def test_the_larger_the_fanout_the_fewer_the_requests() -> None:
    counts = [requests_at(n) for n in (1, 3, 60, 1000, 10_000)]
    assert counts == sorted(counts, reverse=True)
    assert counts[-1] >= 10


@pytest.mark.slow
@pytest.mark.usefixtures("own_garbage")
def test_throughput_and_waiting_are_measured_beside_the_baseline() -> None:
    found = [
        in_flight(5, seconds=0.001, repetitions=1),
        one_way(150, repetitions=1),
        waiting(3, wait_s=0.0, requests=2, repetitions=1),
    ]
    assert all(one.value > 0 and one.baseline > 0 and one.ratio > 0 for one in found)


@pytest.mark.slow
def test_memory_is_measured_in_processes_of_its_own() -> None:
    blocked = blocked_runs(300, children=1)
    assert blocked.ratio == blocked.value / blocked.baseline > 0
    assert idle_agents(3, children=1) > 1e6


def test_the_import_loads_nothing_heavy() -> None:
    found = startup(rounds=1)
    assert found.heavy == ()
    assert found.python_ms > 0
    assert found.version_ms > 0
