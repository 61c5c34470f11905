"""Search, with an index that lags behind."""
