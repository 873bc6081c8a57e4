"""The walk: the controller goes from step to step, one at a time, in any order.

    waiting -> open -> recovering -> done
       ^                    |
       +---- announced again if a host rolled back and attempts are left

The controller announces a step (its events become visible), leaves it open while its hosts are updated, closes it when every
host has reported the outcome of its attempt, and lets the recovery time pass before it opens another (documented: 30 minutes
after an update domain is restarted; any order). A host that rolled back is announced again before it is tried again. The
controller knows of a host only what the host reports (`outcome`), never the host's own state.
"""

from __future__ import annotations

from udproof.language import (
    Bool,
    Clock,
    Enumeration,
    Fairness,
    Int,
    Variable,
    action,
    each,
    exists,
    forall,
    implies,
    member,
    require,
)
from udproof.language.mutation import overriding, without_guard
from udproof.protocol.events import Status, announced_id, approved, event, event_id, retired_id
from udproof.protocol.mutant import Mutant
from udproof.protocol.placement import ATTEMPTS, Event, Host, Step, attempts, event_step, recovery, step_of


class Progress(Enumeration):
    """How far the walk is with a step."""

    waiting = member()
    open = member()
    recovering = member()
    done = member()


class Outcome(Enumeration):
    """What a host has reported of its attempt in the present opening of its step."""

    pending = member()
    updated = member()
    failed = member()  # it rolled back and serves on the old version


progress = Variable("progress", Step, to=Progress, init=Progress.waiting)
announcements = Variable("announcements", Step, to=Int.between(0, ATTEMPTS), init=0)
outcome = Variable("outcome", Host, to=Outcome, init=Outcome.pending)
has_closed = Variable("has_closed", to=Bool, init=False)  # has any step been closed yet?
since_close = Clock("since_close", during=lambda: has_closed.value)  # since the last step was closed

NOTHING_ELSE_OPEN = "no other step is open or recovering"
ALL_TRIED = "every host of the step has reported its outcome"
RECOVERED = "the recovery time has passed"
ALL_NEW = "every host of the step is new"


@action(by="controller", says=lambda d: f"announce {d}", fairness=Fairness.WEAK)
def announce(d: Step) -> None:
    """The walk picks a waiting step and announces it: its events become visible."""
    require(progress[d] == Progress.waiting, "the step is waiting")
    require(forall(Step, lambda s: progress[s].among(Progress.waiting, Progress.done)), NOTHING_ELSE_OPEN)
    progress[d] = Progress.open
    announcements[d] = announcements[d] + 1
    for e in each(Event, lambda e: event_step[e] == d):
        event[e] = Status.scheduled
        event_id[e] = retired_id[e] + 1
        announced_id[e] = retired_id[e] + 1
    for h in each(Host, lambda h: (step_of[h] == d) & (outcome[h] == Outcome.failed)):
        outcome[h] = Outcome.pending


@action(by="controller", says=lambda d: f"close {d}", fairness=Fairness.WEAK)
def close(d: Step) -> None:
    """Every host of the step is through: its events leave the document and recovery begins."""
    require(progress[d] == Progress.open, "the step is open")
    require(forall(Host, lambda h: implies(step_of[h] == d, outcome[h] != Outcome.pending)), ALL_TRIED)
    progress[d] = Progress.recovering
    has_closed.value = True
    since_close.value = 0
    for e in each(Event, lambda e: event_step[e] == d):
        event[e] = Status.absent
        approved[e] = False
        retired_id[e] = event_id[e]


@action(by="controller", says=lambda d: f"finish {d}", fairness=Fairness.WEAK)
def finish(d: Step) -> None:
    """The recovery time is over and every host of the step is new: the step is done."""
    require(progress[d] == Progress.recovering, "the step is recovering")
    require(since_close.value >= recovery, RECOVERED)
    require(forall(Host, lambda h: implies(step_of[h] == d, outcome[h] == Outcome.updated)), ALL_NEW)
    progress[d] = Progress.done


