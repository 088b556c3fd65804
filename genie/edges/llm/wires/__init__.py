"""Wires: thin clients that turn the neutral model call into a provider's dialect and its stream back into parts."""
