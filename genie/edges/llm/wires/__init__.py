"""Wires: thin clients that convert the neutral model call to a provider's dialect, and its stream back into parts."""
