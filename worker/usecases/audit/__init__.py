"""What happened to deals, and what runs wrote, as an auditor reads it."""
