"""The subcommands. `genie.cli` maps their names to these modules."""
