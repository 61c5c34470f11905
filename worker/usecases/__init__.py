"""Use cases: one module for each command that is no step of a run."""
