"""Writing flags, tasks and moves back."""
