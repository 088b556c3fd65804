"""Payloads and values that cross families."""
