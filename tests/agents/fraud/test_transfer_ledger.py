"""Ledgers: every line or none, what is refused and how that is said, and hostile files."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genie.errors import InputError
from genie_finance.contracts.fraud import MuleCheck, MuleVerdict
from genie_finance.fraud.ledger import read
from genie_finance.fraud.mule_detector import detect

HEADER = "transaction_id,timestamp,sender,recipient,amount,channel"
SECRET = "4111 1111 1111 1111"
FOLDER = Path(__file__).parents[3] / "config" / "fraud"


def ledger(*lines: str, header: str = HEADER) -> bytes:
    return "\n".join((header, *lines)).encode()


def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_fraud_sample", FOLDER / "make_sample.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_line_is_a_transfer() -> None:
    header = f"{HEADER},currency,category,latitude,longitude,recipient_country"
    content = ledger("t1,2026-01-05T10:00+05:30,a,,19.99,CASH,EUR,food,19.1,72.9,DE", header=header)
    (found,) = read(content, "x.csv")
    assert (found.sender, found.recipient, found.channel, found.category) == ("a", None, "cash", "food")
    assert str(found.amount) == "19.99 EUR"
    assert found.place is not None
    assert found.recipient_country == "DE"


def test_an_empty_file_with_a_header_has_no_transfers() -> None:
    assert read(ledger(), "x.csv") == ()
    assert read(b"\xef\xbb\xbf" + ledger("t1,2026-01-05,a,b,1,upi"), "x.csv")[0].transaction_id == "t1"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "lacks the columns"),
        (ledger(header=HEADER.replace("channel", "rail")), "lacks the columns channel"),
        (ledger(header=f"{HEADER},note"), "an unknown or duplicate column"),
        (ledger(header=f"{HEADER},amount"), "an unknown or duplicate column"),
        (b"\xff\xfe", "not UTF-8"),
        (ledger('t1,2026-01-05,a,b,1,"upi'), "CSV"),
        (ledger("t1,2026-01-05,a,b,1"), "line 2: has 5 cells, not 6"),
        (ledger("t1,2026-01-05,a,b,1,upi", "t2,2026-02-31,a,b,1,upi"), "line 3: "),
        (ledger("t1,2026-01-05,a,b,abc,upi"), "line 2: amount: "),
        (ledger("t1,2026-01-05,a,b,-1,upi"), "line 2: amount"),
        (ledger("t1,2026-01-05,a,b,1.005,upi"), "line 2: "),
        (ledger("t1,2026-01-05,a,b,NaN,upi"), "line 2: "),
        (ledger("t1,2026-01-05,a,b,1,pigeon"), "line 2: channel"),
        (ledger("t1,2026-01-05,,,1,cash"), "line 2: the transfer"),
        (ledger("t1,2026-01-05,a,b,1,upi,5,", header=f"{HEADER},latitude,longitude"), "line 2: place.longitude"),
        (ledger("t1,2026-01-05,a,b,1,upi," + "x" * 20_000, header=f"{HEADER},category"), "line 2: has more than"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(content: bytes, words: str) -> None:
    with pytest.raises(InputError) as caught:
        read(content, "x.csv")
    assert words in str(caught.value)


def test_a_refusal_quotes_nothing_of_the_file() -> None:
    for content in (
        ledger(f"t1,{SECRET},a,b,1,upi"), ledger(f"t1,2026-01-05,a,b,{SECRET},upi"),
        ledger(f"t1,2026-01-05,a,b,1,{SECRET}"), ledger(header=f"{HEADER},{SECRET}"),
    ):  # fmt: skip
        with pytest.raises(InputError) as caught:
            read(content, "x.csv")
        assert "4111" not in str(caught.value)


def test_many_wrong_lines_are_counted() -> None:
    with pytest.raises(InputError, match="and 7 more"):
        read(ledger(*(f"t{number},2026-01-05,a,b,x,upi" for number in range(12))), "x.csv")


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    for tried in (content, HEADER.encode() + b"\n" + content):
        said, found = "", None
        try:
            found = read(tried, "x.csv")
        except InputError as refused:
            said = str(refused)
        assert "\n" not in said
        assert (found is None) == bool(said)
        assert found is None or len(found) < len(tried.splitlines())


# --- the sample, and what is planted in it ---


def test_the_sample_is_what_its_script_writes() -> None:
    content, _ = script().ledger()
    assert (FOLDER / "sample.csv").read_bytes() == content


@pytest.mark.parametrize(("customers", "rings"), [(24, 2), (90, 9)])
def test_every_planted_ring_is_found_and_nobody_else(customers: int, rings: int) -> None:
    """Recall and precision on what the script plants: an honest life there is simpler than a true one."""
    content, planted = script().ledger(customers, rings)
    verdict = detect(MuleCheck(transfers=read(content, "sample.csv")))
    assert isinstance(verdict, MuleVerdict)
    assert {frozenset(ring.account_ids) for ring in verdict.rings} == set(planted)
    flagged = {one.account_id for one in verdict.accounts if one.label in {"medium", "high"}}
    assert flagged == {member for ring in planted for member in ring}
