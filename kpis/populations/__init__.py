"""The rows that KPIs count: deals and visits to stages. Each population is one frame, made once for all windows."""

from kpis.populations.population import Ask, Population, Source, known_value
from kpis.populations.rows import POPULATIONS, KpiRows, rows_of

__all__ = ["POPULATIONS", "Ask", "KpiRows", "Population", "Source", "known_value", "rows_of"]
