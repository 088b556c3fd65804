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
        "bulk_statement_analyzer": "agents.insights.bulk_statement_analyzer:bulk_statement_analyzer",
        "cashflow_underwriter": "agents.lending.cashflow_underwriter:cashflow_underwriter",
        "categoriser": "agents.insights.categoriser:categoriser",
        "debt_optimizer": "agents.lending.debt_optimizer:debt_optimizer",
        "deductions_optimizer": "agents.tax.deductions_optimizer:deductions_optimizer",
        "finance_desk": "agents.insights.finance_desk:finance_desk",
        "forecaster": "agents.insights.forecaster:forecaster",
        "loan_advisor": "agents.lending.loan_advisor:loan_advisor",
        "normaliser": "agents.insights.normaliser:normaliser",
        "prepayment_advisor": "agents.lending.prepayment_advisor:prepayment_advisor",
        "reporter": "agents.insights.reporter:reporter",
        "sme_loan_desk": "agents.lending.sme_loan_desk:sme_loan_desk",
        "sme_loan_pricer": "agents.lending.sme_loan_pricer:sme_loan_pricer",
        "sme_loan_sanctioner": "agents.lending.sme_loan_sanctioner:sme_loan_sanctioner",
        "statement_reader": "agents.insights.reader:statement_reader",
        "subscription_detector": "agents.insights.subscription_detector:subscription_detector",
        "tax_desk": "agents.tax.tax_desk:tax_desk",
        "tax_estimator": "agents.tax.tax_estimator:tax_estimator",
        "tax_harvester": "agents.tax.tax_harvester:tax_harvester",
        "working_capital_forecaster": "agents.lending.working_capital_forecaster:working_capital_forecaster",
    }
)
"""Agent id -> ``module:attribute``."""
