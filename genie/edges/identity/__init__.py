"""Signed identities and the keys that prove them."""
