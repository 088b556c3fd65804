"""Loans: cost, repayment, cash-flow underwriting, working capital, loans to small businesses."""
