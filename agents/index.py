"""Every agent of the catalogue by its id; nothing is imported until it is named."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

AGENTS: Mapping[str, str] = MappingProxyType(
    {
        "advance_tax_planner": "agents.tax.advance_tax_planner:advance_tax_planner",
        "adviser": "agents.insights.adviser:adviser",
        "alm": "agents.treasury.alm:alm",
        "alm_fallback": "agents.control.fallback:alm_fallback",
        "aml_monitor": "agents.fraud.aml_monitor:aml_monitor",
        "analyser": "agents.insights.analyser:analyser",
        "anomaly_detector": "agents.insights.anomaly_detector:anomaly_detector",
        "asset_allocator": "agents.investing.asset_allocator:asset_allocator",
        "auto_insurance": "agents.insurance.auto_insurance:AutoInsurance",
        "categoriser": "agents.insights.categoriser:categoriser",
        "claim_adjudicator": "agents.insurance.claim_adjudicator:claim_adjudicator",
        "claim_desk": "agents.insurance.claim_desk:claim_desk",
        "complaint_triage": "agents.service.complaint_triage:complaint_triage",
        "currency_converter": "agents.treasury.currency_converter:currency_converter",
        "cyber_guardian": "agents.fraud.cyber_guardian:cyber_guardian",
        "deductions_optimizer": "agents.tax.deductions_optimizer:deductions_optimizer",
        "dividend_planner": "agents.investing.dividend_planner:dividend_planner",
        "finance_desk": "agents.insights.finance_desk:finance_desk",
        "financial_educator": "agents.research.financial_educator:financial_educator",
        "forecaster": "agents.insights.forecaster:forecaster",
        "fraud_desk": "agents.fraud.fraud_desk:fraud_desk",
        "fraud_detector": "agents.fraud.fraud_detector:fraud_detector",
        "goal_planner": "agents.investing.goal_planner:goal_planner",
        "health_preauth": "agents.insurance.health_preauth:health_preauth",
        "hierarchical_router": "agents.control.hierarchical_router:hierarchical_router",
        "holdings_fetcher": "agents.investing.holdings_fetcher:holdings_fetcher",
        "identity_verifier": "agents.service.identity_verifier:identity_verifier",
        "investing_desk": "agents.investing.investing_desk:investing_desk",
        "kyc_desk": "agents.service.kyc_desk:kyc_desk",
        "kyc_gates": "agents.service.kyc_gates:kyc_gates",
        "kyc_registrar": "agents.service.kyc_registrar:kyc_registrar",
        "lcr_projector": "agents.treasury.lcr_projector:lcr_projector",
        "lcr_projector_fallback": "agents.control.fallback:lcr_projector_fallback",
        "macro_research": "agents.research.macro_research:macro_research",
        "mf_screener": "agents.investing.mf_screener:mf_screener",
        "mpc_research": "agents.research.mpc_research:mpc_research",
        "mule_detector": "agents.fraud.mule_detector:mule_detector",
        "normaliser": "agents.insights.normaliser:normaliser",
        "options_explainer": "agents.investing.options_explainer:options_explainer",
        "party_screener": "agents.service.party_screener:party_screener",
        "payment_books": "agents.payments.payment_books:PaymentBooks",
        "payment_desk": "agents.payments.payment_desk:payment_desk",
        "payment_orchestrator": "agents.payments.payment_orchestrator:payment_orchestrator",
        "payment_submitter": "agents.payments.payment_submitter:payment_submitter",
        "phishing_classifier": "agents.fraud.phishing_classifier:phishing_classifier",
        "policy_register": "agents.insurance.policy_register:policy_register",
        "portfolio_advisor": "agents.investing.portfolio_advisor:portfolio_advisor",
        "rate_watcher": "agents.research.rate_watcher:rate_watcher",
        "reporter": "agents.insights.reporter:reporter",
        "settlement_clerk": "agents.insurance.settlement_clerk:settlement_clerk",
        "sip_vs_lumpsum": "agents.investing.sip_vs_lumpsum:sip_vs_lumpsum",
        "statement_reader": "agents.insights.reader:statement_reader",
        "subscription_detector": "agents.insights.subscription_detector:subscription_detector",
        "synthetic_identity_detector": "agents.fraud.synthetic_identity_detector:synthetic_identity_detector",
        "tax_desk": "agents.tax.tax_desk:tax_desk",
        "tax_estimator": "agents.tax.tax_estimator:tax_estimator",
        "tax_harvester": "agents.tax.tax_harvester:tax_harvester",
        "treasury_desk": "agents.treasury.treasury_desk:treasury_desk",
        "var_calculator": "agents.treasury.var_calculator:var_calculator",
        "var_calculator_fallback": "agents.control.fallback:var_calculator_fallback",
    }
)
"""Agent id -> ``module:attribute``."""

EDGES: Mapping[str, str] = MappingProxyType({
        "invented_watchlist": "agents.domain.watchlist_file:InventedWatchlist",
        "memory_ledger": "agents.payments.ledger:MemoryLedger",
        "sample_broker": "agents.investing.brokerage:SampleBroker",
        "simulated_provider": "agents.payments.provider:SimulatedProvider",
        "watchlist_file": "agents.domain.watchlist_file:WatchlistFile",
    })
"""Offline fixtures of the ports that agents declare, by name -> ``module:Class``."""
