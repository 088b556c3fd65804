"""Attack: personal data and keys are torn apart by signs, gaps, markup, look-alike letters, words or ends of lines."""

from __future__ import annotations

import random

import pytest

from genie.policies.pii import Pii
from genie.policies.secrets import Secrets
from genie.policy.inspection import Inspectors
from tests.genie.policies_for_tests import Note

CARD, FOURS = "4111111111111111", ("4111", "1111", "1111", "1111")
MAIL, ACCOUNT = "jane.doe@example.com", "DE89370400440532013000"
KEY = "ghp_aB3dE6gH9jK2mN5pQ8sT1vW4xY7zA0cD3fG6"
WRITTEN = {
    "bullets": "\u2022".join(CARD),
    "bullets between groups": " \u2022 ".join(FOURS),
    "four blanks": "    ".join(FOURS),
    "quotes": '"4111" "1111" "1111" "1111"',
    "brackets": "[4111][1111][1111][1111]",
    "some brackets": "4111 (1111) 1111 (1111)",
    "a dot after each digit": ". ".join(CARD) + ".",
    "l for 1": "4111 1l11 1I11 1111",
    "O for 0": "4OOO OOOO OOOO OOO2",
    "O for 0 in an account": "DE89 37O4 OO44 O532 O13O OO",
    "blocks": "4111<div>1111</div><div>1111</div>1111",
    "bold groups": "**4111** **1111** **1111** **1111**",
    "bold digits": "41**11** 11**11** 1111 **1111**",
    "spaced mail": " ".join(MAIL),
    "dashed mail": "-".join(MAIL),
    "spaced account": " ".join(ACCOUNT),
    "spaced key": " ".join(KEY),
    "<at>": "jane.doe<at>example.com",
    "_at_": "jane.doe_at_example.com",
    "[@]": "jane.doe [@] example.com",
    "-at- and -dot-": "jane.doe-at-example-dot-com",
    "digits as words": "four-one-one-one one-one-one-one one-one-one-one one-one-one-one",
    "a key in two lines": f"{KEY[:20]}\n    {KEY[20:]}",
    "a key in two strings": f'"{KEY[:15]}" + "{KEY[15:]}"',
    "a key backwards": KEY[::-1],
}


@pytest.mark.parametrize("text", WRITTEN.values(), ids=WRITTEN)
@pytest.mark.parametrize("carrier", ["{}", "see {} for this", "x: {}\nend"])
def test_it_is_found_as_one_value(text: str, carrier: str) -> None:
    inspectors = Inspectors(one for policy in (Pii(), Secrets()) for one in policy.inspectors)
    whole = carrier.format(text)

    found = inspectors.inspect(Note(text=whole)).findings

    start, end = min(finding.start for finding in found), max(finding.end for finding in found)
    assert whole[start:end].strip(' .*"[]()') == text.strip(' .*"[]()')


def test_lists_and_tables_of_other_numbers_are_none() -> None:
    chance = random.Random(1)
    inspectors = Inspectors(one for policy in (Pii(), Secrets()) for one in policy.inspectors)
    marked = 0
    for _ in range(2_000):
        numbers = [str(chance.randrange(10 ** chance.randrange(1, 8))) for _ in range(chance.randrange(3, 12))]
        gap = chance.choice(('", "', "    ", " \u2022 ", "] [", " -> ", " > "))
        marked += bool(inspectors.inspect(Note(text=f"({gap.join(numbers)})")).findings)

    assert marked <= 4
