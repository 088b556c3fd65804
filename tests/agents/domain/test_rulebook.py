"""Dated rules: the edition of a day, the days that none covers, and files that must not load."""

from __future__ import annotations

import datetime
import importlib
import subprocess
import sys
from decimal import Decimal
from importlib import resources

import pytest
from pydantic import ConfigDict

from genie.errors import ConfigError, InputError
from genie_finance.contracts.grounds import Grounds, Reason, RuleEdition, Verification, unverified
from genie_finance.domain.rulebook import MAX_BYTES, Rules, Table, edition, editions, latest, parse
from genie_finance.index import AGENTS
from genie_finance.payments.tables import GST
from genie_finance.tax.tables import CAPITAL_GAINS, DEDUCTIONS, INCOME_TAX


class Anything(Rules):
    """Reads what all tables have in common, whatever their rules say."""

    model_config = ConfigDict(frozen=True, extra="allow")


FILES = sorted(path.name for path in resources.files("genie_finance").joinpath("rules").iterdir())
TABLES = tuple(Table(name.removesuffix(".yaml"), Anything) for name in FILES)


class Toll(Rules):
    rate: Decimal


TOLL = Table("toll", Toll)


def file(*spans: tuple[str, str], rate: str = "0.1", more: str = "") -> bytes:
    rows = "".join(
        f"  - effective_from: {start}\n    effective_to: {end}\n    source: an act\n    section: '1'\n"
        f"    verification: text\n    looked_at: 2026-11-22\n"
        f"    rules: {{ rate: {rate} }}\n{more}"
        for start, end in spans
    )
    return f"table: toll\neditions:\n{rows}".encode()


def test_rates_never_pass_through_a_float() -> None:
    found = parse(file(("2024-01-01", "2024-12-31"), rate="0.1"), TOLL)
    assert found[0].rules.rate == Decimal("0.1")
    assert found[0].said.id == "toll@2024-01-01"


def test_editions_stand_in_the_order_of_their_days_whatever_that_of_the_file() -> None:
    found = parse(file(("2025-01-01", "2025-12-31"), ("2024-01-01", "2024-12-31")), TOLL)
    assert [one.said.effective_from.year for one in found] == [2024, 2025]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (file(("2024-01-01", "2024-12-31"), ("2024-12-31", "2025-12-31")), "starts before"),
        (file(("2024-12-31", "2024-01-01")), "before it starts"),
        (file(("2024-01-01", "2024-12-31"), rate="much"), "rate"),
        (file(("2024-01-01", "2024-12-31"), more="    extra: 1\n"), "extra"),
        (file(("2024-01-01", "2024-12-31"), more="    note: a\n    note: b\n"), "duplicated"),
        (file(("2024-01-01", "2024-12-31")).replace(b"toll", b"road"), "contains the table"),
        (file(("2024-01-01", "2024-12-31")).replace(b"text", b"perhaps"), "verification"),
        (file(("2024-01-01", "2024-12-31")).replace(b"text", b"secondary"), "two independent pages"),
        *(
            (file(("2024-01-01", "2024-12-31"), more=f"    pages: [{pages}]\n").replace(b"text", b"secondary"), "two")
            for pages in ("a.com, a.com", "a.com, www.a.com", "a.com, A.COM")
        ),
        (file(("2024-01-01", "2024-12-31")).replace(b"text", b"unverified"), "needs a note"),
        (file(("2024-01-01", "2024-12-31")).replace(b"2026-11-22", b"lately"), "looked_at"),
        (b"table: toll\neditions: []\n", "editions"),
        (b"table: [", "YAML"),
        (b"\xff\xfe\x00", "YAML"),
        (b"", "rules/toll.yaml"),
        (b"#" * (MAX_BYTES + 1), "larger than"),
        (b"a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"
         b"d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\n", "more than"),
        (b"a: &a [*a]\n", "nested"),
    ],
)  # fmt: skip
def test_a_file_that_is_not_right_is_refused_with_the_reason(content: bytes, said: str) -> None:
    with pytest.raises(ConfigError, match="toll") as caught:
        parse(content, TOLL)
    assert said in str(caught.value)


