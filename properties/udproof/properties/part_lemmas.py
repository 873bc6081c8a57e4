"""Why the properties hold with parts of the protocol switched on: lemmas written by hand, for proofs for every fleet.

The core needs none of these; its lemmas are found. With parts on there is more to compare than a search gets through, and the
argument is short if a person gives it. It has one idea: *whatever happens to a VM, or may still happen to it, has the VM's event
started and its step open behind it.* Here are the places where something may still happen, and each has its lemma:

- the host is at work (`at_work_is_announced`);
- a command that the host would still take is on its way, or was decided and will be sent again, by whoever leads or believes to
  lead (`decided_is_announced`): it is of the present opening, and the host has not been heard of since; and once the host has taken
  it, nothing has been reported under it (`commanded_is_announced`, `nothing_reported_yet`);
- the VM is switching over to another host, or down since that failed (`migrating_is_announced`).

A step is called off only while none of its events has started, and closed only when all its hosts have been heard of; so none of
these is pending then. Hosts without VMs may be at work under no event at all, which is why these lemmas speak of VMs.

A host that has failed is out of the walk, and takes no command (`fallen_serves_nobody`); hence the further version of two of the
lemmas. A fleet that leaves a part out leaves out the lemmas that speak of it (`udproof.protocol.assembly`). Nothing here is
believed: a lemma that some step breaks is dropped like any candidate.
"""

from __future__ import annotations

from udproof.language import Bool, implies, invariant
from udproof.protocol.agent import Readiness, known, readiness
from udproof.protocol.breakdown import fallen
from udproof.protocol.cancellation import cancelled
from udproof.protocol.events import Status, approved, event
from udproof.protocol.host import FROZEN, Stage, stage
from udproof.protocol.metadata import copy, copy_incarnation, incarnation, read_incarnation
from udproof.protocol.migration import moved, switching
from udproof.protocol.network import Opening, Report, commanded, decided, late, latest, number, reported, sent, taken
from udproof.protocol.placement import Event, Host, Step, Vm, attempts, eligible, event_of, host_of, step_of
from udproof.protocol.vm import Run, run
from udproof.protocol.walk import Outcome, Progress, announcements, outcome, progress

_IN_PLACE = (Stage.quiescing, *FROZEN)
_AT_WORK = (*_IN_PLACE, Stage.rebooting)


def _announced(v: Vm) -> Bool:
    return (event[event_of[v]] == Status.started) & (progress[step_of[host_of[v]]] == Progress.open)


def _in_turn(v: Vm) -> Bool:
    return _announced(v) & (outcome[host_of[v]] == Outcome.pending)


@invariant
def one_step_at_a_time(s: Step, t: Step) -> Bool:
    """One step at most is open or recovering."""
    return implies(
        progress[s].among(Progress.open, Progress.recovering) & progress[t].among(Progress.open, Progress.recovering), s == t
    )


@invariant
def attempts_are_bounded(s: Step) -> Bool:
    """A step is announced no more often than it may be, and one that waits may be announced once more."""
    return (announcements[s] <= attempts.value) & implies(progress[s] == Progress.waiting, announcements[s] < attempts.value)


@invariant
def open_was_announced(s: Step) -> Bool:
    """An open step has been announced, which may be taken back."""
    return implies(progress[s] == Progress.open, announcements[s] >= 1)


@invariant
def at_work_is_announced(v: Vm) -> Bool:
    """While its host is at work, a VM's event has started, its step is open, and the host has not been heard of."""
    return implies(stage[host_of[v]].among(*_AT_WORK), _in_turn(v))


@invariant
def in_place_is_eligible(v: Vm) -> Bool:
    """A host goes the in-place way with eligible VMs only."""
    return implies(stage[host_of[v]].among(*_IN_PLACE), eligible[v])


# --- events that are called off


@invariant
def cancelled_is_absent(e: Event) -> Bool:
    """An event that was called off is not in the document."""
    return implies(cancelled[e], event[e] == Status.absent)


# --- hosts that fail


@invariant
def fallen_serves_nobody(h: Host) -> Bool:
    """A host that has failed is in no stage of an update."""
    return implies(fallen[h], stage[h] == Stage.serving)


@invariant
def updated_or_fallen(h: Host) -> Bool:
    """A host that has reported success runs the new version, or has failed since."""
    return implies(outcome[h] == Outcome.updated, (stage[h] == Stage.updated) | fallen[h])


@invariant
def failed_after_a_start(v: Vm) -> Bool:
    """A host that has reported failure, and has not failed altogether, has been at work since the event was announced."""
    return implies((outcome[host_of[v]] == Outcome.failed) & ~fallen[host_of[v]], event[event_of[v]] != Status.scheduled)


# --- VMs that migrate


@invariant
def in_place_is_eligible_or_moved(v: Vm) -> Bool:
    """A host goes the in-place way with eligible VMs, or those that have left it."""
    return implies(stage[host_of[v]].among(*_IN_PLACE), eligible[v] | moved[v])


@invariant
def migrating_is_announced(v: Vm) -> Bool:
    """While a VM switches over, or is down since that failed, its event has started and its step is open."""
    return implies(switching[v] | (moved[v] & (run[v] == Run.down)), _announced(v))


