"""What is in flight: scopes, deliveries, mailboxes, gathers, what is parked, and the account of all of it."""
