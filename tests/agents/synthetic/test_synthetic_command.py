"""``python -m genie_finance.synthetic``: the folder is the same every time, and whole or not there."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import pytest

from genie.errors import InputError
from genie_finance.synthetic import Customer, Population
from genie_finance.synthetic.__main__ import main
from genie_finance.synthetic.export import write


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_it_writes_statements_and_truth(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["--seed", "1", "--size", "10", "--months", "12", "--out"]
    assert main([*given, str(tmp_path / "a")]) == 0
    assert capsys.readouterr().out == f"10 statements and truth.json in {tmp_path / 'a'}\n"
    assert main([*given, str(tmp_path / "deep" / "b")]) == 0
    written = content(tmp_path / "a")
    assert written == content(tmp_path / "deep" / "b")
    assert set(written) == {"truth.json", *(f"customer-{number}.csv" for number in range(10))}
    made = Population(1, 10, start=datetime.date(2025, 1, 1), months=12)
    assert written["customer-3.csv"] == made.statement_csv(made.customers[3])
    truth = json.loads(written["truth.json"])
    assert (truth["start"], truth["end"]) == ("2025-01-01", "2026-01-01")
    for told, customer in zip(truth["customers"], made.customers, strict=True):
        assert (told["id"], told["income"], told["file"]) == (customer.id, customer.income, f"{customer.id}.csv")
        assert [row["id"] for row in told["transactions"]] == [row.id for row in made.transactions(customer)]
        assert [label["kind"] for label in told["truth"]] == [label.kind for label in made.truth(customer)]
    assert [ring["id"] for ring in truth["rings"]] == [ring.id for ring in made.rings()]


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    assert main(["--out", str(tmp_path)]) == 2
    assert "not empty" in capsys.readouterr().err
    assert content(tmp_path) == {"mine.txt": b"mine"}


def test_a_failure_half_way_leaves_nothing(tmp_path: Path) -> None:
    class Full(Population):
        def statement_csv(self, customer: Customer) -> bytes:
            if customer.number == 2:
                raise OSError(28, "No space left on device")
            return super().statement_csv(customer)

    with pytest.raises(InputError, match="no space left"):
        write(Full(1, 5, start=datetime.date(2025, 1, 1), months=1), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "given", [["--mix", "IN"], ["--mix", "IN=x"], ["--start", "soon"], ["--size", "many"], ["--siz", "3"]]
)
def test_arguments_that_mean_nothing_are_refused(tmp_path: Path, given: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*given, "--out", str(tmp_path / "out")])
    assert ended.value.code == 2
    assert not (tmp_path / "out").exists()


def test_a_mix_of_countries_is_taken(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--mix", "GB=1", "--size", "3", "--months", "1", "--out", str(tmp_path / "out")]) == 0
    assert {one["country"] for one in json.loads((tmp_path / "out/truth.json").read_text())["customers"]} == {"GB"}
    assert main(["--mix", "XX=1", "--out", str(tmp_path / "other")]) == 2
    assert "XX" in capsys.readouterr().err
