"""A controller with a lock for each availability set in place of one for the whole walk: sets do not wait for each other."""

from pathlib import Path

from udproof.language import Bool, forall, implies, require
from udproof.properties import CORE
from udproof.protocol.placement import Event, Step, event_set, event_step
from udproof.protocol.variant import overriding, variant
from udproof.protocol.walk import NOTHING_ELSE_OPEN, Progress, announce, progress


def holds(e: Event) -> Bool:
    """Does the event's step hold the lock of the event's set?"""
    return progress[event_step[e]].among(Progress.open, Progress.recovering)


def ours(d: Step, e: Event) -> Bool:
    """Is the event of the step?"""
    return event_step[e] == d


@overriding(announce)
def when_its_sets_are_free(d: Step) -> None:
    """A step takes the locks of all sets that it announces an event to."""
    free = forall(Event, lambda e: forall(Event, lambda f: implies(ours(d, e) & (event_set[e] == event_set[f]), ~holds(f))))
    require(free, NOTHING_ELSE_OPEN)


fleet = Path(__file__).with_name("set_locks.toml")
promises = [prop for prop in CORE if prop.name != "recovery-kept"]  # which is about the walk as a whole
system = variant("set-locks", fleet, [when_its_sets_are_free], promises)
