"""Renderers: payloads of this catalogue as reports for people, found by the entry point group ``genie.renderers``."""
