"""Loops over models and tools: compositions of governed asks, each with a named stop reason."""
