"""Remove a connection, or what is known of a person."""
