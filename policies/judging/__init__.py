"""Judging: facts become a verdict."""
