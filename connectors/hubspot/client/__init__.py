"""Calls to one HubSpot portal."""
