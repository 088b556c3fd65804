"""`genie run` of the shipped pipeline on one file or several, in every form."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Genie = Callable[..., Result]
ROOT = Path(__file__).parents[3]
PIPELINE = str(ROOT / "config" / "pipelines" / "insights.yaml")
SAMPLE, SAVINGS = (str(ROOT / "config" / "statements" / name) for name in ("sample.csv", "sample-savings.ofx"))
FORMS = ROOT / "tests" / "data" / "forms"


def inputs(*paths: object) -> tuple[str, ...]:
    return tuple(word for path in paths for word in ("--input", str(path)))


def test_two_accounts_make_one_report_and_what_moved_between_them_is_no_income(genie: Genie) -> None:
    alone = json.loads(genie("run", PIPELINE, "--json").stdout)["report"]
    result = genie("run", PIPELINE, "--json", *inputs(SAMPLE, SAVINGS))
    both = json.loads(result.stdout)
    assert (result.exit_code, both["status"], both["missing"]) == (0, "complete", [])
    (before,), (total,) = alone["totals"], both["report"]["totals"]
    assert total["transactions"] == before["transactions"] + 17
    # 12 transfers of 40,000.00 and interest of 1,575.25, 1,861.00, 2,146.75 and 2,432.50 in; 65,000.00 out.
    assert float(total["credits"]) - float(before["credits"]) == pytest.approx(480_000 + 8_015.50)
    assert float(total["debits"]) - float(before["debits"]) == pytest.approx(65_000)
    quiet = [month["income"] for month in alone["months"] if month["month"] == "2026-01"]
    assert [month["income"] for month in both["report"]["months"] if month["month"] == "2026-01"] == quiet
    assert [one["file"] for one in both["assumptions"]] == ["sample.csv"]


def test_every_form_goes_through_the_pipeline(genie: Genie) -> None:
    result = genie("run", PIPELINE, "--json", *inputs(*sorted(FORMS.glob("*.[osx]*"))))
    printed = json.loads(result.stdout)
    # card.ofx 4, checking.ofx 6, girokonto.sta 6, konto.xml 5; two of card.ofx cannot be read.
    assert {one["currency"]: one["transactions"] for one in printed["report"]["totals"]} == {
        "CHF": 5, "EUR": 9, "USD": 7,
    }  # fmt: skip
    assert (result.exit_code, printed["status"]) == (3, "partial")
    assert [(row["file"], row["line"]) for row in printed["quarantined"]] == [("card.ofx", 17), ("card.ofx", 18)]


def test_a_file_among_several_that_cannot_be_read_makes_it_partial_and_is_named(genie: Genie, tmp_path: Path) -> None:
    (tmp_path / "photo.ofx").write_bytes(b"\x89PNG....")
    result = genie("run", PIPELINE, "--json", *inputs(tmp_path / "photo.ofx", SAMPLE))
    printed = json.loads(result.stdout)
    assert (result.exit_code, printed["status"]) == (3, "partial")
    (missing,) = printed["missing"]
    assert missing["agent"] == "statement_reader (photo.ofx)"
    assert missing["reason"].startswith("is a PNG picture")
    assert printed["report"]["totals"][0]["transactions"] == 451


def test_files_of_which_none_can_be_read_are_bad_input(genie: Genie, tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(b"\x89PNG....")
    result = genie("run", PIPELINE, "--json", *inputs(tmp_path / "a.png", tmp_path / "b.png"))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("a.png: is a PNG picture")
    assert result.stderr.count("\n") == 1


def test_a_file_that_is_not_there_is_bad_input_before_anything_starts(genie: Genie) -> None:
    result = genie("run", PIPELINE, "--json", *inputs(SAMPLE, "nowhere.csv"))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("nowhere.csv: there is no such file")


def test_a_profile_for_one_file_of_several(genie: Genie, tmp_path: Path) -> None:
    (tmp_path / "bank.yaml").write_text("account: XX4821\n")
    profile = f"sample.csv={tmp_path / 'bank.yaml'}"
    result = genie("run", PIPELINE, "--json", *inputs(SAMPLE, SAVINGS), "--profile", profile)
    assert (result.exit_code, json.loads(result.stdout)["assumptions"]) == (0, [])
