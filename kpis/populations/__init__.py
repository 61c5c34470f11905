"""The rows that KPIs count: deals and visits to stages. Each population is one frame, made once for all windows."""

from kpis.populations.population import Ask, Population, Source, known_value
from kpis.populations.rows import OF_DEALS, POPULATIONS, KpiRows, rows_of

__all__ = ["OF_DEALS", "POPULATIONS", "Ask", "KpiRows", "Population", "Source", "known_value", "rows_of"]
