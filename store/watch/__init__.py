"""What an operator watches: how the store does, who lives, and what was done so far."""
