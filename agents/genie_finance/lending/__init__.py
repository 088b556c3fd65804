"""Loans: what they cost, paying them off, underwriting of cash flow, working capital, loans to small businesses."""
