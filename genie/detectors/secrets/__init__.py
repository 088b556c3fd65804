"""Detection of keys, tokens and passwords in text."""
