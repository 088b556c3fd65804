"""`genie doctor`: what it finds, how bad that is, and that its table of codes is true."""

from __future__ import annotations

import importlib
import io
import itertools
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NamedTuple

import pytest
from click.testing import Result

from genie.cli.diagnostics import installation, machine
from genie.cli.diagnostics.finding import Check, Finding, Severity

ROOT = Path(__file__).parents[3]
Genie = Callable[..., Result]


def install(folder: Path, name: str, code: str, entry_points: str) -> None:
    """Put a distribution of one module into a folder that is on the path."""
    (folder / f"{name}.py").write_text(code)
    metadata = folder / f"{name}-1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text(entry_points)
    importlib.invalidate_caches()


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a folder in which distributions are found for the length of a test."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.chdir(tmp_path)
    yield folder
    for name, module in list(sys.modules.items()):
        if Path(getattr(module, "__file__", None) or "").is_relative_to(folder):
            del sys.modules[name]


def of(code: str, printed: str) -> list[Mapping[str, str]]:
    return [finding for finding in json.loads(printed)["findings"] if finding["code"] == code]


def test_the_documented_table_is_the_checks() -> None:
    rows = re.findall(
        r"^\| `(GD\d{3})` \| (.+?) \| (\w+) \| (.+?) \|$", (ROOT / "docs/doctor.md").read_text(), re.MULTILINE
    )
    assert rows == [(check.code, check.title, check.worst.value, check.about) for check in Check]
    assert len({check.code for check in Check}) == len(Check)


def test_the_json_holds_its_contract(genie: Genie) -> None:
    result = genie("doctor", "--json")
    printed = json.loads(result.stdout)
    assert list(printed) == ["genie", "status", "findings"]
    assert all(list(one) == ["code", "check", "severity", "detail", "next_step"] for one in printed["findings"])
    codes = [one["code"] for one in printed["findings"]]
    assert codes == sorted(codes)
    assert set(codes) >= {check.code for check in Check} - {"GD005", "GD015"}
    assert result.exit_code == (1 if printed["status"] == "error" else 0)
    assert all((one["next_step"] is None) == (one["severity"] == "ok") for one in printed["findings"])


def test_people_read_codes_and_next_steps(genie: Genie, site: Path) -> None:
    install(site, "sick", "AGENTS = {'gone': 'no_such_module:gone'}", "[genie.agents]\nsick = sick:AGENTS\n")
    shown = genie("doctor").stdout
    (line,) = [line for line in shown.splitlines() if line.startswith("GD005")]
    assert "warning" in line
    assert "'gone' of sick cannot be loaded: ModuleNotFoundError" in line
    assert "do not use it in a pipeline" in line


# --- the installation ---


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("raise OSError('no disk')", "cannot be loaded: OSError: no disk"),
        ("AGENTS = ['one']", "is not a mapping"),
        ("", "cannot be loaded: AttributeError"),
    ],
)
def test_an_entry_point_that_does_not_load_is_an_error(genie: Genie, site: Path, code: str, words: str) -> None:
    install(site, "sick", code, "[genie.agents]\nsick = sick:AGENTS\n")
    result = genie("doctor", "--json")
    assert result.exit_code == 1
    (found,) = [one for one in of("GD004", result.stdout) if one["severity"] == "error"]
    assert words in found["detail"]
    assert "uninstall sick" in found["next_step"]


def test_a_part_that_does_not_load_is_a_warning(genie: Genie, site: Path) -> None:
    install(site, "half", "AGENTS = {'gone': 'no_such_module:gone'}", "[genie.agents]\nhalf = half:AGENTS\n")
    result = genie("doctor", "--json")
    (found,) = of("GD005", result.stdout)
    assert found["severity"] == "warning"
    assert result.exit_code == 0, result.stdout


def test_a_name_that_two_offer_is_an_error(genie: Genie, site: Path) -> None:
    install(site, "one", "AGENTS = {'twin': 'one:a'}\na = 1", "[genie.agents]\none = one:AGENTS\n")
    install(site, "other", "AGENTS = {'twin': 'other:a'}\na = 1", "[genie.agents]\nother = other:AGENTS\n")
    result = genie("doctor", "--json")
    assert result.exit_code == 1
    (found,) = [one for one in of("GD006", result.stdout) if one["severity"] == "error"]
    assert "'twin'" in found["detail"]
    assert "of one" in found["detail"]
    assert "of other" in found["detail"]


def test_the_same_part_offered_twice_is_no_clash(genie: Genie, site: Path) -> None:
    install(site, "one", "AGENTS = {'twin': 'one:a'}\na = 1", "[genie.agents]\none = one:AGENTS\nagain = one:AGENTS\n")
    assert genie("doctor", "--json").exit_code == 0


def test_what_an_extra_lacks_is_named_with_what_it_is_for() -> None:
    lines = (
        "pydantic>=2.11",
        "no-such-thing>=1.0; extra == 'insights'",
        "click; python_version > '3' and extra == \"insights\"",
        "click>=8; extra == 'schedule'",
        "no-such-tool; extra == 'dev'",
    )
    insights, schedule = installation.extras(lines)
    assert (insights.severity, schedule.severity) == (Severity.WARNING, Severity.OK)
    assert "missing: no-such-thing" in insights.detail
    assert "bank statements" in insights.detail


