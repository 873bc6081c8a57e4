"""No step is tried more often than it may be, and none is given up before that."""

from __future__ import annotations

from udproof.language import Bool, implies, invariant
from udproof.protocol.placement import Host, attempts, step_of
from udproof.protocol.walk import Outcome, Progress, announcements, outcome, progress


@invariant(
    source="the walk's own bound on its attempts; L2, as far as states can say it",
    premise=lambda h: progress[step_of[h]] == Progress.done,
    cause=lambda h: (
        f"{step_of[h]} is {progress[step_of[h]]} after {announcements[step_of[h]]} of {attempts.value} attempts, "
        f"and {h} has reported {outcome[h]}"
    ),
)
def attempts_kept(h: Host) -> Bool:
    """A step is announced no more often than it may be, and is done when each host is new or no attempt is left."""
    tried = announcements[step_of[h]]
    through = (outcome[h] == Outcome.updated) | (tried >= attempts.value)
    return (tried <= attempts.value) & implies(progress[step_of[h]] == Progress.done, through)
