"""The HTTP API: routes, tokens, scopes, limits, and answers."""
