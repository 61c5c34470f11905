"""Setting a portal up, and checking and describing it."""
