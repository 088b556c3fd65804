"""Where the loop spends its time: counted by function, without values, one look at a time, bounded."""

from __future__ import annotations

import sys
from types import FrameType

import pytest

from genie.server import profiling
from genie.server.profiling import EVERY_S, MOST_SHOWN, sampled
from tests.genie.desk_for_tests import desk


class Clock:
    """Time that goes on with each wait."""

    def __init__(self) -> None:
        self.at = 0.0

    def now(self) -> float:
        return self.at

    def wait(self, seconds: float) -> None:
        self.at += seconds


def inner() -> FrameType:
    secret_value = "a secret value"  # noqa: F841 - what must not be shown
    return sys._getframe()


def outer() -> FrameType:
    return inner()


def test_functions_are_counted_by_name_and_no_value_is_shown() -> None:
    clock = Clock()
    found = sampled(outer, 10 * EVERY_S, clock.wait, clock.now)
    counted = {one["function"].rpartition(".")[2]: (one["own"], one["whole"]) for one in found["functions"]}
    assert counted["inner"] == (found["looks"], found["looks"])
    assert counted["outer"] == (0, found["looks"])
    assert found["looks"] in {10, 11}
    assert "secret" not in str(found)
    assert len(found["functions"]) <= MOST_SHOWN


def test_a_thread_that_is_gone_is_counted_nowhere() -> None:
    clock = Clock()
    assert sampled(lambda: None, 5 * EVERY_S, clock.wait, clock.now)["functions"] == []


@pytest.mark.anyio
async def test_a_profile_is_for_operators_and_one_at_a_time() -> None:
    async with desk() as at:
        assert (await at.get("/v1/profile", at.key("wim", rights=("observe",)))).status_code == 403
        assert (await at.get("/v1/profile", at.key("ann", rights=("operate",)))).status_code == 403
        of_server = at.key("root", rights=("operate", "operate_server"))
        assert (await at.get("/v1/profile?seconds=11", of_server)).json()["code"] == "invalid"
        with profiling._running:
            assert (await at.get("/v1/profile", of_server)).json()["code"] == "overflow"
