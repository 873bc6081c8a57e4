"""Cancellation and suspension: a step that has been announced is called off before anything of it has started.

    open, its events scheduled -> waiting            cancelled: the step may be announced again, or never
    open, its events scheduled -> waiting, and no step is announced until the walk goes on       suspended

On the wire a cancelled event looks like a finished one: it is gone. Its impact never happens (rule E6); a later announcement is a
new event with a new id. A suspended walk may go on days later, and then announces the step again (rule W7). Neither is possible
once an event of the step has started: its hosts may be at work then, and nobody calls them back.

`cancelled` is history: no action reads it. How often either happens in a run is bounded by the fleet's budget.
"""

from __future__ import annotations

from udproof.language import Action, Bool, Constant, Fairness, Int, Variable, action, each, forall, implies, require
from udproof.language.mutation import Change, overriding, without_guard
from udproof.protocol.events import Status, approved, event, event_id, retired_id
from udproof.protocol.mutant import Mutant
from udproof.protocol.part import Part, adding, assuming, joining
from udproof.protocol.placement import Event, Step, event_step
from udproof.protocol.walk import Progress, announce, announcements, progress

MOST = 2  # the largest budget

cancelled = Variable("cancelled", Event, to=Bool, init=False)  # and not announced again since
cancellations = Variable("cancellations", to=Int.between(0, MOST), init=0)
suspended = Variable("suspended", Step, to=Bool, init=False)
suspensions = Variable("suspensions", to=Int.between(0, MOST), init=0)
cancellation_budget = Constant("cancellation_budget", to=Int.between(0, MOST))
suspension_budget = Constant("suspension_budget", to=Int.between(0, MOST))

NOTHING_STARTED = "no event of the step has started"
GOES_ON = "the walk is not suspended"


def _called_off(d: Step) -> None:
    require(progress[d] == Progress.open, "the step is open")
    require(forall(Event, lambda e: implies(event_step[e] == d, event[e] != Status.started)), NOTHING_STARTED)
    progress[d] = Progress.waiting
    announcements[d] = announcements[d] - 1  # this opening was no attempt
    for e in each(Event, lambda e: event_step[e] == d):
        event[e] = Status.absent
        approved[e] = False
        retired_id[e] = event_id[e]
        cancelled[e] = True


@action(by="controller", says=lambda d: f"cancel {d}: its events vanish")
def cancel(d: Step) -> None:
    """The walk calls off a step that it has announced: its events leave the document, and nothing happens."""
    require(cancellations.value < cancellation_budget.value, "one more may be cancelled")
    _called_off(d)
    cancellations.value = cancellations.value + 1


@action(by="controller", says=lambda d: f"suspend the walk at {d}: its events vanish")
def suspend(d: Step) -> None:
    """The walk is suspended: the step's events leave the document, and nothing is announced until it goes on."""
    require(suspensions.value < suspension_budget.value, "it may be suspended once more")
    _called_off(d)
    suspensions.value = suspensions.value + 1
    suspended[d] = True


@action(by="controller", says=lambda d: f"the walk goes on; {d} is to be announced again", fairness=Fairness.WEAK)
def go_on(d: Step) -> None:
    """A suspended walk goes on: the step in which it was waits to be announced again."""
    require(suspended[d], "the walk is suspended at the step")
    suspended[d] = False


def _anew(d: Step) -> None:
    for e in each(Event, lambda e: event_step[e] == d):
        cancelled[e] = False


def _unless_suspended(d: Step) -> None:
    require(forall(Step, lambda s: ~suspended[s]), GOES_ON)


def heeding(opening: Action, suspends: bool) -> tuple[Change, ...]:
    """What an action that opens a step has to do with steps that are called off: its events are new, and no walk is suspended."""
    return (joining(opening)(_anew), *((joining(opening)(_unless_suspended),) if suspends else ()))


ACTIONS = (cancel, suspend, go_on)


def part(cancels: bool, suspends: bool) -> Part:
    """The part, with cancellation or suspension or both."""
    actions = ((cancel,) if cancels else ()) + ((suspend, go_on) if suspends else ())
    told = assuming("a step is called off only while none of its events has started")
    return Part("cancellation", (adding(*actions), *heeding(announce, suspends), told))


# --- mistakes


@overriding(go_on, says=lambda d: f"the walk goes on with {d} where it was, under the old event")
def _where_it_was(d: Step) -> None:
    progress[d] = Progress.open
    announcements[d] = announcements[d] + 1
    for e in each(Event, lambda e: event_step[e] == d):
        event[e] = Status.scheduled


@overriding(cancel, says=lambda d: f"cancel {d}: its events vanish, and their ids are free again")
def _not_retired(d: Step) -> None:
    for e in each(Event, lambda e: event_step[e] == d):
        retired_id[e] = retired_id[e]


MUTANTS = (
    Mutant(
        "CancelledStillRuns",
        "a step is cancelled although its events have started, and a host that has begun goes on",
        "cancelled-means-no-impact",
        without_guard(cancel, NOTHING_STARTED),
        fleet="cancellation",
    ),
    Mutant(
        "SuspendedStillRuns",
        "a walk is suspended in the middle of a step, and a host that has begun goes on",
        "cancelled-means-no-impact",
        without_guard(suspend, NOTHING_STARTED),
        fleet="cancellation",
    ),
    Mutant(
        "ResumedUnderOldEvent",
        "a suspended walk goes on with the event that it had removed, under its old id",
        "event-lifecycle",
        _where_it_was,
        fleet="cancellation",
    ),
    Mutant(
        "CancelledIdShownAgain",
        "a step is cancelled, and the id of its event is given to the next one",
        "cancelled-id-retired",
        _not_retired,
        fleet="cancellation",
    ),
    Mutant(
        "AnnouncedWhileSuspended",
        "a suspended walk announces a step before it goes on",
        "suspended-means-quiet",
        without_guard(announce, GOES_ON),
        fleet="cancellation",
    ),
)
