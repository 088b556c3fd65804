"""JSON Schemas of the files that people write, for their editors; ``python -m genie.cli.schemas`` writes them anew."""
