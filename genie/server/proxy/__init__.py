"""A budget in front of models: clients of three dialects ask it, and every call of theirs is a message on the bus."""
