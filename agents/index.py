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
        "asset_allocator": "agents.investing.asset_allocator:asset_allocator",
        "categoriser": "agents.insights.categoriser:categoriser",
        "deductions_optimizer": "agents.tax.deductions_optimizer:deductions_optimizer",
        "dividend_planner": "agents.investing.dividend_planner:dividend_planner",
        "finance_desk": "agents.insights.finance_desk:finance_desk",
        "forecaster": "agents.insights.forecaster:forecaster",
        "goal_planner": "agents.investing.goal_planner:goal_planner",
        "holdings_fetcher": "agents.investing.holdings_fetcher:holdings_fetcher",
        "investing_desk": "agents.investing.investing_desk:investing_desk",
        "mf_screener": "agents.investing.mf_screener:mf_screener",
        "normaliser": "agents.insights.normaliser:normaliser",
        "options_explainer": "agents.investing.options_explainer:options_explainer",
        "portfolio_advisor": "agents.investing.portfolio_advisor:portfolio_advisor",
        "reporter": "agents.insights.reporter:reporter",
        "sip_vs_lumpsum": "agents.investing.sip_vs_lumpsum:sip_vs_lumpsum",
        "statement_reader": "agents.insights.reader:statement_reader",
        "subscription_detector": "agents.insights.subscription_detector:subscription_detector",
        "tax_desk": "agents.tax.tax_desk:tax_desk",
        "tax_estimator": "agents.tax.tax_estimator:tax_estimator",
        "tax_harvester": "agents.tax.tax_harvester:tax_harvester",
    }
)
"""Agent id -> ``module:attribute``."""

EDGES: Mapping[str, str] = MappingProxyType({"sample_broker": "agents.investing.brokerage:SampleBroker"})
"""Offline fixtures of the ports that agents declare, by name -> ``module:Class``."""
