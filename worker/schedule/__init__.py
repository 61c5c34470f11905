"""The schedule: which jobs there are, when they are due, who sends them and how one message is worked on."""

from worker.schedule.plan import LOOK, NUDGE, Planned, planned
from worker.schedule.presence import Presence
from worker.schedule.sending import TICK_SECONDS, Sender
from worker.schedule.turns import take_turn

__all__ = ["LOOK", "NUDGE", "TICK_SECONDS", "Planned", "Presence", "Sender", "planned", "take_turn"]
