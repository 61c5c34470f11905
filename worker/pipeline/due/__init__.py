"""Judging only what may have changed: the deals concerned, and what concerns all of them."""
