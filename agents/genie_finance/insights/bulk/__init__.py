"""Statements of one applicant consolidated: what belongs together, what recurs, what comes back unpaid."""
