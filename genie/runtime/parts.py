"""Adds approvals, admission control, kill switches, consents, incidents and joins to a bus."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from genie.approvals.holds import Holds
from genie.approvals.slow_judges import SlowJudges
from genie.joins.agent import JoinAgent
from genie.operations.consents import Consents
from genie.operations.effects import EffectKeeper
from genie.operations.incidents import Incident, Incidents, Severity, State
from genie.operations.reload import Reloads
from genie.operations.switches import Switches
from genie.runtime.approvals import Approvals
from genie.runtime.keys import Keys
from genie.runtime.operations import Operations

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from genie.admission.limiter import AdmissionController
    from genie.bus.bus import Bus
    from genie.contracts.admission import Admission
    from genie.contracts.agent import Join
    from genie.contracts.statistics import Statistics
    from genie.operations.reload import PolicySource


class Parts(NamedTuple):
    """The components added to one bus."""

    bus: Bus
    holds: Holds
    switches: Switches
    incidents: Incidents
    admission: AdmissionController | None
    keys: Keys
    operations: Operations
    approvals: Approvals

    def statistics(self) -> Statistics:
        """Return the present value of every counter."""
        from genie.operations.statistics import statistics  # noqa: PLC0415 - start-up: for those who ask

        admission = self.admission
        return statistics(
            self.bus, {} if admission is None else admission.rates(), {} if admission is None else admission.budgets(),
            self.incidents.unclosed(),
        )  # fmt: skip

    def fold_departed(self) -> None:
        """Store the accounts of removed agents, so that totals never decrease."""
        from genie.operations.statistics import fold_departed  # noqa: PLC0415 - as above

        fold_departed(self.bus)


def plugged_in(
    bus: Bus, open_bus: Callable[[], Bus], joins: Iterable[Join], admission: Admission | None,
    source: PolicySource | None,
) -> Parts:  # fmt: skip
    """Add all components to a bus, in the order in which they see a message.

    Args:
        bus: The bus.
        open_bus: Returns the bus, or raises when the runtime is closed.
        joins: Declared fan-in.
        admission: Rates and budgets.
        source: Source of reloaded policies.
    """

    def record_incident(incident: Incident, by: str) -> None:
        if incident.severity is Severity.LOW and incident.state is not State.CLOSED and by in {"supervisor", "bus"}:
            return  # repeated failures of observers are recorded elsewhere
        bus.record_act("incident", incident.id, by=by, reason=incident.severity.value, detail=incident.record())

    holds = bus.approvals = Holds(bus)
    bus.consultations = SlowJudges(bus)
    switches, consents = Switches(bus), Consents(bus)
    effects = bus.effects = bus.dead_letters.effects = EffectKeeper(bus)
    bus.intercept(switches)
    bus.intercept(consents)
    controller = None
    if admission is not None and (admission.rates or admission.budgets):
        from genie.admission.limiter import AdmissionController  # noqa: PLC0415 - start-up: for those who set some

        controller = AdmissionController(bus, admission)
        bus.intercept(controller)
    keys = bus.keys = Keys(bus)
    incidents = bus.observers.incidents = Incidents(record_incident)
    bus.sinks.extend(JoinAgent(bus, join) for join in joins)
    reloads = Reloads(open_bus, source)
    return Parts(
        bus, holds, switches, incidents, controller, keys, Operations(open_bus, switches, incidents, reloads, effects),
        Approvals(open_bus, holds),
    )  # fmt: skip
