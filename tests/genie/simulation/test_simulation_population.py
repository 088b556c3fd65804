"""The population behind a workload comes from an entry point; without a usable one the scenario names the problem."""

from __future__ import annotations

import datetime
import subprocess
import sys
from pathlib import Path

import pytest

from genie.errors import InputError
from genie.simulation.customers import Customers
from genie.simulation.schema import PopulationSection

UNTIL = datetime.date(2026, 2, 1)


def customers() -> Customers:
    return Customers(PopulationSection(size=5, months=2), 1, UNTIL)


def offer(folder: Path, line: str, module: str = "") -> None:
    """Install a distribution that offers something in ``genie.workloads``."""
    metadata = folder / "offers-1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: offers\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text(f"[genie.workloads]\n{line}\n")
    (folder / "offers.py").write_text(module)


def test_the_catalogue_offers_the_population() -> None:
    one = customers()
    assert one.statement(3).count(b"\n") > 5
    assert one.statement(3) == customers().statement(3)
    assert one.profile(3) == customers().profile(3)
    assert one.question(3, 1, {})
    truth = one.planted(3)
    assert truth.honest
    assert not truth.members & truth.honest


def test_names_need_no_population(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    offer(tmp_path, "offers = no_such_module:PLACES")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert customers().name(3) == "customer-4"


@pytest.mark.parametrize(
    ("line", "module"),
    [
        ("offers = no_such_module:PLACES", ""),
        ("offers = offers:PLACES", "PLACES = 3"),
        ("offers = offers:PLACES", 'PLACES = {"customers": "genie_finance.synthetic.workload:Customers"}'),
    ],
    ids=["missing", "not a mapping", "offered twice"],
)
def test_an_unusable_offer_is_an_input_error(
    line: str, module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(tmp_path, line, module)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "offers", raising=False)
    with pytest.raises(InputError) as caught:
        customers().check()
    assert caught.value.subject == "population"
    monkeypatch.delitem(sys.modules, "offers", raising=False)


def test_without_a_population_the_library_works_and_says_what_is_missing() -> None:
    """In a process where no distribution offers anything."""
    script = """
import datetime, importlib.metadata, sys
importlib.metadata.entry_points = lambda **_: ()
from genie.errors import InputError
from genie.simulation.customers import Customers
from genie.simulation.schema import PopulationSection
one = Customers(PopulationSection(size=5, months=2), 1, datetime.date(2026, 2, 1))
assert one.name(0) == "customer-1"
try:
    one.check()
except InputError as error:
    print(error.subject)
print([name for name in sys.modules if name.startswith("genie_finance")])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["population", "[]"]
