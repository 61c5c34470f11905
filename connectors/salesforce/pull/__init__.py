"""Reading opportunities and what hangs on them."""
