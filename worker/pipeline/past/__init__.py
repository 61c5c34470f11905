"""Facts, gates and verdicts of past instants."""

from worker.pipeline.past.facts import PastFacts
from worker.pipeline.past.gates import gates_of, verdict_on
from worker.pipeline.past.periods import DAY, window
from worker.pipeline.past.replay import Past, ReplayedPart

__all__ = ["DAY", "Past", "PastFacts", "ReplayedPart", "gates_of", "verdict_on", "window"]
