"""Every agent of the catalogue by its id; nothing is imported until it is named."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

AGENTS: Mapping[str, str] = MappingProxyType(
    {
        "aa_fetcher": "agents.insights.aa_fetcher:aa_fetcher",
        "advance_tax_planner": "agents.tax.advance_tax_planner:advance_tax_planner",
        "adviser": "agents.insights.adviser:adviser",
        "analyser": "agents.insights.analyser:analyser",
        "anomaly_detector": "agents.insights.anomaly_detector:anomaly_detector",
        "bulk_statement_analyzer": "agents.insights.bulk_statement_analyzer:bulk_statement_analyzer",
        "carbon_estimator": "agents.insights.carbon_estimator:carbon_estimator",
        "categoriser": "agents.insights.categoriser:categoriser",
        "deductions_optimizer": "agents.tax.deductions_optimizer:deductions_optimizer",
        "emergency_fund_advisor": "agents.insights.emergency_fund_advisor:emergency_fund_advisor",
        "finance_desk": "agents.insights.finance_desk:finance_desk",
        "forecaster": "agents.insights.forecaster:forecaster",
        "invoice_desk": "agents.payments.invoice_desk:invoice_desk",
        "invoice_discounter": "agents.payments.invoice_discounter:invoice_discounter",
        "invoice_processor": "agents.payments.invoice_processor:invoice_processor",
        "normaliser": "agents.insights.normaliser:normaliser",
        "reporter": "agents.insights.reporter:reporter",
        "statement_reader": "agents.insights.reader:statement_reader",
        "subscription_detector": "agents.insights.subscription_detector:subscription_detector",
        "supply_chain_finance": "agents.payments.supply_chain_finance:supply_chain_finance",
        "tax_desk": "agents.tax.tax_desk:tax_desk",
        "tax_estimator": "agents.tax.tax_estimator:tax_estimator",
        "tax_harvester": "agents.tax.tax_harvester:tax_harvester",
    }
)
"""Agent id -> ``module:attribute``."""

EDGES: Mapping[str, str] = MappingProxyType(
    {
        "aggregator_offline": "agents.insights.aggregator:OfflineAggregator",
    }
)
"""What the agents' ports can be bound to -> ``module:class``."""
