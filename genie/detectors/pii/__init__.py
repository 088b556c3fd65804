"""Detection of personal data in text."""
