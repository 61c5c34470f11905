"""Writing fields, tasks and moves back."""
