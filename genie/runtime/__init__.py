"""The runtime: opens, runs, drains and closes one bus."""
