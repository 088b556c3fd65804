"""Every agent of the catalogue by its id; nothing is imported until it is named."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

AGENTS: Mapping[str, str] = MappingProxyType(
    {
        "adviser": "agents.insights.adviser:adviser",
        "advance_tax_planner": "agents.tax.advance_tax_planner:advance_tax_planner",
        "analyser": "agents.insights.analyser:analyser",
        "anomaly_detector": "agents.insights.anomaly_detector:anomaly_detector",
        "categoriser": "agents.insights.categoriser:categoriser",
        "deductions_optimizer": "agents.tax.deductions_optimizer:deductions_optimizer",
        "finance_desk": "agents.insights.finance_desk:finance_desk",
        "forecaster": "agents.insights.forecaster:forecaster",
        "normaliser": "agents.insights.normaliser:normaliser",
        "reporter": "agents.insights.reporter:reporter",
        "statement_reader": "agents.insights.reader:statement_reader",
        "subscription_detector": "agents.insights.subscription_detector:subscription_detector",
        "tax_desk": "agents.tax.tax_desk:tax_desk",
        "tax_estimator": "agents.tax.tax_estimator:tax_estimator",
        "tax_harvester": "agents.tax.tax_harvester:tax_harvester",
    }
)
"""Agent id -> ``module:attribute``."""
