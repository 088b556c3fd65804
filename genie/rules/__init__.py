"""Rules of one's own: structured matchers, typed against payload models, compiled to closures."""
