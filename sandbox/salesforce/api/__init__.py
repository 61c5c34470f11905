"""The REST API: routes, logins, rows, collections and tooling."""
