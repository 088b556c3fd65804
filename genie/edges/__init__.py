"""Adapters between the bus and the outside: metrics, logs, HTTP, audit, identity, control, executors."""
