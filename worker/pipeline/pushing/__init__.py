"""Writing the verdict onto the records of the CRM."""
