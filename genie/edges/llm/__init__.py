"""Models behind agents: a model agent per entry of ``models:``, and what stands around its provider."""
