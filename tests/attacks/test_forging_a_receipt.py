"""Attack: a receipt of a decision is changed, issued with another key, or made for what no head covers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from genie.contracts.ports.audit import AuditRecord
from genie.edges.audit.receipts import problems_of, receipt_of
from genie.edges.audit.trail import AuditSettings, AuditTrail
from genie.edges.identity.keys import generate, private_key, public_keys
from genie.errors import InputError
from tests.genie.cli.conftest import genie

__all__ = ("genie",)
Genie = Callable[..., Result]


@pytest.fixture
def trail(tmp_path: Path) -> Path:
    generate(tmp_path / "key")
    generate(tmp_path / "other")
    with AuditTrail(AuditSettings(path=tmp_path / "trail", key=tmp_path / "key")) as audit:
        for number in range(20):
            verdict = {"verdict": "deny", "policy_set": "a" * 64}
            audit.record(AuditRecord(number, "verdict", "t.a -> b", "policy", "p: c", "r", f"m-{number}", verdict))
            if number % 7 == 0:
                audit.sign()
    return tmp_path


def issued(folder: Path, wanted: str = "m-3", key: str = "key") -> dict[str, Any]:
    return receipt_of(
        [folder / "trail"], wanted, private_key(folder / key), public_keys([folder / "key.pub"]), now=100.0
    )


def test_a_receipt_is_good_without_the_trail(trail: Path) -> None:
    receipt = json.loads(json.dumps(issued(trail)))
    assert [one["record"]["message"] for one in receipt["records"]] == ["m-3"]
    assert problems_of(receipt, public_keys([trail / "key.pub"])) == ()
    by_number = issued(trail, str(receipt["records"][0]["record"]["seq"]))
    assert by_number["records"] == receipt["records"]
    assert len(issued(trail, "t.a -> b")["records"]) == 20


CHANGES: dict[str, Callable[[dict[str, Any]], object]] = {
    "verdict": lambda one: one["records"][0]["record"]["detail"].update(verdict="allow"),
    "who": lambda one: one["records"][0]["record"].update(by="ben"),
    "when": lambda one: one["records"][0]["record"].update(at=5),
    "chain": lambda one: one["records"][0].update(chain="0" * 64),
    "no record": lambda one: one.update(records=[]),
    "a record twice": lambda one: one["records"].append(one["records"][0]),
    "head": lambda one: one["head"].update(seq=99),
    "trail": lambda one: one.update(trail="0" * 16),
    "id": lambda one: one.update(id="m-4"),
    "issued": lambda one: one.update(issued_at=0),
    "signature": lambda one: one.update(signature="0" * 128),
    "no signature": lambda one: one.update(signature=None),
    "key": lambda one: one.update(key="0" * 16),
    "more": lambda one: one.update(more=1),
    "a number that is none": lambda one: one.update(issued_at=float("nan")),
}


@pytest.mark.parametrize("change", CHANGES)
def test_any_change_of_a_receipt_is_found(trail: Path, change: str) -> None:
    receipt = issued(trail)
    CHANGES[change](receipt)
    assert problems_of(receipt, public_keys([trail / "key.pub"]))


@pytest.mark.parametrize("document", [None, [], "x", 5, {}, {"format": 1}])
def test_what_is_no_receipt_is_refused(trail: Path, document: object) -> None:
    assert problems_of(document, public_keys([trail / "key.pub"]))


def test_a_receipt_by_another_key_or_of_a_changed_trail_is_refused(trail: Path) -> None:
    assert problems_of(issued(trail, key="other"), public_keys([trail / "key.pub"]))
    [file] = (trail / "trail").glob("*.jsonl")
    file.write_bytes(file.read_bytes().replace(b'"m-5"', b'"m-6"', 1))
    with pytest.raises(InputError, match="is not intact"):
        issued(trail)


def test_what_no_head_covers_yet_has_no_receipt(tmp_path: Path) -> None:
    generate(tmp_path / "key")
    with AuditTrail(AuditSettings(path=tmp_path / "trail", key=tmp_path / "key")) as audit:
        audit.record(AuditRecord(1.0, "verdict", "t.a -> b", "policy", "p: c", "r", "m-1", {}))
        with pytest.raises(InputError, match="not covered"):
            issued(tmp_path, "m-1")
        audit.sign()
        assert issued(tmp_path, "m-1")
    with pytest.raises(InputError, match="not in this trail"):
        issued(tmp_path, "m-2")


@pytest.mark.parametrize("repeated", ['"id": "m-4"', '"records": []', '"issued_at": 0'])
def test_a_receipt_that_says_two_things_is_refused(trail: Path, genie: Genie, repeated: str) -> None:
    text = json.dumps(issued(trail))
    receipt = trail / "receipt.json"
    receipt.write_text(text)
    assert genie("audit", "verify-receipt", str(receipt), "--key", str(trail / "key.pub")).exit_code == 0
    receipt.write_text("{" + repeated + ", " + text.removeprefix("{"))
    assert genie("audit", "verify-receipt", str(receipt), "--key", str(trail / "key.pub")).exit_code == 2
