"""Detectors of personal data, secrets and prompt injection in strings; policies decide about their findings."""
