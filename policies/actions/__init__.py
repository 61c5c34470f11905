"""Actions: what an enforcing policy does beyond the connection's own fields."""
