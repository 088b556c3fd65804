"""Governance: one policy or inspector per file, found by name through the entry-point group ``genie.policies``."""
