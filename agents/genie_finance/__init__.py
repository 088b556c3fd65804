"""The catalogue: one folder per family, one module per agent; payloads that families exchange are in ``contracts``."""
