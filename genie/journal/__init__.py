"""Journals: the ordered record of messages, verdicts and outcomes."""
