"""JSON Schemas of the files that people write, for their editors; ``python -m genie.schema`` writes them anew."""
