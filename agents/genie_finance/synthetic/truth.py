"""Ground truth: the anomalies planted in a history, for measuring detectors."""

from __future__ import annotations

import datetime
from typing import Literal, NamedTuple

Planted = Literal["duplicate", "first_large_payee", "price_rise", "fraud", "mule"]


class Label(NamedTuple):
    """One planted anomaly. Only booked movements count."""

    kind: Planted
    transactions: tuple[str, ...]
    """Ids in booking order; of a price rise, the last charge at the old price and the first at the new one."""
    detail: str
    """One sentence for a person."""


class Event(NamedTuple):
    """A life event that the history shows."""

    kind: Literal["job_loss", "new_job", "new_child", "move"]
    month: datetime.date
    """First day of the month of the anomaly."""
