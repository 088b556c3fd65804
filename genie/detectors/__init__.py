"""Detectors: what finds personal data and injection marks in strings."""
