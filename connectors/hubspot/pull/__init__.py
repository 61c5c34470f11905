"""Reading deals and what hangs on them."""
