"""Associations between records."""
