"""The mirror: the CRM's records as last read, and every change seen."""
