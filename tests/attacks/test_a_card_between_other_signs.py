"""Attack: a card number whose groups are joined by signs or escapes that people seldom write between digits."""

from __future__ import annotations

import pytest

from genie.policies.pii import Pii
from genie.policy.inspection import Inspectors
from tests.genie.policies_for_tests import Note

CARD = "4111 1111 1111 1111"
WRITTEN = {
    **{f"joined by {sign}": CARD.replace(" ", sign) for sign in "~*#=\\"},
    "escapes of scripts": "".join(f"\\u{{{ord(digit):x}}}" for digit in CARD),
    "old escapes of URLs": "".join(f"%u{ord(digit):04x}" for digit in CARD),
    "colours of a terminal": "\x1b[1m4111\x1b[0m1111\x1b[31m1111\x1b[0m1111",
}


@pytest.mark.parametrize("text", WRITTEN.values(), ids=WRITTEN)
def test_a_card_is_found_whatever_stands_between_its_digits(text: str) -> None:
    whole = f"paid with {text} today"
    (found,) = Inspectors(Pii().inspectors).inspect(Note(text=whole)).findings
    assert found.kind == "pii.card"
    assert "1111" not in whole[: found.start] + whole[found.end :]


@pytest.mark.parametrize(
    "text", ["\\u{110000}\\u{ffffff}", "%uzzzz", "\x1b[99999999999999999999m", "a = 4 * 5 # 6 = 7 ~ 8"]
)
def test_what_is_no_escape_stays_as_it_is(text: str) -> None:
    assert not Inspectors(Pii().inspectors).inspect(Note(text=f"{text} {text}")).findings
