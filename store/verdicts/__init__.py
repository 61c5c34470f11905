"""Verdicts as last judged, and decisions that stood once."""
