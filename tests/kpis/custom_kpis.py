"""KPIs from files for the tests: read, and measured beside the shipped ones."""

from kpis.catalogue import SHIPPED
from kpis.custom import columns_of, custom
from kpis.dictionary import DEAL_DIMS
from kpis.measure import measure
from kpis.populations import Source, rows_of
from kpis.question import Question
from policies.files import read_kpis
from tests.kpis.fixtures import PROCESS


def kpis_of(text, **read):
    """The definitions of one file."""
    return read_kpis({"kpis.yaml": text}, shipped=tuple(SHIPPED), **read)


def measured(wide, text, *, by=(), window=None, scope=None, types=None):
    """The values of the file's KPIs and of the shipped ones."""
    definitions = kpis_of(text, types=types)
    source = Source(wide, (PROCESS,), DEAL_DIMS, scope, extra=columns_of(definitions, wide))
    dims = [dim if isinstance(dim, tuple) else (dim,) for dim in by]
    kpis = {**SHIPPED, **custom(definitions, SHIPPED)}
    return measure(rows_of([source]), Question(by=dims, window=window, kpis=kpis))


def value(wide, text, name, **asked):
    """The value over all deals of one KPI."""
    return next(one for one in measured(wide, text, **asked) if one.id == name and not one.dims)
