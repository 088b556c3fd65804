"""Phrases of prompt injection, by language."""
