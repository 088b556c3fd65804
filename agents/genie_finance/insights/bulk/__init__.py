"""Consolidated statements of one applicant: matched, recurring and returned movements."""
