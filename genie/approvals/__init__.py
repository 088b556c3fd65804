"""Approvals: held deliveries, voting, and remote operators."""
