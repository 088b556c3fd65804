"""The screener: what it says of its lists, of namesakes, and of who is clear."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz import fuzz

from genie_finance.contracts.screening import ScreeningRequest, ScreeningResult
from genie_finance.domain.names import SIMILAR, compare
from genie_finance.domain.screening import parse, shipped
from genie_finance.service.party_screener import screen


def screened(name: str, **more: object) -> ScreeningResult:
    request = ScreeningRequest.model_validate({"subject_id": "s1", "name": name, **more})
    return screen(request, (shipped(),))


@pytest.mark.parametrize(
    ("name", "more", "status"),
    [
        ("Ramesh Sharma", {}, "clear"),
        ("Zoravar Khazanchi", {}, "possible"),
        ("Zoravar Khazanchi", {"date_of_birth": "1971-03-14"}, "strong"),
        ("Zoravar Khazanchi", {"date_of_birth": "1999-03-14"}, "clear"),
        ("Somebody Else", {"aliases": ["Zoravar Khazanchi"]}, "possible"),
        ("Somebody Else", {"identifiers": ["P0000001"]}, "strong"),
    ],
)
def test_the_strongest_match_that_is_not_discounted_decides(name: str, more: dict[str, object], status: str) -> None:
    assert screened(name, **more).status == status


def test_an_answer_names_the_editions_of_its_lists_and_that_the_shipped_one_is_invented() -> None:
    found = screened("Ramesh Sharma")
    assert [(one.list_id, one.entries) for one in found.lists] == [("invented", len(shipped().entries))]
    assert any("invented" in caveat for caveat in found.grounds.caveats)


@pytest.mark.parametrize("name", ["Khazanchi", "Zoravar", "KHAZANCHEE", "Shri Khazanchi"])
def test_one_word_that_a_listed_name_has_is_a_possible_match(name: str) -> None:
    """Was: clear, as one word of several scores below what is looked at."""
    found = screened(name)
    assert (found.status, found.matches[0].entry_id) == ("possible", "inv-s-001")
    assert screened(name, date_of_birth="1971-03-14").status == "possible"
    other = screened(name, date_of_birth="1999-03-14")
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
    assert of("Koose Muniswamy Veerappan", date_of_birth="1990-01-01") == [("a", "discounted")]
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
    (match,) = screened("Zoravar Khazanchi", date_of_birth="1999-03-14").matches
    assert match.strength == "discounted"


PARTS = ("ramesh", "kumar", "sharma", "asha", "rao", "lakshmi", "narayanan", "mohammed", "aslam", "singh", "vikram")
full = st.lists(st.sampled_from(PARTS), min_size=2, max_size=4).map(" ".join)


@given(st.lists(full, min_size=1, max_size=8, unique=True), full)
def test_a_search_by_sound_finds_whoever_a_search_through_the_whole_list_finds(names: list[str], wanted: str) -> None:
    rows = "".join(f"e{number},pep,{name},,,,\n" for number, name in enumerate(names))
    head = "id,kind,name,aliases,birth_date,countries,identifiers\n"
    mine = parse((head + rows).encode(), list_id="mine", version="1", as_of=datetime.date(2025, 1, 1))
    found = screen(ScreeningRequest(subject_id="s", name=wanted), (mine,))
    through = {f"e{number}" for number, name in enumerate(names) if (compare(wanted, name).score or 0) >= SIMILAR}
    assert {match.entry_id for match in found.matches} == through


@pytest.mark.parametrize(
    ("name", "likeness"), [("Khazanchi Zoravar", 100), ("Lashari Tariq Mehmood", 100), ("Viktor Morozemko", 93)]
)
def test_order_and_slips_as_rapidfuzz_sees_them(name: str, likeness: int) -> None:
    """rapidfuzz 3.14, fuzz.token_sort_ratio: what it finds the same is scored 100, and a slip of the pen below that."""
    names = [other for entry in shipped().entries for other in entry.names]
    assert max(int(fuzz.token_sort_ratio(name.lower(), other.lower())) for other in names) == likeness
    score = screened(name).matches[0].score
    assert score == 100 if likeness == 100 else SIMILAR <= score < 100
