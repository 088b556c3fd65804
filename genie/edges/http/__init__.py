"""Outgoing HTTP: guarded client, fetch port and webhook."""
