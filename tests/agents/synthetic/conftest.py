"""Scenarios in text, as the tests of the simulation make them."""

from tests.genie.simulation.conftest import made

__all__ = ["made"]
