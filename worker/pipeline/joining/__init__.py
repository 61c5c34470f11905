"""Workers that help a run of another process: they take its rows of work one by one."""
