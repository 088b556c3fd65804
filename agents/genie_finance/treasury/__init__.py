"""Treasury: value at risk, gaps by maturity, liquidity coverage, exchange rates, and the morning pack."""
