"""The flows: pull, judge, measure, push, and run, which is the four in order."""