def test_a_day_that_no_edition_covers_is_an_error_that_says_which_days_there_are() -> None:
    with pytest.raises(InputError) as caught:
        edition(INCOME_TAX, on=datetime.date(2019, 5, 1))
    text = str(caught.value)
    assert "income_tax_in" in text
    assert "2019-05-01" in text
    assert "2023-04-01 to 2024-03-31" in text
    assert "2026-04-01 to 2027-03-31" in text


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_shipped_edition_names_its_source_and_one_that_is_unsure_says_of_what(table: Table[Rules]) -> None:
    for one in editions(table):
        assert len(one.said.source) > 20
        assert len(one.said.section) > 10
        assert one.said.verified or one.said.note
        assert one.said.verification != "secondary" or len(one.said.pages) > 1
        assert one.said.looked_at <= datetime.date(2026, 11, 23)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_shipped_editions_leave_no_day_out(table: Table[Rules]) -> None:
    found = editions(table)
    for earlier, later in zip(found, found[1:], strict=False):
        assert later.said.effective_from - earlier.said.effective_to == datetime.timedelta(days=1)


def test_the_day_before_a_change_and_the_day_itself_are_of_different_editions() -> None:
    before = edition(CAPITAL_GAINS, on=datetime.date(2024, 7, 22)).rules
    since = edition(CAPITAL_GAINS, on=datetime.date(2024, 7, 23)).rules
    assert (before.short_listed, before.long_listed) == (Decimal("0.15"), Decimal("0.10"))
    assert (since.short_listed, since.long_listed) == (Decimal("0.20"), Decimal("0.125"))


def test_every_rule_file_that_ships_is_named_by_an_agent_and_the_other_way_round() -> None:
    named: set[str] = set()
    for place in AGENTS.values():
        module, attribute = place.split(":")
        named.update(getattr(importlib.import_module(module), attribute).card.rules)
    assert {f"{name}.yaml" for name in named} == set(FILES)


def test_an_edition_that_is_not_verified_cannot_be_used_without_a_caveat() -> None:
    said = edition(DEDUCTIONS, on=datetime.date(2026, 5, 1)).said
    assert not said.verified
    reason = Reason(code="tax.slabs", text="because")
    with pytest.raises(ValueError, match="not verified"):
        Grounds(reasons=(reason,), inputs=(), editions=(said,), uncertainty="some")
    Grounds(reasons=(reason,), inputs=(), editions=(said,), uncertainty="some", caveats=unverified((said,)))


def said(state: Verification, name: str) -> RuleEdition:
    day = datetime.date(2026, 1, 1)
    return RuleEdition(
        id=f"{name}@{day}", table=name, effective_from=day, effective_to=day, source="an act", section="1",
        verification=state, looked_at=day, pages=("one.org", "two.org") if state == "secondary" else (), note="of all",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("states", "state"),
    [
        ((), "text"), (("text",), "text"), (("text", "secondary"), "secondary"),
        (("unverified", "secondary", "text", "unverified"), "unverified"),
    ],
)  # fmt: skip
def test_an_answer_names_the_weakest_state_that_it_rests_on_once(states: tuple[Verification, ...], state: str) -> None:
    editions = tuple(said(one, f"t{number}") for number, one in enumerate(states))
    caveats = unverified(editions)
    reason = Reason(code="t.t", text="because")
    found = Grounds(reasons=(reason,), inputs=(), editions=editions, uncertainty="some", caveats=caveats)
    assert found.weakest == state
    assert len(caveats) == (0 if state == "text" else 1)
    for one in editions:
        assert any(one.id in caveat for caveat in caveats) is (one.verification == state != "text")


def test_the_last_edition_of_every_table_says_until_when_it_holds_and_when_it_was_looked_at() -> None:
    found = latest()
    assert [f"{one.name}.yaml" for one in found] == FILES
    assert all(one.looked_at.year >= 2026 for one in found)


def test_no_invoice_bears_28_percent_after_january_2026() -> None:
    days = (datetime.date(2026, 1, 31), datetime.date(2026, 2, 1), datetime.date(2026, 11, 22))
    assert [28 in edition(GST, on=day).rules.rates for day in days] == [True, False, False]


def test_importing_the_agents_reads_no_rule_file() -> None:
    script = (
        "import sys\nopened = []\nsys.addaudithook(lambda event, args: opened.append(str(args[0]))"
        " if event == 'open' and str(args[0]).endswith('.yaml') else None)\n"
        "import genie_finance.tax.tax_estimator, genie_finance.tax.advance_tax_planner\nprint(opened)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
