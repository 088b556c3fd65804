"""Governance: one policy or inspector a file, found by name through the entry-point group ``genie.policies``."""
