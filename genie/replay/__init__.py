"""Replays a run of a log with recorded time, ids, randomness and effects; nothing leaves the process."""
