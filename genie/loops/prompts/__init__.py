"""Prompts as versioned files; ``genie.loops.prompt`` reads them."""
