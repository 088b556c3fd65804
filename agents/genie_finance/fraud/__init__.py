"""Fraud: odd transfers, mule accounts and rings, laundering, phishing, made-up identities, stolen sessions."""
