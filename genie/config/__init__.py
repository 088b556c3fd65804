"""Configuration: strict YAML, schemas, and the loader that turns a pipeline file into a checked graph."""
