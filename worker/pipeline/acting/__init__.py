"""Acting: tasks and moves of policies that enforce."""
