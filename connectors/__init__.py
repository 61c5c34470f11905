"""The CRM doors: one folder per CRM, one protocol for all of them."""
