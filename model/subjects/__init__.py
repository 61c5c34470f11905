"""What policies may be about, by name. A new subject is a module here, its steps and its reader."""

from __future__ import annotations

from typing import Final

from model.subjects.lead import LEADS
from model.subjects.opportunity import ACCOUNTS, OPPORTUNITIES, WON_DEALS
from model.subjects.subject import Subject

SUBJECTS: Final = {subject.name: subject for subject in (OPPORTUNITIES, LEADS, ACCOUNTS, WON_DEALS)}
"""Subject by name, in the order in which messages list them."""
TABLES: Final = {subject.table: subject for subject in (OPPORTUNITIES, LEADS)}
"""The subjects with records of their own, by table. A subject that narrows one of them has the same table."""
OTHERS: Final = tuple(subject for subject in TABLES.values() if not subject.on_record)
"""Those of them that are not deals."""

__all__ = ["LEADS", "OPPORTUNITIES", "OTHERS", "SUBJECTS", "TABLES", "Subject"]
