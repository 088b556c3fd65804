"""Every agent of the catalogue by its id, and what their ports are bound to; nothing is imported until it is named."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

AGENTS: Mapping[str, str] = MappingProxyType(
    {
        "advance_tax_planner": "agents.tax.advance_tax_planner:advance_tax_planner",
        "adviser": "agents.insights.adviser:adviser",
        "aml_monitor": "agents.fraud.aml_monitor:aml_monitor",
        "analyser": "agents.insights.analyser:analyser",
        "anomaly_detector": "agents.insights.anomaly_detector:anomaly_detector",
        "categoriser": "agents.insights.categoriser:categoriser",
        "complaint_triage": "agents.service.complaint_triage:complaint_triage",
        "cyber_guardian": "agents.fraud.cyber_guardian:cyber_guardian",
        "deductions_optimizer": "agents.tax.deductions_optimizer:deductions_optimizer",
        "finance_desk": "agents.insights.finance_desk:finance_desk",
        "forecaster": "agents.insights.forecaster:forecaster",
        "fraud_desk": "agents.fraud.fraud_desk:fraud_desk",
        "fraud_detector": "agents.fraud.fraud_detector:fraud_detector",
        "identity_verifier": "agents.service.identity_verifier:identity_verifier",
        "kyc_desk": "agents.service.kyc_desk:kyc_desk",
        "kyc_gates": "agents.service.kyc_gates:kyc_gates",
        "kyc_registrar": "agents.service.kyc_registrar:kyc_registrar",
        "mule_detector": "agents.fraud.mule_detector:mule_detector",
        "normaliser": "agents.insights.normaliser:normaliser",
        "party_screener": "agents.service.party_screener:party_screener",
        "payment_books": "agents.payments.payment_books:PaymentBooks",
        "payment_desk": "agents.payments.payment_desk:payment_desk",
        "payment_orchestrator": "agents.payments.payment_orchestrator:payment_orchestrator",
        "payment_submitter": "agents.payments.payment_submitter:payment_submitter",
        "phishing_classifier": "agents.fraud.phishing_classifier:phishing_classifier",
        "reporter": "agents.insights.reporter:reporter",
        "statement_reader": "agents.insights.reader:statement_reader",
        "subscription_detector": "agents.insights.subscription_detector:subscription_detector",
        "synthetic_identity_detector": "agents.fraud.synthetic_identity_detector:synthetic_identity_detector",
        "tax_desk": "agents.tax.tax_desk:tax_desk",
        "tax_estimator": "agents.tax.tax_estimator:tax_estimator",
        "tax_harvester": "agents.tax.tax_harvester:tax_harvester",
    }
)
"""Agent id -> ``module:attribute``."""

EDGES: Mapping[str, str] = MappingProxyType(
    {
        "invented_watchlist": "agents.domain.watchlist_file:InventedWatchlist",
        "memory_ledger": "agents.payments.ledger:MemoryLedger",
        "simulated_provider": "agents.payments.provider:SimulatedProvider",
        "watchlist_file": "agents.domain.watchlist_file:WatchlistFile",
    }
)
"""Edge name -> ``module:Class``: what the ports of these agents are bound to."""
