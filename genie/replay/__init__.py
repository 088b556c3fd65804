"""Runs a run of a log again: recorded time, ids, randomness and effects, and nothing leaves the process."""
