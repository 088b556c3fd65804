"""Simulation: runs a pipeline in virtual time with synthetic customers and trouble, repeatable by its seed.

``genie.simulation.scenario`` loads a scenario, ``runner`` runs it under one seed, ``seed_search`` under many seeds, and
``shrinking`` finds a minimal failing part. ``replay`` compares the journals of two processes.
"""
