"""Every agent of the catalogue by its id; nothing is imported until it is named."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

AGENTS: Mapping[str, str] = MappingProxyType(
    {
        "advance_tax_planner": "agents.tax.advance_tax_planner:advance_tax_planner",
        "adviser": "agents.insights.adviser:adviser",
        "analyser": "agents.insights.analyser:analyser",
        "anomaly_detector": "agents.insights.anomaly_detector:anomaly_detector",
        "auto_insurance": "agents.insurance.auto_insurance:AutoInsurance",
        "categoriser": "agents.insights.categoriser:categoriser",
        "claim_adjudicator": "agents.insurance.claim_adjudicator:claim_adjudicator",
        "claim_desk": "agents.insurance.claim_desk:claim_desk",
        "deductions_optimizer": "agents.tax.deductions_optimizer:deductions_optimizer",
        "finance_desk": "agents.insights.finance_desk:finance_desk",
        "forecaster": "agents.insights.forecaster:forecaster",
        "health_preauth": "agents.insurance.health_preauth:health_preauth",
        "normaliser": "agents.insights.normaliser:normaliser",
        "policy_register": "agents.insurance.policy_register:policy_register",
        "reporter": "agents.insights.reporter:reporter",
        "settlement_clerk": "agents.insurance.settlement_clerk:settlement_clerk",
        "statement_reader": "agents.insights.reader:statement_reader",
        "subscription_detector": "agents.insights.subscription_detector:subscription_detector",
        "tax_desk": "agents.tax.tax_desk:tax_desk",
        "tax_estimator": "agents.tax.tax_estimator:tax_estimator",
        "tax_harvester": "agents.tax.tax_harvester:tax_harvester",
    }
)
"""Agent id -> ``module:attribute``."""
