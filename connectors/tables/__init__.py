"""An exported report (CSV) read as a pipeline and answered with a findings CSV."""
