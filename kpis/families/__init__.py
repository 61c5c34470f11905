"""The shipped KPIs: one module a family of metrics, each with its entries in `KPIS`."""
