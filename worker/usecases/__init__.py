"""Use cases: one module for each command that is not a step of a run."""
