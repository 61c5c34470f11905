"""Workbooks of every kind, and those that are made, or were damaged, to take all memory."""

import base64
import zipfile
import zlib
from datetime import date
from decimal import Decimal

import pytest
import xlsxwriter

from model.errors import SettingsProblem
from tests.connectors.tables.fixtures import deals

HEADERS = ["Opportunity ID", "Opportunity Name", "Stage", "Amount", "Close Date"]
XLS = (
    "eNrtWE9IFFEY/73ZWfeP/1bTQANZhKxMwQiii25rlnRoMzsUEdToDrK4O7Os48EuWiZ0CYJORRfBDl2sLv2hgrp1iIwKgijQOnoKCjqo0/e+md"
    "3UClxIwZjf8L73vu+993vvzff+zbyeqZqdvFc/h1XogA9Ldggly2yCQiivRED5ti2T+ThIwfawqRAKkiNL/Hhc/jIgfSj9PQcFd9XnJIHPFM4g"
    "i4Rp6NENRCf3QROyD+0kBW6SpQJ13Ktqlv0st7C8wyWfsDzAliss26nsrDiNmViieb87i08pjZxXAcn7gOt8YMse1OKFnMWjV4VT1o94LqWlN1"
    "lGg1qGKZBDu3VDz0m9ErcQBkYIrZlMazI5ixpy9hS+21HgW35VP4t69o21C5D9x0p74C/2IDlxtf2aogJjsM/xIplAOQZUmeNHl66lhxYwilJS"
    "S3m+41g2a+asYSNljUSPdEVWGhJaRvcDJyxtQKd9IJ4xhw2LJs3BtDmkR7s0SyfmtrZ9cYri/Rmd9vuenJk1h7S0k9FJ0UcjvUCNJfQB00ppVs"
    "o0wvLY4G0msmKbKeflV0YyiUpOV/EijNA4F25/fXO0ryd2li1jfLQ4B9B2OV7YuCBrUOUKzvHBGTPQzDV2s7zIrNs4Xc+yhspQ3NRT6yYOj3OZ"
    "S5zbRO3sZbyN7ViW3knpifnjDxsmvsR2UXq6e+58zfT72CQa6UBMUn35jKNFtIgb1yUexfKxcDerTyzrftu4gkrE7bvtnrKVWJRLlVDF0tHk2x"
    "EFTXHflaP5SPMVNJU01WUWf2AWzOx3ywtmLiloklm66Cn1WzDz/OUApV+9U4hVcip/4FSYM+iyOL4MFTTJGXY5FeZUQnJj7mXODqUa9yUBbdy/"
    "EIYHDx48ePDgwYOHdYDgy6RzgVbdK7S8DAbc/zqLFJa83yT/LXph0mPRR+UhGBTnMFLU/NkKv8hziTXWyf8vlDhJrecwiD7ux2DR85c+KMTy8a"
    "y5YuTfLaFi218qpp/r3P5P5cP6rw=="
)
"""An XLS file of Excel 97 with the two deals, compressed."""
ODS = (
    '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
    ' xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
    ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
    '<table:table table:name="Deals">{}</table:table></office:spreadsheet></office:body></office:document-content>'
)

MANIFEST = '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'


def read(reports, path):
    found = deals(reports.open(opportunities=path))
    return [(deal["id"], deal["name"], deal["amount"], deal["close_date"]) for deal in found.values()]


def ods(path, rows):
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        packed.writestr("META-INF/manifest.xml", MANIFEST)
        packed.writestr("content.xml", ODS.format("".join(rows)))
    return path


def row(*cells, repeated=""):
    return f"<table:table-row{repeated}>{''.join(cells)}</table:table-row>"


def words(*texts):
    return [f'<table:table-cell office:value-type="string"><text:p>{one}</text:p></table:table-cell>' for one in texts]


def valued(kind, value):
    name = "date-value" if kind == "date" else "value"
    return f'<table:table-cell office:value-type="{kind}" office:{name}="{value}"/>'


def test_a_workbook_of_excel_97_is_read(reports):
    path = reports.folder / "deals.xls"
    path.write_bytes(zlib.decompress(base64.b64decode(XLS)))
    assert read(reports, path) == [
        ("006A", "Acme", Decimal("1234.5"), date(2026, 12, 31)),
        ("006B", "Ünlü", Decimal(1000000), date(2026, 11, 30)),
    ]


def test_a_workbook_of_libreoffice_is_read(reports):
    cells = [*words("006A", "Acme", "Proposal"), valued("float", "1234.5"), valued("date", "2026-12-31")]
    path = ods(reports.folder / "deals.ods", [row(*words(*HEADERS)), row(*cells)])
    assert read(reports, path) == [("006A", "Acme", Decimal("1234.5"), date(2026, 12, 31))]


def sparse_xlsx(path):
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("Deals")
        sheet.write_row(0, 0, HEADERS)
        sheet.write(1_048_575, 16_383, "far away")
    return path


def sparse_ods(path):
    repeated = ' table:number-rows-repeated="1048575"'
    far = '<table:table-cell table:number-columns-repeated="16383"/>'
    return ods(path, [row(*words(*HEADERS)), row(*words("1"), repeated=repeated), row(far, *words("far away"))])


@pytest.mark.parametrize(
    ("make", "why"),
    [(sparse_xlsx, "takes more memory or time than a report does"), (sparse_ods, "claims too many cells")],
)
def test_a_sheet_that_claims_billions_of_cells_is_refused_with_a_sentence(reports, make, why):
    path = make(reports.folder / "deals.xlsx")
    with pytest.raises(SettingsProblem, match=rf"{why}.*export it as CSV UTF-8"):
        read(reports, path)
