"""Ports: the interfaces through which the bus reaches journals, audit trails, control files, executors and HTTP."""
