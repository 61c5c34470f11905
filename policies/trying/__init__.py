"""Trying policies: examples, mutants, differences and past days, before anybody sees a flag."""
