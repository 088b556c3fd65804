"""A scenario file is checked like a pipeline: every problem at its line, with the nearest word."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from genie.errors import ConfigError
from genie.simulation.invariants import Check, InvariantRegistry
from genie.simulation.record import Record
from genie.simulation.scenario import parse, shipped

ROOT = Path(__file__).parents[3]
GOOD = """version: 1
id: small
pipeline: insights
duration: 1d
workload:
  arrivals:
    - {poisson: 1}
  questions:
    - {question: "Why?", statement: config/statements/sample-savings.ofx}
"""


def problems(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        parse(text, name="s.yaml", folder=ROOT)
    return str(caught.value).replace(f"{ROOT}/", "")


def test_a_good_one_is_loaded() -> None:
    scenario = parse(GOOD, name="s.yaml", folder=ROOT)
    assert scenario.pipeline.id == "insights"
    assert scenario.section.duration == 86_400
    assert [one.name for one in scenario.invariants][:2] == ["account_balances", "runs_end"]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("duration: 1d", "durration: 1d", "unknown key 'durration'; did you mean 'duration'?"),
        ("duration: 1d", "duration: 1 fortnight", "s.yaml:4: duration is not valid: write a duration as 90"),
        ("{poisson: 1}", "{poisson: 1, every: 2}", "give exactly one of poisson, every, burst and trace"),
        ("{poisson: 1}", "{trace: nowhere.csv}", "s.yaml:7: "),
        ("sample-savings.ofx", "missing.ofx", "s.yaml:9: "),
        ("pipeline: insights", "pipeline: insigths", "did you mean 'insights'?"),
        ("version: 1", "version: 2", "s.yaml:1: version should be at most 1"),
        ("id: small", "id: small\nwork: {forcaster: 2}", "no agent 'forcaster'; did you mean 'forecaster'?"),
        ("id: small", "id: small\ntrouble: [{kind: hang, agent: adviser, topic: x}]", "receives or sends 'x'"),
        ("id: small", "id: small\ntrouble: [{kind: slow, agent: adviser}]", "slow needs `takes`"),
        ("id: small", "id: small\ntrouble: [{kind: hung, agent: adviser}]", "did you mean 'hang'?"),
        ("id: small", "id: small\ntrouble: [{kind: hang}]", "name an agent or a topic"),
        ("id: small", "id: small\ninvariants: [p98]", "unknown invariant 'p98'; did you mean 'p99'?"),
        ("id: small", "id: small\ninvariants: [{p99: {under: 0}}]", "p99.under: should be above 0"),
        ("id: small", "id: small\ninvariants: [runs_end]", "runs_end is always checked; leave it out"),
        ("id: small", "id: small\nset: {limits.max_rums: 3}", "did you mean 'max_runs'?"),
        (
            'question: "Why?", statement: config/statements/sample-savings.ofx',
            "fields: {question: 3}",
            "should be text",
        ),
        ('"Why?", statement', "synthetic, mix: {overwiew: 1}, statement", "'overwiew' is not a kind of question"),
        ("  arrivals:", "  population: {countries: {XX: 1}}\n  arrivals:", "XX"),
        ("id: small", "id: small\ninvariants: [{planted_found: {at: missing.resaon}}]", "did you mean 'reason'?"),
        ("id: small", "id: small\ninvariants: [{honest_spared: {at: missing.reason, where: {x: y}}}]", "where: no 'x'"),
        ("id: small", "id: small\ninvariants: [{p99: {undr: 3}}]", "p99 has no 'undr'; did you mean 'under'?"),
        ("id: small", "id: small\nstart: 2026-01-05T00:00:00", "time zone"),
        ("id: small", "id: small\nstart: 9999-01-05T00:00:00Z", "start in one of the years 1971 to 2199"),
        (
            "id: small",
            "id: small\ntrouble: [{kind: drop, agent: adviser, times: 3}]",
            "times is a key of flood, not of drop",
        ),
        ("{poisson: 1}", "{poisson: 1, again: 1h}", "again is a key of burst only"),
        ("{poisson: 1}", "{every: 1h, rhythm: daily}", "rhythm is a key of poisson only"),
        ("{poisson: 1}", "{poisson: 1, from: 2h, until: 1h}", "`until` must be after `from`"),
        ('"Why?", statement', '"Why?", mix: {overview: 1}, statement', "mix: is a key of `question: synthetic`"),
        ("config/statements/sample-savings.ofx", '"a\\0b"', "'a\\x00b': is not a valid path"),
        (
            "id: small",
            "id: small\ncompare: {id: x, policies: [clearanse]}",
            "s.yaml:3: compare: policies: unknown policy",
        ),
        ("pipeline: insights", "pipeline: insights\nset: {limits.max_rums: 3}", "s.yaml:4: set: limits"),
        ("id: small", "id: small\ntrouble: [{kind: pause}]", "pause needs `agent`"),
        ("id: small", "id: small\ntrouble: [{kind: cancel}]", "cancel needs `takes`"),
        (
            "id: small",
            "id: small\ntrouble: [{kind: reload, agent: adviser}]",
            "agent is a key of faults, kill and pause",
        ),
        ("id: small", "id: small\ntrouble: [{kind: kill, topic: x}]", "topic is a key of faults, not of kill"),
        ("id: small", "id: small\ntrouble: [{kind: kill, agent: advisor}]", "did you mean 'adviser'?"),
        ("id: small", "id: small\ntrouble: [{kind: kill, tenant: x}]", "s.yaml:3: kill never affects a run"),
        ("id: small", "id: small\ntrouble: [{kind: revoke, consent: x}]", "s.yaml:3: revoke never affects a run"),
        ("id: small", "id: small\ntrouble: [{kind: drain, every: 1h}]", "every is a key of kill and pause"),
        ("id: small", "id: small\ncaller: {keys: keys.pem}", "has no signed identities"),
    ],
)
def test_a_mistake_is_named_at_its_line(old: str, new: str, told: str) -> None:
    assert told in problems(GOOD.replace(old, new))


def test_a_start_is_taken_in_utc() -> None:
    scenario = parse(GOOD.replace("id: small", "id: small\nstart: 2026-01-05T02:00:00+05:30"), folder=ROOT)
    assert str(scenario.section.start) == "2026-01-04 20:30:00+00:00"


def _raises(_evidence: Record) -> Iterator[str]:
    raise KeyError("a secret")
    yield ""


def _nothing(_evidence: Record) -> None:
    """Forgets to yield."""


@pytest.mark.parametrize(("rule", "told"), [(_raises, "KeyError at "), (_nothing, "returned NoneType")])
def test_a_rule_that_fails_itself_is_broken_and_told(rule: Check, told: str) -> None:
    scenario = parse(f"{GOOD}invariants: [own]\n", folder=ROOT, rules=InvariantRegistry({"own": rule}))
    found = [one for invariant in scenario.invariants for one in invariant.violations(Record(seed=1))]
    (mine,) = [one for one in found if one.invariant == "own"]
    assert told in mine.text
    assert "secret" not in mine.text


def test_a_rule_of_a_broken_distribution_harms_those_alone_who_name_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "broken-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
    (folder / "entry_points.txt").write_text("[genie.invariants]\ngone = no_such_module:rule\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert parse(GOOD, folder=ROOT).id == "small"
    assert "invariant 'gone' cannot be loaded: ModuleNotFoundError" in problems(f"{GOOD}invariants: [gone]\n")


def test_eight_scenarios_ship() -> None:
    assert len(shipped()) == 9
