"""The steps of a run: pull, judge, measure, push and act."""
