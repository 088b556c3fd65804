"""Tax of individuals in India: estimate, advance tax, deductions, harvesting of losses."""
