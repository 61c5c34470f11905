"""Calling a CRM: sessions, retries and the daily budget."""
