"""What the headers of a report mean."""

from connectors.tables.headers.columns import Columns, guess, known_headers, listed, mapping, rivals
from connectors.tables.headers.status_words import End, end_in_words, says_open
from connectors.tables.headers.synonyms import NEEDED, SYNONYMS

__all__ = [
    "NEEDED", "SYNONYMS", "Columns", "End", "end_in_words", "guess", "known_headers", "listed", "mapping", "rivals",
    "says_open",
]  # fmt: skip
