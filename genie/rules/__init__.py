"""Custom rules: structured matchers, typed against payload models, compiled to closures."""
