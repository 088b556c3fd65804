"""The screener: what it says of its lists, of namesakes, and of who is clear."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz import fuzz

from genie_finance.contracts.screening import ScreeningRequest, ScreeningResult
from genie_finance.domain.name_search import resemblance
from genie_finance.domain.screening import LOOK, Watchlist, parse, shipped
from genie_finance.service.party_screener import screen

INVENTED = shipped()
REAL = Watchlist(INVENTED.id, INVENTED.version, INVENTED.as_of, INVENTED.entries)
"""The shipped entries, as those of a list that clears."""
BORN = {"date_of_birth": "1999-03-14", "date_of_birth_verified": True}
STATED = {"date_of_birth": "1999-03-14"}


def screened(name: str, *, by: tuple[Watchlist, ...] = (REAL,), **more: object) -> ScreeningResult:
    return screen(ScreeningRequest.model_validate({"subject_id": "s1", "name": name, **more}), by)


@pytest.mark.parametrize(
    ("name", "more", "status"),
    [
        ("Ramesh Sharma", {}, "clear"),
        ("Zoravar Khazanchi", {}, "possible"),
        ("Zoravar Khazanchi", {"date_of_birth": "1971-03-14"}, "strong"),
        ("Zoravar Khazanchi", BORN, "clear"),
        ("Zoravar Khazanchi", STATED, "possible"),
        ("Zoravar Khazanchi", {**STATED, "date_of_birth_verified": False}, "possible"),
        ("Somebody Else", {"aliases": ["Zoravar Khazanchi"]}, "possible"),
        ("Somebody Else", {"identifiers": ["P0000001"]}, "strong"),
    ],
)
def test_the_strongest_match_that_is_not_discounted_decides(name: str, more: dict[str, object], status: str) -> None:
    assert screened(name, **more).status == status


def test_an_answer_names_the_editions_of_its_lists_and_that_the_shipped_one_is_invented() -> None:
    found = screened("Ramesh Sharma", by=(INVENTED,))
    assert [(one.list_id, one.entries, one.real) for one in found.lists] == [("invented", len(REAL.entries), False)]
    assert any("invented" in caveat for caveat in found.grounds.caveats)


def test_an_invented_list_clears_nobody_and_finds_whom_it_has() -> None:
    """Was: clear."""
    found = screened("Ramesh Sharma", by=(INVENTED,))
    assert (found.status, [one.code for one in found.grounds.reasons]) == ("undetermined", ["screening.no_real_list"])
    assert screened("Zoravar Khazanchi", by=(INVENTED,)).status == "possible"
    assert screened("Ramesh Sharma", by=(INVENTED, REAL)).status == "clear"


@given(
    st.sampled_from([name for entry in REAL.entries for name in entry.names]),
    st.dates(datetime.date(1900, 1, 1), datetime.date(2026, 1, 1)),
)
def test_a_stated_date_of_birth_never_discounts_a_listed_name(name: str, born: datetime.date) -> None:
    """Was: discounted, so that whoever states another year was cleared."""
    found = screened(name, date_of_birth=born)
    assert found.status in {"possible", "strong"}
    assert "discounted" not in {match.strength for match in found.matches}


@pytest.mark.parametrize("name", ["Khazanchi", "Zoravar", "KHAZANCHEE", "Shri Khazanchi"])
def test_one_word_that_a_listed_name_has_is_a_possible_match(name: str) -> None:
    """Was: clear, as one word of several scores below what is looked at."""
    found = screened(name)
    assert (found.status, found.matches[0].entry_id) == ("possible", "inv-s-001")
    assert screened(name, date_of_birth="1971-03-14").status == "possible"
    other = screened(name, **BORN)
    assert (other.status, other.matches[0].strength) == ("undetermined", "discounted")


@pytest.mark.parametrize("name", ["Ramesh", "Infosys", "K", "K. S.", "Mr Ramesh"])
def test_one_word_clears_nobody(name: str) -> None:
    """Was: clear."""
    found = screened(name)
    assert (found.status, [one.code for one in found.grounds.reasons]) == ("undetermined", ["screening.part_of_a_name"])
    assert screened(name, aliases=["Ramesh Sharma"]).status == "clear"


def test_an_entry_of_one_word_is_a_possible_match_of_a_name_that_has_it() -> None:
    head = "id,kind,name,aliases,birth_date,countries,identifiers\n"
    rows = "a,sanctions,Veerappan,,1952,in,\nb,sanctions,Ali Hamza Qureshi,Ali,,,\n"
    mine = parse((head + rows).encode(), list_id="mine", version="1", as_of=datetime.date(2025, 1, 1))

    def of(name: str, **more: object) -> list[tuple[str, str]]:
        request = ScreeningRequest.model_validate({"subject_id": "s1", "name": name, **more})
        return [(match.entry_id, match.strength) for match in screen(request, (mine,)).matches]

    assert of("Koose Muniswamy Veerappan") == [("a", "possible")]
    assert of("Koose Muniswamy Veerappan", **BORN) == [("a", "discounted")]
    assert of("Koose Muniswamy Veerappan", **STATED) == [("a", "possible")]
    assert of("Ali Khan") == []  # an alias of one word, of somebody whose whole name is known
    assert of("Veerappan") == [("a", "possible")]


def test_a_name_of_a_script_without_spaces_is_a_whole_one() -> None:
    head = "id,kind,name,aliases,birth_date,countries,identifiers\n"
    row = "a,sanctions,Wang Wei,\u738b\u4f1f,,cn,\n"
    mine = parse((head + row).encode(), list_id="mine", version="1", as_of=datetime.date(2025, 1, 1))
    statuses = [
        screen(ScreeningRequest(subject_id="s", name=name), (mine,)).status for name in ("\u738b\u4f1f", "\u674e\u5a1c")
    ]
    assert statuses == ["possible", "clear"]


@pytest.mark.parametrize(
    "name",
    [
        "\u092e\u094b\u0939\u092e\u094d\u092e\u0926 \u0916\u093e\u0928",
        "\u0418\u0432\u0430\u043d \u0418\u0432\u0430\u043d\u043e\u0432",
        "!!!",
        " ",
    ],
)
def test_a_name_that_the_lists_cannot_be_searched_for_clears_nobody(name: str) -> None:
    """Was: clear, for a name in a script in which the lists are not written, or without a letter."""
    found = screened(name)
    code = "screening.unreadable" if any(map(str.isalpha, name)) else "screening.part_of_a_name"
    assert (found.status, [one.code for one in found.grounds.reasons]) == ("undetermined", [code])
    assert screened(name, aliases=["Ramesh Sharma"]).status == "clear"
    assert screened(name, identifiers=["P0000001"]).status == "strong"


def test_a_namesake_is_kept_for_whoever_checks_the_discount() -> None:
    (match,) = screened("Zoravar Khazanchi", **BORN).matches
    assert match.strength == "discounted"


PARTS = ("ramesh", "kumar", "sharma", "asha", "rao", "lakshmi", "narayanan", "mohammed", "aslam", "singh", "vikram")
full = st.lists(st.sampled_from(PARTS), min_size=2, max_size=4).map(" ".join)


@given(st.lists(full, min_size=1, max_size=8, unique=True), full)
def test_a_search_by_sound_finds_whoever_a_search_through_the_whole_list_finds(names: list[str], wanted: str) -> None:
    rows = "".join(f"e{number},pep,{name},,,,\n" for number, name in enumerate(names))
    head = "id,kind,name,aliases,birth_date,countries,identifiers\n"
    mine = parse((head + rows).encode(), list_id="mine", version="1", as_of=datetime.date(2025, 1, 1))
    found = screen(ScreeningRequest(subject_id="s", name=wanted), (mine,))
    through = {f"e{number}" for number, name in enumerate(names) if resemblance(wanted, name) >= LOOK}
    assert {match.entry_id for match in found.matches} == through


@pytest.mark.parametrize(
    ("name", "likeness"), [("Khazanchi Zoravar", 100), ("Lashari Tariq Mehmood", 100), ("Viktor Morozemko", 93)]
)
def test_order_and_slips_as_rapidfuzz_sees_them(name: str, likeness: int) -> None:
    """rapidfuzz 3.14, fuzz.token_sort_ratio: what it finds the same is scored 100, and a slip of the pen below that."""
    names = [other for entry in shipped().entries for other in entry.names]
    assert max(int(fuzz.token_sort_ratio(name.lower(), other.lower())) for other in names) == likeness
    score = screened(name).matches[0].score
    assert score == 100 if likeness == 100 else LOOK <= score < 100
