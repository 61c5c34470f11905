"""Setting an org up, and checking and describing it."""
