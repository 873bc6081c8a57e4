"""Events: what a VM can read of an update that is coming.

    absent -> scheduled -> started -> absent

A scheduled event carries a NotBefore: it starts when it was approved, or when its notice is over, never earlier (rule E1 of the
documentation). It stays started until the controller closes the step; removal from the document is the only end signal. One
approval, from any VM of the scope, is enough, cannot be withdrawn, and frees every VM that the event names. An announcement
after a removal is a new event with a new id (ids are never reused).

The ids here count the announcements of an event. `retired_id` and `announced_id` are history: no action of the protocol reads
`announced_id`, it exists so that a property can say "the event that started is the one that was announced".
"""

from __future__ import annotations

from udproof.language import Bool, Clock, Enumeration, Fairness, Int, Variable, action, definition, member, require
from udproof.language.mutation import overriding, with_definition, without_guard
from udproof.protocol.mutant import Mutant
from udproof.protocol.placement import ATTEMPTS, Event, Vm, event_of, event_set, notice, set_of

IDS = 2 * ATTEMPTS  # room for a mistaken controller that changes the id in mid-life


class Status(Enumeration):
    """Where an event is in its life. The document shows scheduled and started ones."""

    absent = member()
    scheduled = member()
    started = member()


event = Variable("event", Event, to=Status, init=Status.absent)
approved = Variable("approved", Event, to=Bool, init=False)
event_id = Variable("event_id", Event, to=Int.between(0, IDS), init=0)
announced_id = Variable("announced_id", Event, to=Int.between(0, IDS), init=0)
retired_id = Variable("retired_id", Event, to=Int.between(0, IDS), init=0)

# How long an event has been visible without being approved; once approved, nothing depends on it any more.
visible_for = Clock("visible_for", Event, during=lambda e: (event[e] != Status.absent) & ~approved[e])

CONSENT = "it was approved or its notice is over"


@definition
def names(e: Event, v: Vm) -> Bool:
    """Is the VM among the event's resources?"""
    return event_of[v] == e


@definition
def announced(v: Vm) -> Bool:
    """A started event names the VM, and was approved or visible for its notice."""
    e = event_of[v]
    consent = approved[e] | (visible_for[e] >= notice)
    return names(e, v) & (event[e] == Status.started) & consent


@action(by="controller", says=lambda e: f"start event {e}", fairness=Fairness.WEAK)
def start(e: Event) -> None:
    """A scheduled event starts: its impact may come at any moment from now on."""
    require(event[e] == Status.scheduled, "the event is scheduled")
    require(approved[e] | (visible_for[e] >= notice), CONSENT)
    event[e] = Status.started


ACTIONS = (start,)


# --- mistakes


@definition
def _names_the_whole_set(e: Event, v: Vm) -> Bool:
    return event_set[e] == set_of[v]


@overriding(start, says=lambda e: f"start event {e}, under a new id")
def _under_a_new_id(e: Event) -> None:
    event_id[e] = event_id[e] + 1


MUTANTS = (
    Mutant(
        "EarlyStart",
        "an event starts before its NotBefore although nobody approved it",
        "notified-before-freeze",
        without_guard(start, CONSENT),
    ),
    Mutant(
        "EventSpansDomains",
        "an event names every VM of the set, whatever its domain",
        "event-in-one-domain",
        with_definition(names, _names_the_whole_set),
    ),
    Mutant(
        "EventIdChangesOnStart",
        "an event gets a new id when it starts (a published mock server does this)",
        "event-lifecycle",
        _under_a_new_id,
    ),
)
