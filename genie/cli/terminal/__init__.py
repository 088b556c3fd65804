"""Terminal output: tables, live view, progress, and text that cannot control the terminal."""
