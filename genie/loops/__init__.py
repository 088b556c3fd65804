"""Loops over models and tools: shapes made of governed asks, each with a named end."""
