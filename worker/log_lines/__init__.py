"""Lines of the log: as people see them on a terminal, and what they leave out."""
