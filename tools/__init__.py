"""Development tools that no installation needs."""
