"""Counts in sentences: ``1 invoice``, ``2 invoices``."""

from __future__ import annotations


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """Return a count with its noun in singular or plural; the plural has an ``s`` unless it is given."""
    return f"{count:,} {noun if count == 1 else plural or f'{noun}s'}"


def verb(count: int, singular: str, plural: str) -> str:
    """Return the verb form for a count."""
    return singular if count == 1 else plural
