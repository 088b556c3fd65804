"""Declared joins: built-in agents that gather for agents that do not know each other."""
