"""Describing, checking and setting a connection up."""
