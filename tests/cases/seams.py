"""People work on while a run is under way: at every seam of a run somebody does everything that can be done to a deal.

    python -m tests.cases.seams --crm salesforce|hubspot [--how plain|lost|killed|full] [--every N]

A seam lies before each call that the CRM receives. At each seam a fresh company does all ACTS at once, each on a deal of
its own. After one more, quiet run each record must be what "run, act, run" leaves. Before the pull has ended a deal may
also stand as after "act, run, run", for the run may or may not have seen the act. Prints each difference, and exits 1
where there is one.

How the run goes: `plain`; `lost`: the reply of a push is lost, so that the deals are read back; `full`: it is a full run;
`killed`: it is killed when its push was applied, and the acts come before the run that recovers it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from typer import echo

from sandbox.hubspot.events import associate_contacts_of, merge_deals
from tests.crm_drivers import OFFICES
from tests.worker.enforcing import quiet
from tests.worker.governed import NAME, Governed, services, with_connector

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Company = dict[str, Any]
