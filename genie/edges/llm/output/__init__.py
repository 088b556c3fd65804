"""From a model's words to a payload: parsed strictly, mended where nothing is guessed, or refused by name."""
