"""Project and module templates for `genie new`."""
