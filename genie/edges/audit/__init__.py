"""The audit trail: a hash chain of governance decisions, and its verification."""
