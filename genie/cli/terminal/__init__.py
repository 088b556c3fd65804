"""Terminal output: tables, live view, and text that cannot steer the terminal."""
