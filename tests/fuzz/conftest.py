"""Fuzzed runs take place in virtual time on both backends: see ``BACKENDS``, with trio's MockClock."""
