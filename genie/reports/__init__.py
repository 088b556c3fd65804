"""Reports for people: a payload's renderer, the terminal and HTML pages."""
