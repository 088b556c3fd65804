"""Ledgers made to be slow: work stays in proportion to their length. Counted in calls, not in seconds."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from genie_finance.contracts.fraud import AmlCheck, FraudCheck, MuleCheck
from genie_finance.contracts.transfers import Transfer
from genie_finance.fraud import aml_monitor, fraud_detector, mule_detector

MOST_LINES = 2_500
Shape = Callable[[int], tuple[str, str]]
SHAPES: dict[str, Shape] = {
    "one hub": lambda at: (f"a{at}", "hub") if at % 2 else ("hub", f"a{at}"),
    "one pair": lambda _: ("a", "b"),
    "layers": lambda at: (f"l{at % 5}-{at % 7}", f"l{at % 5 + 1}-{at % 3}"),
    "all with all": lambda at: (f"a{at % 13}", f"a{at % 11}b"),
}


def ledger(shape: Shape, count: int) -> tuple[Transfer, ...]:
    return tuple(
        Transfer.model_validate(
            {
                "transaction_id": f"t{at:06}", "timestamp": f"2026-01-05T10:{at // 60 % 60:02}:{at % 60:02}+05:30",
                "sender": shape(at)[0], "recipient": shape(at)[1], "amount": 20_000, "channel": "imps",
            }
        )
        for at in range(count)
    )  # fmt: skip


def lines_run(work: Callable[[], object]) -> int:
    """Return how many lines of Python the work takes."""
    count = 0

    def trace(_frame: object, event: str, _argument: object) -> object:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)  # type: ignore[arg-type] # typeshed wants the frame's own type, of no use here
    try:
        work()
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("name", SHAPES)
def test_no_transfer_takes_more_than_a_bounded_piece_of_work(name: str) -> None:
    rows = ledger(SHAPES[name], 900)
    works: tuple[Callable[[], object], ...] = (
        lambda: mule_detector.detect(MuleCheck(transfers=rows)),
        lambda: aml_monitor.monitor(AmlCheck(transfers=rows)),
        lambda: fraud_detector.detect(FraudCheck(transfers=rows)),
    )
    for work in works:
        assert lines_run(work) <= MOST_LINES * len(rows)


def test_the_work_grows_with_the_ledger_and_no_faster() -> None:
    small, large = ledger(SHAPES["one pair"], 300), ledger(SHAPES["one pair"], 1_200)
    few = lines_run(lambda: fraud_detector.detect(FraudCheck(transfers=small)))
    assert lines_run(lambda: fraud_detector.detect(FraudCheck(transfers=large))) <= 5 * few
