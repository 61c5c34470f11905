"""The condition language: a small tree behind sqlglot, its types, its Polars form and its English."""
