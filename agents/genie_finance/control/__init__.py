"""Control: routing a sentence to the agent that can answer it, and fallbacks for agents that cannot run."""
