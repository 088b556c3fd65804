"""Other libraries over scripted models, each in an environment of its own; see ``benchmarks.model_peers.run``."""
