"""Query jobs of Bulk API 2.0."""
