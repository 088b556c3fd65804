"""Tax of individuals in India: estimate, advance tax, deductions, losses worth realising."""
