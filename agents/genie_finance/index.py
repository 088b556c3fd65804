"""Every agent of the catalogue by its id; nothing is imported until it is named."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

AGENTS: Mapping[str, str] = MappingProxyType(
    {
        "aa_fetcher": "genie_finance.insights.aa_fetcher:aa_fetcher",
        "advance_tax_planner": "genie_finance.tax.advance_tax_planner:advance_tax_planner",
        "adviser": "genie_finance.insights.adviser:adviser",
        "aggregator_desk": "genie_finance.insights.aggregator_desk:aggregator_desk",
        "alm": "genie_finance.treasury.alm:alm",
        "alm_fallback": "genie_finance.control.fallback:alm_fallback",
        "aml_monitor": "genie_finance.fraud.aml_monitor:aml_monitor",
        "analyser": "genie_finance.insights.analyser:analyser",
        "anomaly_detector": "genie_finance.insights.anomaly_detector:anomaly_detector",
        "asset_allocator": "genie_finance.investing.asset_allocator:asset_allocator",
        "auto_insurance": "genie_finance.insurance.auto_insurance:AutoInsurance",
        "bulk_desk": "genie_finance.insights.bulk_desk:bulk_desk",
        "bulk_statement_analyzer": "genie_finance.insights.bulk_statement_analyzer:bulk_statement_analyzer",
        "carbon_estimator": "genie_finance.insights.carbon_estimator:carbon_estimator",
        "cashflow_underwriter": "genie_finance.lending.cashflow_underwriter:cashflow_underwriter",
        "categoriser": "genie_finance.insights.categoriser:categoriser",
        "claim_adjudicator": "genie_finance.insurance.claim_adjudicator:claim_adjudicator",
        "claim_desk": "genie_finance.insurance.claim_desk:claim_desk",
        "complaint_triage": "genie_finance.service.complaint_triage:complaint_triage",
        "complaint_triage_with_model": "genie_finance.service.complaint_triage:complaint_triage_with_model",
        "currency_converter": "genie_finance.treasury.currency_converter:currency_converter",
        "cyber_guardian": "genie_finance.fraud.cyber_guardian:cyber_guardian",
        "debt_optimizer": "genie_finance.lending.debt_optimizer:debt_optimizer",
        "deductions_optimizer": "genie_finance.tax.deductions_optimizer:deductions_optimizer",
        "dividend_planner": "genie_finance.investing.dividend_planner:dividend_planner",
        "emergency_fund_advisor": "genie_finance.insights.emergency_fund_advisor:emergency_fund_advisor",
        "finance_desk": "genie_finance.insights.finance_desk:finance_desk",
        "financial_educator": "genie_finance.research.financial_educator:financial_educator",
        "forecaster": "genie_finance.insights.forecaster:forecaster",
        "fraud_desk": "genie_finance.fraud.fraud_desk:fraud_desk",
        "fraud_detector": "genie_finance.fraud.fraud_detector:fraud_detector",
        "goal_planner": "genie_finance.investing.goal_planner:goal_planner",
        "health_preauth": "genie_finance.insurance.health_preauth:health_preauth",
        "hierarchical_router": "genie_finance.control.hierarchical_router:hierarchical_router",
        "hierarchical_router_with_model": "genie_finance.control.hierarchical_router:hierarchical_router_with_model",
        "holdings_fetcher": "genie_finance.investing.holdings_fetcher:holdings_fetcher",
        "household_desk": "genie_finance.insights.household_desk:household_desk",
        "identity_verifier": "genie_finance.service.identity_verifier:identity_verifier",
        "investing_desk": "genie_finance.investing.investing_desk:investing_desk",
        "invoice_desk": "genie_finance.payments.invoice_desk:invoice_desk",
        "invoice_discounter": "genie_finance.payments.invoice_discounter:invoice_discounter",
        "invoice_processor": "genie_finance.payments.invoice_processor:invoice_processor",
        "kyc_desk": "genie_finance.service.kyc_desk:kyc_desk",
        "kyc_gates": "genie_finance.service.kyc_gates:kyc_gates",
        "kyc_registrar": "genie_finance.service.kyc_registrar:kyc_registrar",
        "lcr_projector": "genie_finance.treasury.lcr_projector:lcr_projector",
        "lcr_projector_fallback": "genie_finance.control.fallback:lcr_projector_fallback",
        "loan_advisor": "genie_finance.lending.loan_advisor:loan_advisor",
        "macro_research": "genie_finance.research.macro_research:macro_research",
        "mf_screener": "genie_finance.investing.mf_screener:mf_screener",
        "mpc_research": "genie_finance.research.mpc_research:mpc_research",
        "mule_detector": "genie_finance.fraud.mule_detector:mule_detector",
        "normaliser": "genie_finance.insights.normaliser:normaliser",
        "options_explainer": "genie_finance.investing.options_explainer:options_explainer",
        "party_screener": "genie_finance.service.party_screener:party_screener",
        "payment_books": "genie_finance.payments.payment_books:PaymentBooks",
        "payment_desk": "genie_finance.payments.payment_desk:payment_desk",
        "payment_orchestrator": "genie_finance.payments.payment_orchestrator:payment_orchestrator",
        "payment_submitter": "genie_finance.payments.payment_submitter:payment_submitter",
        "phishing_classifier": "genie_finance.fraud.phishing_classifier:phishing_classifier",
        "policy_register": "genie_finance.insurance.policy_register:policy_register",
        "portfolio_advisor": "genie_finance.investing.portfolio_advisor:portfolio_advisor",
        "prepayment_advisor": "genie_finance.lending.prepayment_advisor:prepayment_advisor",
        "rate_watcher": "genie_finance.research.rate_watcher:rate_watcher",
        "receipt_reader": "genie_finance.insights.receipt_reader:receipt_reader",
        "reporter": "genie_finance.insights.reporter:reporter",
        "settlement_clerk": "genie_finance.insurance.settlement_clerk:settlement_clerk",
        "sip_vs_lumpsum": "genie_finance.investing.sip_vs_lumpsum:sip_vs_lumpsum",
        "sme_loan_desk": "genie_finance.lending.sme_loan_desk:sme_loan_desk",
        "sme_loan_pricer": "genie_finance.lending.sme_loan_pricer:sme_loan_pricer",
        "sme_loan_sanctioner": "genie_finance.lending.sme_loan_sanctioner:sme_loan_sanctioner",
        "statement_reader": "genie_finance.insights.reader:statement_reader",
        "subscription_detector": "genie_finance.insights.subscription_detector:subscription_detector",
        "supply_chain_finance": "genie_finance.payments.supply_chain_finance:supply_chain_finance",
        "synthetic_identity_detector": "genie_finance.fraud.synthetic_identity_detector:synthetic_identity_detector",
        "tax_desk": "genie_finance.tax.tax_desk:tax_desk",
        "tax_estimator": "genie_finance.tax.tax_estimator:tax_estimator",
        "tax_harvester": "genie_finance.tax.tax_harvester:tax_harvester",
        "treasury_desk": "genie_finance.treasury.treasury_desk:treasury_desk",
        "var_calculator": "genie_finance.treasury.var_calculator:var_calculator",
        "var_calculator_fallback": "genie_finance.control.fallback:var_calculator_fallback",
        "working_capital_forecaster": "genie_finance.lending.working_capital_forecaster:working_capital_forecaster",
    }
)
"""Agent id -> ``module:attribute``."""

RULES = "genie_finance.domain.rulebook:latest"
"""Returns the last edition of every table of dated rules, for ``genie doctor``."""

EDGES: Mapping[str, str] = MappingProxyType(
    {
        "aggregator_offline": "genie_finance.insights.aggregator:OfflineAggregator",
        "invented_watchlist": "genie_finance.domain.watchlist_file:InventedWatchlist",
        "memory_ledger": "genie_finance.payments.ledger:MemoryLedger",
        "sample_broker": "genie_finance.investing.brokerage:SampleBroker",
        "simulated_provider": "genie_finance.payments.provider:SimulatedProvider",
        "watchlist_file": "genie_finance.domain.watchlist_file:WatchlistFile",
    }
)
"""Offline fixtures of the ports that agents declare, by name -> ``module:Class``."""

INVARIANTS: Mapping[str, str] = MappingProxyType(
    {
        "honest_spared": "genie_finance.synthetic.detection:honest_spared",
        "planted_found": "genie_finance.synthetic.detection:planted_found",
    }
)
"""Rules that a simulation may name -> ``module:function``."""

WORKLOADS: Mapping[str, str] = MappingProxyType({"customers": "genie_finance.synthetic.workload:Customers"})
"""Populations of simulated customers, by name -> ``module:Class``."""
