"""Shipped fakes, probes and conformance suites for tests of agents, pipelines and ports.

None of them sleeps or looks at the time: a test waits for a condition, and fails at once when it cannot come.
"""

from genie.testing.conformance import check_journal as check_journal
from genie.testing.handling import FakeContext as FakeContext
from genie.testing.probe import Probe as Probe
from genie.testing.probe import Scripted as Scripted
from genie.testing.rest import settled as settled

__all__ = ["FakeContext", "Probe", "Scripted", "check_journal", "settled"]
