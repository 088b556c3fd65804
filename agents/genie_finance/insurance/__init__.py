"""Insurance in India: motor premiums and claims, cashless treatment, health claims, and a desk for all of them."""
