"""Days: business days, fiscal quarters, time zones, the days of a replay."""
