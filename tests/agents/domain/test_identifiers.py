"""Identifiers: what is well formed, and what each fault is called."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.in_ import aadhaar as stdnum_aadhaar
from stdnum.in_ import gstin as stdnum_gstin
from stdnum.in_ import pan as stdnum_pan

from genie_finance.domain.identifiers import aadhaar, account, gstin, ifsc, pan, pan_holder, vpa

CHECKS = (aadhaar, account, gstin, ifsc, pan, vpa)
pans = st.from_regex(r"[A-Z]{5}[0-9]{4}[A-Z]", fullmatch=True)


@pytest.mark.parametrize(
    ("text", "holder"), [("ABCPK1234F", "individual"), ("aapfu 0939 f", "firm"), ("ACUPA7085R", "individual")]
)
def test_a_pan_says_whose_it_is(text: str, holder: str) -> None:
    found = pan(text)
    assert found.valid
    assert pan_holder(found.value) == holder


@pytest.mark.parametrize("text", ["", "ABCPK1234", "ABCPK12345", "ABCXK1234F", "ABCPK0000F", "ABCPK1234Ffoo", "१२३"])
def test_a_pan_that_cannot_be_is_none(text: str) -> None:
    assert pan(text).fault is not None


@given(pans)
def test_pans_are_judged_as_python_stdnum_2_2_judges_them_except_for_a_kind_that_is_not_listed(text: str) -> None:
    # python-stdnum also takes K, of which it says itself that the tax department's page does not list it.
    assert pan(text).valid == (stdnum_pan.is_valid(text) and text[3] != "K")


@given(st.text(alphabet="0123456789 -", max_size=16))
def test_aadhaar_numbers_are_judged_as_python_stdnum_judges_them(text: str) -> None:
    assert aadhaar(text).valid == stdnum_aadhaar.is_valid(text)


def test_the_examples_of_the_library_that_was_opened() -> None:
    # Examples in the docstrings of python-stdnum 2.2, in_/aadhaar.py and in_/gstin.py.
    assert aadhaar("234123412346").valid
    assert aadhaar("643343121").fault is not None
    assert gstin("27AAPFU0939F1ZV").valid
    assert stdnum_gstin.is_valid("27AAPFU0939F1ZV")


def test_a_gstin_whose_shape_alone_is_right_is_none() -> None:
    """The prior system's tests took this for valid: its holder type and check character are wrong."""
    assert gstin("27ABCDE1234F1Z5").fault is not None


@pytest.mark.parametrize("text", ["SBIN0000691", "sbin0000987", "HDFC0CBLN12"])
def test_branches(text: str) -> None:
    assert ifsc(text).valid


@pytest.mark.parametrize("text", ["x", "SBIN1000691", "SBI00000691", "SBIN000069", "SBIN00006911"])
def test_what_is_no_branch(text: str) -> None:
    """The prior system sent money to the branch "x"."""
    assert ifsc(text).fault is not None


@pytest.mark.parametrize("text", ["alice@okhdfcbank", "Alice.Rao-1@upi", "9876543210@ybl"])
def test_payment_addresses(text: str) -> None:
    assert vpa(text).valid


@pytest.mark.parametrize("text", ["not a vpa", "alice", "@upi", "alice@", "alice@example.com", "a b@upi", "a@b@upi"])
def test_what_is_no_payment_address(text: str) -> None:
    """The prior system paid to "not a vpa"."""
    assert vpa(text).fault is not None


@pytest.mark.parametrize(
    ("text", "fine"), [("002301567890", True), ("12345678", False), ("000000000", False), ("x" * 12, False)]
)
def test_accounts(text: str, fine: bool) -> None:
    assert account(text).valid == fine


@given(st.sampled_from(CHECKS), st.text(max_size=400))
def test_no_text_breaks_a_check_and_blanks_around_it_change_nothing(check, text: str) -> None:
    found = check(text)
    assert len(found.value) <= 400
    assert check(f"  {text[:50]} ").fault == check(text[:50].strip()).fault
