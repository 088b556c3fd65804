"""Detection of prompt injection in text."""
