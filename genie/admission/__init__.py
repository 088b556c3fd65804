"""Admission control: rate limits and budgets."""
