"""Service: who a customer is, and what becomes of a complaint."""
