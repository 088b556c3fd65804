"""Policy evaluation: verdicts, inspection of payloads, and what each recipient may see."""
