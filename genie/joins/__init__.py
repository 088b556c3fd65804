"""Declared joins: built-in agents that gather outputs of agents that are independent of each other."""
