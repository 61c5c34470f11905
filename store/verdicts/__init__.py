"""The latest verdicts, and the verdicts of past instants."""
