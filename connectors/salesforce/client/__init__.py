"""Calls to one Salesforce org."""
