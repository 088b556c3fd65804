"""Fraud: unusual transfers, mule accounts and rings, laundering, phishing, synthetic identities, stolen sessions."""
