"""Records: storage, single and batch calls, writes, and calculated values."""
