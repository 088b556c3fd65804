"""Models behind agents: a model agent per entry of ``models:``, with its caching, rates, breaker and budgets."""
