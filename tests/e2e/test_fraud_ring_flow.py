"""The shipped fraud ring pipeline: the sample, trouble in every agent, too little, and who may see it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from genie.config.loader import load
from genie.config.pipeline import Pipeline
from genie.config.plugins import Plugins
from genie.contracts.agent import Agent, agent
from genie.contracts.card import Caller
from genie.contracts.classification import Classification
from genie.errors import InputError
from genie.runtime.report import Outcome
from genie.runtime.session import conduct
from genie_finance.contracts.fraud import (
    AmlCheck,
    AmlReport,
    FraudCheck,
    FraudRingQuestion,
    FraudVerdict,
    MuleCheck,
    MuleVerdict,
)
from genie_finance.contracts.insufficient import InsufficientData

ROOT = Path(__file__).parents[2]
PIPELINE = ROOT / "config" / "pipelines" / "fraud_ring.yaml"
SAMPLE = ROOT / "config" / "fraud" / "sample.csv"
HEADER = b"transaction_id,timestamp,sender,recipient,amount,channel\n"

pytestmark = pytest.mark.anyio


def pipeline(**instead: Agent) -> Pipeline:
    """Return the shipped pipeline with some agents replaced by others of the same id."""
    installed = Plugins.installed()
    found = Plugins({**installed.agents, **instead}, installed.policies, installed.edges)
    return load(PIPELINE, plugins=found)


async def asked(
    loaded: Pipeline, content: bytes | None = None, *, caller: Caller | None = None
) -> tuple[Outcome, dict[str, Any]]:
    question = FraudRingQuestion(filename="ledger.csv", content=SAMPLE.read_bytes() if content is None else content)
    outcome = await conduct(loaded, question, caller=caller or loaded.caller, filenames=("ledger.csv",))
    printed: dict[str, Any] = json.loads(json.dumps(outcome.as_json(), default=str))
    return outcome, printed


async def test_the_sample_ends_with_its_rings_reports_and_proposals() -> None:
    outcome, printed = await asked(pipeline())
    report = printed["report"]
    assert (outcome.status.exit_code, printed["status"], printed["missing"]) == (0, "complete", [])
    assert len(report["mules"]["rings"]) == 3
    assert {one["kind"] for one in report["aml"]["reports"]} == {"CTR"}
    assert {"structuring", "round_trip", "rapid_movement"} <= {one["typology"] for one in report["aml"]["suspicions"]}
    assert "impossible_travel" in {one["pattern"] for one in report["fraud"]["signals"]}
    assert any("Principal officer" in one for one in report["proposals"])
    assert any(one.startswith("File by 2026-02-15") for one in report["proposals"])
    assert all(counts["handled"] in {1, 3} for counts in printed["agents"].values())


@agent("mule_detector", clearance="restricted")
async def no_mules(check: MuleCheck) -> MuleVerdict | InsufficientData:
    raise LookupError(check.timezone)


@agent("aml_monitor", clearance="restricted")
async def no_aml(check: AmlCheck) -> AmlReport | InsufficientData:
    raise LookupError(check.timezone)


@agent("fraud_detector", clearance="restricted")
async def no_fraud(check: FraudCheck) -> FraudVerdict | InsufficientData:
    raise LookupError(check.timezone)


@pytest.mark.parametrize("broken", [no_mules, no_aml, no_fraud])
async def test_one_that_fails_is_missing_by_name_and_the_rest_is_there(broken: Agent) -> None:
    outcome, printed = await asked(pipeline(**{broken.card.id: broken}))
    assert outcome.status.exit_code == 3
    assert [one["agent"] for one in printed["missing"]] == [broken.card.id]
    parts = {"mule_detector": "mules", "aml_monitor": "aml", "fraud_detector": "fraud"}
    for id_, part in parts.items():
        assert (printed["report"][part] is None) is (id_ == broken.card.id)
    if broken is no_mules:
        assert printed["report"]["headline"].startswith("Rings cannot be determined")


async def test_an_empty_ledger_is_no_clean_ledger() -> None:
    _, printed = await asked(pipeline(), HEADER)
    assert printed["report"]["headline"] == "No result: the ledger is empty."
    assert printed["report"]["insufficient"][0]["missing"][0]["what"] == "content"


async def test_a_ledger_without_an_edition_of_the_law_lacks_that_part_alone() -> None:
    outcome, printed = await asked(pipeline(), HEADER + b"t1,2001-01-05,a,b,100000,imps\n")
    assert outcome.status.exit_code == 3
    assert printed["report"]["aml"] is None
    assert printed["report"]["mules"] is not None


async def test_a_wrong_file_fails_with_its_line() -> None:
    with pytest.raises(InputError, match=r"ledger\.csv: line 2: amount"):
        await asked(pipeline(), HEADER + b"t1,2026-01-05,a,b,abc,imps\n")


async def test_nobody_sees_suspicions_without_the_clearance() -> None:
    """The customer must not learn of a report, so its label is the highest there is."""
    low = Caller(user="eve", roles=frozenset(("investigator",)), clearance=Classification.CONFIDENTIAL)
    outcome, printed = await asked(pipeline(), caller=low)
    assert printed["report"] is None
    assert outcome.status.exit_code not in {0, 3}
