"""The catalogue: one folder a family, one module an agent; what crosses families is a payload in ``contracts``."""
