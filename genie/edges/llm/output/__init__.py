"""From a model's text to a payload: parsed strictly, repaired without guessing, or refused with a code."""
