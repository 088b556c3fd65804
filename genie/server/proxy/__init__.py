"""A proxy with budgets in front of models, for clients of three dialects; every call is a message on the bus."""