@invariant
def switching_runs(v: Vm) -> Bool:
    """A VM switches over from a host that serves, and runs until then."""
    return implies(switching[v], (run[v] == Run.running) & (stage[host_of[v]] == Stage.serving) & ~moved[v] & ~eligible[v])


@invariant
def moved_is_not_paused(v: Vm) -> Bool:
    """A VM that has moved was not eligible, and is paused by no host of this walk."""
    return implies(moved[v], (run[v] != Run.paused) & ~eligible[v])


# --- commands and reports


@invariant
def sent_was_decided(h: Host, o: Opening) -> Bool:
    """A command in flight was decided."""
    return implies(sent[h, o], decided[h, o])


@invariant
def late_was_decided(h: Host, o: Opening) -> Bool:
    """A command that was doubled or held up was decided."""
    return implies(late[h, o], decided[h, o])


@invariant
def numbers_are_known(h: Host, o: Opening) -> Bool:
    """No number is higher than that of the last opening."""
    return implies(decided[h, o], number[o] <= latest.value) & (taken[h] <= latest.value)


@invariant
def decided_is_announced(v: Vm, o: Opening) -> Bool:
    """A command that the VM's host would still take is of the present opening, and its VMs have been told."""
    pending = decided[host_of[v], o] & (taken[host_of[v]] < number[o])
    return implies(pending, (number[o] == latest.value) & _in_turn(v))


@invariant
def commanded_is_announced(v: Vm) -> Bool:
    """A host that has taken a command, or is at work, has taken the present one, and its VMs have been told."""
    h = host_of[v]
    return implies(commanded[h] | stage[h].among(*_AT_WORK), _in_turn(v) & (taken[h] == latest.value))


@invariant
def report_of_what_was_taken(h: Host, o: Opening) -> Bool:
    """A host reports under numbers that it has taken."""
    return implies(reported[h, o] != Report.nothing, number[o] <= taken[h])


@invariant
def nothing_reported_yet(h: Host, o: Opening) -> Bool:
    """A host that has a command, or is at work, has reported nothing under its number."""
    at_it = commanded[h] | stage[h].among(*_AT_WORK)
    return implies(at_it & (number[o] == taken[h]), reported[h, o] == Report.nothing)


@invariant
def commanded_serves(h: Host) -> Bool:
    """A host that has a command and has not begun serves on the old version."""
    return implies(commanded[h], stage[h] == Stage.serving)


@invariant
def decided_is_announced_or_fallen(v: Vm, o: Opening) -> Bool:
    """The same of a host that has not failed."""
    pending = decided[host_of[v], o] & (taken[host_of[v]] < number[o]) & ~fallen[host_of[v]]
    return implies(pending, (number[o] == latest.value) & _in_turn(v))


@invariant
def commanded_is_announced_or_fallen(v: Vm) -> Bool:
    """The same of a host that has not failed."""
    h = host_of[v]
    return implies((commanded[h] & ~fallen[h]) | stage[h].among(*_AT_WORK), _in_turn(v) & (taken[h] == latest.value))


# --- agents, and what they read


@invariant
def approved_is_prepared(v: Vm) -> Bool:
    """Where the event of a VM is approved, the VM is prepared for it, and knows of it."""
    return implies(approved[event_of[v]], (readiness[v] == Readiness.prepared) & (known[v] != Status.absent))


@invariant
def copy_is_true_to_its_number(v: Vm) -> Bool:
    """A copy under the present number shows the present state."""
    return implies(copy_incarnation[v] == incarnation[event_of[v]], copy[v] == event[event_of[v]])


@invariant
def knowledge_is_true_to_its_number(v: Vm) -> Bool:
    """An agent that has read the number of the copy knows what the copy shows."""
    return implies(read_incarnation[v] == copy_incarnation[v], known[v] == copy[v])


@invariant
def read_is_no_newer_than_the_copy(v: Vm) -> Bool:
    """No agent has read a number that its endpoint does not show yet."""
    return read_incarnation[v] <= copy_incarnation[v]


@invariant
def what_is_known_is_shown(v: Vm) -> Bool:
    """While its event is there, an agent knows of it only if the copy shows it."""
    there = (known[v] != Status.absent) & (event[event_of[v]] != Status.absent)
    return implies(there, copy[v] != Status.absent)


LEMMAS = (
    one_step_at_a_time,
    attempts_are_bounded,
    open_was_announced,
    at_work_is_announced,
    in_place_is_eligible,
    cancelled_is_absent,
    fallen_serves_nobody,
    updated_or_fallen,
    failed_after_a_start,
    in_place_is_eligible_or_moved,
    migrating_is_announced,
    switching_runs,
    moved_is_not_paused,
    sent_was_decided,
    late_was_decided,
    numbers_are_known,
    decided_is_announced,
    commanded_is_announced,
    report_of_what_was_taken,
    nothing_reported_yet,
    commanded_serves,
    decided_is_announced_or_fallen,
    commanded_is_announced_or_fallen,
    approved_is_prepared,
    copy_is_true_to_its_number,
    knowledge_is_true_to_its_number,
    read_is_no_newer_than_the_copy,
    what_is_known_is_shown,
)
"""All of them, whatever the parts that they speak of."""

__all__ = ["LEMMAS"]
