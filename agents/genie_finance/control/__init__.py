"""Control: routing a sentence to whoever can answer it, and standing in for an agent that cannot."""
