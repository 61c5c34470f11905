"""What rules do: whether deals are acted on, what became of flagged ones, and what held when deals came in."""
