"""KPIs of users in policy files: reading, their examples, and their part of the schema."""
