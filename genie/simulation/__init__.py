"""Simulation: a pipeline meets virtual time, customers and trouble, the same every time.

``genie.simulation.scenario`` reads what a file says, ``genie.simulation.runner`` runs it under one seed,
``genie.simulation.seed_search`` under many, and ``genie.simulation.shrinking`` finds the smallest that still fails.
"""
