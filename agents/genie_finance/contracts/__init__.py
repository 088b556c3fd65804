"""Payloads and values that families exchange."""
