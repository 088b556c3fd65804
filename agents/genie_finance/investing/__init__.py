"""Investing: allocation, goals, lump sum or instalments, dividends, funds, options, and portfolios."""
