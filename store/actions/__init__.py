"""Actions with their receipts, and the history of flags."""
