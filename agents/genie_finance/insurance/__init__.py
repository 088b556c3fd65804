"""Insurance in India: motor premiums and claims, cashless treatment, health claims, and the desk that gathers them."""
