"""The metric dictionary and every calculation on a pipeline. Pure."""
