"""Names: what counts as the same, and what is a step or more away from it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz import fuzz
from rapidfuzz.distance import DamerauLevenshtein

from genie_finance.domain.names import SAME, SIMILAR, compare, sound, words

names = (
    st.lists(st.text(alphabet="abcdeghiklmnoprstuvy", min_size=1, max_size=9), min_size=1, max_size=4)
    .map(" ".join)
    .filter(words)  # "mr" alone is a title, and no name
)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Ramesh Kumar Sharma", "SHARMA RAMESH KUMAR"),
        ("Ramesh Kumar Sharma", "Ramesh Sharma"),
        ("RAMESH K SHARMA", "Ramesh Kumar Sharma"),
        ("S. K. Iyer", "Suresh Kumar Iyer"),
        ("Venkata Subramanian", "Venkatasubramanian"),
        ("Shri Mohd. Aslam", "Mohammed Aslam"),
        ("José García", "Jose Garcia"),
        ("Ramesh Sharma S/O Suresh Sharma", "Ramesh Sharma"),
        ("Acme Pvt. Ltd.", "ACME PRIVATE LIMITED"),
        ("X Y", "X Y"),
    ],
)
def test_one_name_written_in_two_ways(left: str, right: str) -> None:
    """``X Y`` beside itself counted as different in the prior system, which left out words of one letter."""
    assert compare(left, right).likeness == "same"


@pytest.mark.parametrize(
    ("left", "right"), [("Deepak Choudhary", "Dipak Chaudhari"), ("Lakshmi Narayanan", "Laxmi Narayan")]
)
def test_spellings_of_one_sound_are_for_a_person_to_look_at(left: str, right: str) -> None:
    assert compare(left, right).likeness in {"same", "similar"}


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Suresh Patel", "Mahesh Patel"),
        ("Anita Rao", "Sunita Rao"),
        ("Vikram Singh", "Vikram Sinha"),
        ("Priya", "Priya Sharma"),
    ],
)
def test_names_of_different_people(left: str, right: str) -> None:
    """A shared surname was enough for the prior system."""
    assert compare(left, right).likeness == "different"


@pytest.mark.parametrize(("left", "right"), [("", "Asha Rao"), ("...", "Asha Rao"), ("राम शर्मा", "Ram Sharma")])
def test_where_nothing_can_be_compared_nothing_is_said(left: str, right: str) -> None:
    found = compare(left, right)
    assert (found.score, found.likeness) == (None, "unknown")


def test_titles_and_relatives_are_no_part_of_a_name() -> None:
    assert words("Dr. (Smt) Asha Rao, W/O Ravi Rao") == ("asha", "rao")


def test_the_sounds_of_two_spellings() -> None:
    assert sound("lakshmi") == sound("laxmi")
    assert sound("deepak") == sound("dipak")
    assert sound("ramesh") != sound("suresh")


@given(names, names)
def test_which_name_comes_first_does_not_matter(left: str, right: str) -> None:
    assert compare(left, right) == compare(right, left)


@given(names, st.randoms(use_true_random=False))
def test_the_order_of_words_does_not_matter(name: str, random) -> None:
    shuffled = name.split()
    random.shuffle(shuffled)
    assert compare(name, " ".join(shuffled)).score == 100


@given(names, names)
def test_a_score_lies_between_0_and_100(left: str, right: str) -> None:
    found = compare(left, right)
    assert found.score is not None
    assert 0 <= found.score <= 100


def test_rapidfuzz_agrees_on_what_is_equal_and_on_a_slip_of_the_pen() -> None:
    # rapidfuzz 3.14: token_sort_ratio is 100 for the same words; one letter of six away is 1 - 1/6.
    assert fuzz.token_sort_ratio("ramesh kumar sharma", "sharma ramesh kumar") == 100
    assert DamerauLevenshtein.normalized_similarity("ramesh", "rameth") == pytest.approx(5 / 6)
    slip = compare("Ramesh Kumar", "Rameth Kumar").score
    assert slip is not None
    assert SIMILAR <= slip < 100
    assert SAME > SIMILAR
