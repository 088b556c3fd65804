"""A budget in front of models: clients of two dialects ask it, and every call of theirs is a message on the bus."""
