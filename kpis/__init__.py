"""The metric dictionary and every calculation on a pipeline. A KPI is one function with its dictionary entry."""
