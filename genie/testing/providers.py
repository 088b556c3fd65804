"""Providers for tests: the scripted one, and the steps of its scripts."""

from genie.edges.llm.scripted import Rule, Script, ScriptedProvider, Step, calls, fails, rates, says, used

__all__ = ["Rule", "Script", "ScriptedProvider", "Step", "calls", "fails", "rates", "says", "used"]
