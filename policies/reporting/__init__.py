"""Reporting: a verdict becomes findings, messages and what goes on the record."""
