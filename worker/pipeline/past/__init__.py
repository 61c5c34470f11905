"""Facts, gates and verdicts of past instants."""

from worker.pipeline.past.facts import PastFacts
from worker.pipeline.past.gates import gates_of, verdict_on
from worker.pipeline.past.periods import DAY, window
from worker.pipeline.past.replay import Judged, Past

__all__ = ["DAY", "Judged", "Past", "PastFacts", "gates_of", "verdict_on", "window"]
