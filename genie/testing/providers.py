"""Providers for tests: the scripted one, and what its scripts are made of."""

from genie.edges.llm.scripted import Rule, Script, ScriptedProvider, Step, calls, fails, rates, says, used

__all__ = ["Rule", "Script", "ScriptedProvider", "Step", "calls", "fails", "rates", "says", "used"]
