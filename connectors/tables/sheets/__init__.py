"""Exported files as rows of text, whatever their format."""

from connectors.tables.sheets.header_row import Known
from connectors.tables.sheets.sheet import Row, Sheet, bytes_of, digest_of, read_sheet

__all__ = ["Known", "Row", "Sheet", "bytes_of", "digest_of", "read_sheet"]
