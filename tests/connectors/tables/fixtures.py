"""A folder of exports, for the tests of tables."""

from collections import Counter
from datetime import UTC, datetime

from connectors.tables.connector import TablesConnector
from connectors.tables.settings import TablesSettings

PIPELINE = """opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value
A1,Moses Frase,GTXPro,Cancity,Won,2016-10-20,2017-03-01,1054
A2,Moses Frase,GTX Pro,Isdom,Lost,2016-10-25,2017-03-11,0
A3,Darcel Schlecht,MG Special,,Engaging,2017-11-02,,
A4,Darcel Schlecht,MG Special,,Prospecting,,,
"""
TEAMS = """sales_agent,manager,regional_office
Moses Frase,Dustin Brinkmann,Central
Darcel Schlecht,Melvin Marxen,West
Carl Lin,Summer Sewald,West
"""
PRODUCTS = "product,series,sales_price\nGTX Pro,GTX,4821\nMG Special,MG,55\n"


class ReportFolder:
    """A folder of exports and the connector that reads them."""

    def __init__(self, folder):
        self.folder = folder

    def file(self, name, text, encoding="utf-8"):
        path = self.folder / name
        path.write_bytes(text.encode(encoding))
        return path

    def open(self, text=PIPELINE, encoding="utf-8", **settings):
        settings.setdefault("currency", "USD")
        settings.setdefault("exported_at", datetime(2017, 12, 31, 12, tzinfo=UTC))
        return TablesConnector(TablesSettings("desk", self.file("deals.csv", text, encoding), **settings))


def records(connector, table, **pull):
    return [record for page in connector.pull({}, **pull) for record in page.records.get(table, [])]


def deals(connector):
    return {deal["id"]: deal for deal in records(connector, "opportunity")}


def aside(connector):
    return [row.reason for page in connector.pull({}) for row in page.aside]


def noted(connector):
    return Counter(note.reason.split(": ", 1)[1] for note in connector.notes())
