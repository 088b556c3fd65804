"""Screening: who is found, how sure, and lists that must not load."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genie.errors import InputError
from genie_finance.domain.screening import Match, Subject, Watchlists, parse, search, shipped
from genie_finance.domain.watchlist_file import InventedWatchlist, WatchlistFile, WatchlistSettings

BORN = datetime.date(1971, 3, 14)
HEAD = "id,kind,name,aliases,birth_date,countries,identifiers\n"


def found(
    name: str, *, born: datetime.date | None = None, numbers: tuple[str, ...] = (), verified: bool = False
) -> tuple[Match, ...]:
    return search(Subject((name,), born, (), numbers, verified), shipped())


def read(rows: str, head: str = HEAD):
    return parse((head + rows).encode(), list_id="mine", version="1", as_of=BORN)


@pytest.mark.parametrize("name", ["Zoravar Khazanchi", "KHAZANCHI, Zorawar", "Zorawar Khazanchee", "Zoravar Khasanchi"])
def test_spellings_of_a_listed_name_are_found(name: str) -> None:
    assert [match.entry.id for match in found(name)] == ["inv-s-001"]


def test_name_and_birth_together_are_strong_alone_they_are_possible() -> None:
    assert found("Zoravar Khazanchi", born=BORN)[0].strength == "strong"
    assert found("Zoravar Khazanchi")[0].strength == "possible"


def test_another_birth_that_was_verified_discounts_a_match_and_keeps_it() -> None:
    (match,) = found("Zoravar Khazanchi", born=datetime.date(1999, 3, 14), verified=True)
    assert match.strength == "discounted"
    (match,) = found("Zoravar Khazanchi", born=datetime.date(1999, 3, 14))
    assert match.strength == "possible"


def test_a_year_that_is_off_by_one_disproves_nothing() -> None:
    assert found("Viktor Morozenko", born=datetime.date(1969, 1, 1))[0].strength == "possible"
    assert found("Viktor Morozenko", born=datetime.date(1968, 1, 1))[0].strength == "strong"


@pytest.mark.parametrize(
    "listed",
    [
        "circa 1968", "1960;circa 1999", "1965 to 1975", "1965-1975", "12/03/1950", "1950-00-00", "0000", "²²²²",
        "\uff11\uff19\uff15\uff10", "05-MAY-50",
    ],
)  # fmt: skip
def test_a_birth_that_is_not_written_as_a_date_disproves_nothing(listed: str) -> None:
    """Was: cleared, for the first four digits of a range; superior digits ended in a traceback."""
    mine = read(f"e1,sanctions,Hamid Karvandi,,{listed},,\n")
    (match,) = search(Subject(("Hamid Karvandi",), datetime.date(1970, 1, 2), (), (), born_verified=True), mine)
    assert match.strength in {"possible", "strong"}


@pytest.mark.parametrize("born", ["1900-01-01", "1850-01-01", "1971-03-15", "2990-01-01"])
def test_a_birth_that_nobody_on_the_list_can_have_discounts_nothing(born: str) -> None:
    mine = read("e1,sanctions,Hamid Karvandi,,1931,,\n")
    subject = Subject(("Hamid Karvandi",), datetime.date.fromisoformat(born), (), (), born_verified=True)
    assert [match.strength for match in search(subject, mine)] == ["possible"]


def test_an_identity_number_is_found_whatever_the_name_is() -> None:
    (match,) = found("Somebody Else", numbers=("p-0000007",))
    assert (match.entry.id, match.strength) == ("inv-s-007", "strong")


def test_organisations_are_found_by_forms_of_their_names() -> None:
    assert [match.entry.id for match in found("Northstar Ore and Metals Pvt. Ltd.")] == ["inv-s-006"]


@pytest.mark.parametrize("name", ["Rosneft", "OAO Rosneft", "PJSC Rosneft"])
def test_a_firm_is_found_by_the_one_word_that_tells_it_apart(name: str) -> None:
    listed = read("x,sanctions,Rosneft Oil Company,,,,\n")
    assert [match.entry.id for match in search(Subject((name,), None, (), ()), listed)] == ["x"]


@pytest.mark.parametrize("name", ["Ramesh Sharma", "Anil Roy", "International Trading Limited"])
def test_ordinary_names_are_not_found(name: str) -> None:
    assert found(name) == ()


@given(st.sampled_from([name for entry in shipped().entries for name in entry.names]))
def test_every_listed_name_finds_its_own_entry(name: str) -> None:
    assert any(name in match.entry.names for match in found(name))


@given(st.text(max_size=60))
def test_no_name_breaks_a_search(name: str) -> None:
    assert {match.entry for match in found(name)} <= set(shipped().entries)


def test_the_order_of_a_list_does_not_matter() -> None:
    rows = ["a,pep,Asha Rao,,,,", "b,sanctions,Asha Rao,,,,"]
    subject = Subject(("Asha Rao",), None, (), ())
    one, other = (search(subject, read("\n".join(order))) for order in (rows, rows[::-1]))
    assert [match.entry.id for match in one] == [match.entry.id for match in other] == ["a", "b"]


@pytest.mark.parametrize(
    "content",
    [b"", HEAD.encode(), b"id,name\na,b\n", HEAD.encode() + b"a,friend,Asha Rao,,,,\n",
     HEAD.encode() + b"a,pep,..,,,,\n", b"\xff\xfe", HEAD.encode() + b'a,pep,"Asha\n'],
)  # fmt: skip
def test_a_list_of_which_something_is_missing_is_refused(content: bytes) -> None:
    with pytest.raises(InputError):
        parse(content, list_id="mine", version="1", as_of=BORN)


def test_a_file_is_read_when_it_is_needed_and_one_that_is_not_there_clears_nobody(tmp_path) -> None:
    path = tmp_path / "list.csv"
    settings = WatchlistSettings(path=path, list_id="mine", version="7", as_of=BORN, with_shipped=True)
    missing = WatchlistFile(settings)
    assert isinstance(missing, Watchlists)
    with pytest.raises(InputError):
        missing.lists()
    path.write_text(HEAD + "a,pep,Asha Rao,,1980,IN,\n")
    assert [one.id for one in WatchlistFile(settings).lists()] == ["mine", "invented"]
    assert [one.id for one in InventedWatchlist().lists()] == ["invented"]
