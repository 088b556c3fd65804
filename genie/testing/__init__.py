"""Shipped doubles, probes and conformance suites for tests of agents, pipelines and ports.

None of them sleeps or reads the time: a test waits for a condition, and fails at once if it can no longer occur.
``genie.testing.conformance`` has a suite for every port.
"""

from genie.testing.gate import Gate as Gate
from genie.testing.handling import FakeContext as FakeContext
from genie.testing.http import LoopbackServer as LoopbackServer
from genie.testing.http import Request as Request
from genie.testing.http import loopback_server as loopback_server
from genie.testing.http import response as response
from genie.testing.policies import FunctionPolicy as FunctionPolicy
from genie.testing.policies import denying as denying
from genie.testing.policies import holding as holding
from genie.testing.policies import masking as masking
from genie.testing.policies import verdict_for as verdict_for
from genie.testing.probe import Probe as Probe
from genie.testing.probe import Scripted as Scripted
from genie.testing.recorders import MemoryLedger as MemoryLedger
from genie.testing.recorders import RecordingAudit as RecordingAudit
from genie.testing.recorders import RecordingLog as RecordingLog
from genie.testing.rest import assert_at_rest as assert_at_rest
from genie.testing.rest import settled as settled
from genie.testing.rest import turns as turns

__all__ = [
    "FakeContext",
    "FunctionPolicy",
    "Gate",
    "LoopbackServer",
    "MemoryLedger",
    "Probe",
    "RecordingAudit",
    "RecordingLog",
    "Request",
    "Scripted",
    "assert_at_rest",
    "denying",
    "holding",
    "loopback_server",
    "masking",
    "response",
    "settled",
    "turns",
    "verdict_for",
]
