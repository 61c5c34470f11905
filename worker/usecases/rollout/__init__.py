"""How policies come onto records: approvals, waivers, and how often people act on flags."""
