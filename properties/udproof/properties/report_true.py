"""The walk knows of a host only what the host reports; so what it reports must be so, and of the present attempt.

What counts as being up to date, and as having tried, is said by two definitions, which further parts widen.
"""

from __future__ import annotations

from udproof.language import Bool, forall, implies, invariant
from udproof.protocol.events import Status, event
from udproof.protocol.host import Stage, stage, tried, up_to_date
from udproof.protocol.placement import Host, Vm, event_of, host_of
from udproof.protocol.walk import Outcome, outcome


@invariant(
    source="what the walk goes by: it sees of a host its report and nothing else",
    premise=lambda h: stage[h] == Stage.updated,
    cause=lambda h: f"{h} is {stage[h]} and has reported {outcome[h]}",
)
def report_true(h: Host) -> Bool:
    """A host reports what is so: the new version runs, or the attempt under the present event has failed; and it does report."""
    failed = (outcome[h] == Outcome.failed) & ~up_to_date(h)
    attempted = forall(Vm, lambda v: implies(host_of[v] == h, event[event_of[v]] != Status.scheduled))
    said = implies(outcome[h] == Outcome.updated, up_to_date(h)) & implies(failed, (stage[h] == Stage.serving) & attempted)
    return said & implies(stage[h] == Stage.updated, tried(h))
