"""Service: identity of customers, and complaints."""
