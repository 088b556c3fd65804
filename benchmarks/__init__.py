"""The measurements of `make bench`, their limits, and the record of results."""
