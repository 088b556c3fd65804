"""Shipped fakes, probes and conformance suites for tests of agents, pipelines and ports."""
