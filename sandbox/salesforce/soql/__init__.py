"""SOQL: text to tree (parse), tree to rows (run), rows to JSON (shape)."""
