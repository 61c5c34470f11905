"""Removing a connection, or what is known of a person, from every table."""
