"""State of everything in flight: scopes, deliveries, mailboxes, gathers, parked entries, and their accounting."""