@action(by="controller", says=lambda h: f"{step_of[h]} is to be tried again, since {h} rolled back", fairness=Fairness.WEAK)
def retry(h: Host) -> None:
    """The recovery time is over, a host rolled back and attempts are left: the step waits to be announced again."""
    require(progress[step_of[h]] == Progress.recovering, "the step is recovering")
    require(since_close.value >= recovery, RECOVERED)
    require(outcome[h] == Outcome.failed, "the host rolled back")
    require(announcements[step_of[h]] < attempts.value, "attempts are left")
    progress[step_of[h]] = Progress.waiting


@action(by="controller", says=lambda h: f"{step_of[h]} is given up, since {h} rolled back", fairness=Fairness.WEAK)
def give_up(h: Host) -> None:
    """The recovery time is over, a host rolled back and no attempt is left: it stays on the old version."""
    require(progress[step_of[h]] == Progress.recovering, "the step is recovering")
    require(since_close.value >= recovery, RECOVERED)
    require(outcome[h] == Outcome.failed, "the host rolled back")
    require(announcements[step_of[h]] >= attempts.value, "no attempt is left")
    progress[step_of[h]] = Progress.done


ACTIONS = (announce, close, finish, retry, give_up)


# --- mistakes


@overriding(announce)
def _while_recovering(d: Step) -> None:
    require(forall(Step, lambda s: progress[s] != Progress.open), NOTHING_ELSE_OPEN)


@overriding(announce)
def _under_the_old_id(d: Step) -> None:
    for e in each(Event, lambda e: event_step[e] == d):
        event_id[e] = 1
        announced_id[e] = 1


@overriding(close)
def _on_the_first_report(d: Step) -> None:
    require(exists(Host, lambda h: (step_of[h] == d) & (outcome[h] != Outcome.pending)), ALL_TRIED)


@overriding(close)
def _approvals_stay(d: Step) -> None:
    for e in each(Event, lambda e: event_step[e] == d):
        approved[e] = approved[e]


MUTANTS = (
    Mutant(
        "TwoDomainsAtOnce",
        "the walk announces a step without looking whether another one is still open",
        "one-domain-paused",
        without_guard(announce, NOTHING_ELSE_OPEN),
    ),
    Mutant(
        "RecoverySkipped",
        "a step counts as done as soon as it is closed",
        "recovery-kept",
        without_guard(finish, RECOVERED),
    ),
    Mutant(
        "AnnouncedWhileRecovering",
        "the next step is announced while the last one still recovers, and an early approval starts it at once",
        "recovery-kept",
        _while_recovering,
    ),
    Mutant(
        "RetriedAtOnce",
        "a failed step is announced again without waiting for its recovery",
        "recovery-kept",
        without_guard(retry, RECOVERED),
    ),
    Mutant(
        "ImpactAfterRemoval",
        "the walk closes a step without waiting for its hosts, so that a pause begins after the event has vanished",
        "notified-before-freeze",
        without_guard(close, ALL_TRIED),
    ),
    Mutant(
        "ClosedOnFirstReport",
        "the walk closes a step when the first of its hosts reports, and takes the others for through",
        "notified-before-freeze",
        _on_the_first_report,
        fleet="two-hosts",
    ),
    Mutant(
        "EventIdReused",
        "a step that is announced again shows its event under the old id",
        "event-lifecycle",
        _under_the_old_id,
    ),
    Mutant(
        "ApprovalOutlivesEvent",
        "an event leaves the document and its approval stays: the next one counts as approved before anybody has read it",
        "shown-while-open",
        _approvals_stay,
    ),
    Mutant(
        "DoneWithAnOldHost",
        "a step counts as done although a host of it rolled back and attempts are left",
        "attempts-kept",
        without_guard(finish, ALL_NEW),
    ),
)