@pytest.mark.parametrize(
    ("source", "command"), [(None, "pip install 'genie-bus[serve]'"), (ROOT, f"pip install -e '{ROOT}[serve]'")]
)
def test_an_extra_is_installed_from_where_genie_comes_from(source: Path | None, command: str) -> None:
    """Was: in a checkout, the command asked a package index for a distribution that is not on it."""
    assert installation.installing("serve", source) == command
    assert installation.installing("serve") == f"pip install -e '{ROOT}[serve]'"


def test_every_extra_for_users_says_what_it_is_for() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    section = text.split("[project.optional-dependencies]")[1].split("\n[")[0]
    extras = set(re.findall(r"^([a-z]+) = \[", section, re.MULTILINE)) - {"test", "dev", "docs"}
    assert extras <= set(installation._PURPOSES)


@pytest.mark.parametrize(("version", "severity"), [((3, 10, 9), "error"), ((3, 11, 0), "ok"), ((3, 14, 1), "ok")])
def test_python_has_a_least_version(version: tuple[int, ...], severity: str) -> None:
    assert installation.python(version).severity == severity


def test_another_owner_of_an_import_name_is_an_error() -> None:
    clash, fine = installation.imports({"genie": ["genie-bus", "genie-ai"], "genie_finance": ["genie-bus"]}, home=ROOT)
    assert (clash.severity, fine.severity) == (Severity.ERROR, Severity.OK)
    assert "genie-ai" in clash.detail
    assert "uninstall genie-ai" in clash.next_step


def test_a_folder_that_hides_a_package_is_an_error(tmp_path: Path) -> None:
    found = list(installation.imports({}, home=tmp_path))
    assert {one.severity for one in found} == {Severity.ERROR}
    assert all("PYTHONPATH" in one.next_step for one in found)


# --- the machine ---


@pytest.mark.parametrize("check", [Check.FOLDER, Check.TEMPORARY])
def test_a_folder_that_cannot_be_written_to_is_a_warning(check: Check, tmp_path: Path) -> None:
    assert machine.folder(check, tmp_path).severity is Severity.OK
    assert list(tmp_path.iterdir()) == []
    assert machine.folder(check, tmp_path / "gone").severity is Severity.WARNING


@pytest.mark.parametrize(
    ("readings", "severity"),
    [
        (itertools.count(0.0, 0.5), Severity.OK),
        (itertools.chain([0.0] * 900, itertools.count(1.0)), Severity.OK),
        (itertools.count(0.0, -0.5), Severity.ERROR),
        (itertools.repeat(7.0), Severity.ERROR),
    ],
)
def test_the_monotonic_clock_goes_forward(readings: itertools.count[float], severity: Severity) -> None:
    assert machine.monotonic(lambda: next(readings)).severity is severity


@pytest.mark.parametrize(("year", "severity"), [(1970, "error"), (2026, "ok"), (2150, "error")])
def test_a_date_is_plausible(year: int, severity: str) -> None:
    assert machine.wall(datetime(year, 6, 1, tzinfo=UTC)).severity == severity


class Table(NamedTuple):
    name: str
    effective_to: date
    looked_at: date


@pytest.mark.parametrize(
    ("ends", "looked_at", "severity"),
    [
        ("2026-11-22", "2025-11-22", "ok"),
        ("2026-11-21", "2026-11-01", "warning"),
        ("2027-11-21", "2025-11-21", "warning"),
    ],
)
def test_rules_that_ended_or_were_not_looked_at_for_a_year_are_named(ends: str, looked_at: str, severity: str) -> None:
    table = Table("road_toll", date.fromisoformat(ends), date.fromisoformat(looked_at))
    (found,) = installation.rules(date(2026, 11, 22), [("mine", lambda: [table])])
    assert (found.check, found.severity) == (Check.RULES, severity)
    assert ("road_toll" in found.detail) is (severity == "warning")


def test_rules_that_cannot_be_read_are_a_warning() -> None:
    found = [*installation.rules(date(2026, 11, 22), [("mine", lambda: [object()])])]
    assert [(one.check, one.severity) for one in found] == [(Check.RULES, "warning")]


def test_the_tables_of_the_catalogue_are_looked_at() -> None:
    found = [one.detail for one in installation.rules(date(2999, 1, 1))]
    assert any("gst_in" in detail for detail in found)


def test_time_zones_are_looked_up() -> None:
    assert machine.zones(("UTC",)).severity is Severity.OK
    lacking = machine.zones(("UTC", "Mars/Olympus"))
    assert (lacking.severity, lacking.detail) == (Severity.WARNING, "not found: Mars/Olympus")


def test_an_encoding_without_bars_is_a_warning() -> None:
    assert machine.terminal(io.TextIOWrapper(io.BytesIO(), encoding="utf-8")).severity is Severity.OK
    assert machine.terminal(io.TextIOWrapper(io.BytesIO(), encoding="latin-1")).severity is Severity.WARNING


def test_a_finding_is_as_bad_as_its_check_says() -> None:
    assert Finding(Check.WALL, "1970", "set it").severity is Severity.ERROR
    assert Finding(Check.WALL, "now").severity is Severity.OK
