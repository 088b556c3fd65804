"""The kernel: one path for every message, from publish to its outcome."""
