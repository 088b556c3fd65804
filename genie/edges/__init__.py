"""What stands between the bus and the world: metrics, logs, calls over HTTP. Edges know the contracts alone."""
