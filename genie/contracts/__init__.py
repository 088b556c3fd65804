"""Contracts: the types that agents, policies and edges are written against."""
