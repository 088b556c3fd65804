"""Tools for policies: explain, diff, examples and inspection, for the command and for pages."""
