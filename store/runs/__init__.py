"""Runs, leases and the state of each connection."""
