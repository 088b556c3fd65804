"""Conformance suites: requirements on every implementation of a port, as checks that its author runs.

Each module holds the checks of one port, as plain async functions, and one entry that runs them all. The entry takes a
function that creates a fresh implementation for each check. Call it from a test that runs on asyncio and on trio. A
failed check raises ``NonconformanceError``, which names the port, the check and the expectation.
"""

from genie.testing.conformance.audit import AuditUnderTest as AuditUnderTest
from genie.testing.conformance.audit import check_audit as check_audit
from genie.testing.conformance.control import ControlUnderTest as ControlUnderTest
from genie.testing.conformance.control import check_control as check_control
from genie.testing.conformance.event_log import LogUnderTest as LogUnderTest
from genie.testing.conformance.event_log import check_event_log as check_event_log
from genie.testing.conformance.executor import check_executor as check_executor
from genie.testing.conformance.fetch import check_fetch as check_fetch
from genie.testing.conformance.journal import JournalUnderTest as JournalUnderTest
from genie.testing.conformance.journal import check_journal as check_journal
from genie.testing.conformance.ledger import LedgerUnderTest as LedgerUnderTest
from genie.testing.conformance.ledger import check_ledger as check_ledger
from genie.testing.conformance.provider import MakeProvider as MakeProvider
from genie.testing.conformance.provider import Play as Play
from genie.testing.conformance.provider import ProviderUnderTest as ProviderUnderTest
from genie.testing.conformance.provider import check_provider as check_provider
from genie.testing.conformance.slow_policy import SlowPolicyUnderTest as SlowPolicyUnderTest
from genie.testing.conformance.slow_policy import check_slow_policy as check_slow_policy
from genie.testing.conformance.suite import NonconformanceError as NonconformanceError
from genie.testing.conformance.vault import VAULT_MOST as VAULT_MOST
from genie.testing.conformance.vault import check_vault as check_vault

__all__ = [
    "VAULT_MOST",
    "AuditUnderTest",
    "ControlUnderTest",
    "JournalUnderTest",
    "LedgerUnderTest",
    "LogUnderTest",
    "MakeProvider",
    "NonconformanceError",
    "Play",
    "ProviderUnderTest",
    "SlowPolicyUnderTest",
    "check_audit",
    "check_control",
    "check_event_log",
    "check_executor",
    "check_fetch",
    "check_journal",
    "check_ledger",
    "check_provider",
    "check_slow_policy",
    "check_vault",
]
