"""The metadata service: what a VM reads of the events is a copy, with a number.

    the truth (event) -> the copy that the VM's endpoint shows -> what the agent has read

A copy is out of date for no longer than `staleness`. (An answer that takes its time tells what was true when it left: the same
thing.) A read may fail, or be refused as one too many, as often as the budget allows: the agent then knows what it knew, and
tries again a poll interval later.

Every change of the document has a new number, its *incarnation*; the same number means the same content, and what a VM reads
never goes back to a smaller one (*document-faithful*). The document has one number for all events of a scope; here each event
has its own, which tells at least as much of that event, and lets a proof speak of one event at a time. The service is taken to
be enabled throughout: the restart of the count after a day without requests is not modelled.

Sources: the Scheduled Events documentation; the read errors and the slow answers that clients report.
"""

from __future__ import annotations

from udproof.language import Clock, Constant, Duration, Fairness, Int, Variable, action, deadline, definition, each, ite, require
from udproof.language.mutation import overriding, with_definition
from udproof.protocol.agent import Readiness, read, readiness, shows, unread_for
from udproof.protocol.cancellation import cancel, suspend
from udproof.protocol.events import IDS, Status, event, start
from udproof.protocol.mutant import Mutant
from udproof.protocol.part import Part, adding, assuming, joining
from udproof.protocol.placement import Event, Step, Vm, event_of, event_step
from udproof.protocol.vm import awake
from udproof.protocol.walk import announce, close

MOST = 3  # the largest budget
REVISIONS = 3 * IDS  # an event is announced, started and removed under each id

incarnation = Variable("incarnation", Event, to=Int.between(0, REVISIONS), init=0)
copy = Variable("copy", Vm, to=Status, init=Status.absent)  # what the endpoint of the VM shows of its event
copy_incarnation = Variable("copy_incarnation", Vm, to=Int.between(0, REVISIONS), init=0)
read_incarnation = Variable("read_incarnation", Vm, to=Int.between(0, REVISIONS), init=0)  # the number that the agent has read
failed_reads = Variable("failed_reads", to=Int.between(0, MOST), init=0)
failed_read_budget = Constant("failed_read_budget", to=Int.between(0, MOST))

staleness = Duration("staleness")
out_of_date_for = Clock("out_of_date_for", Vm, during=lambda v: copy_incarnation[v] != incarnation[event_of[v]])


@definition
def _copied(v: Vm) -> Status:
    return copy[v]


@action(by="endpoint", says=lambda v: f"the endpoint of {v} shows that its event is {event[event_of[v]]}", fairness=Fairness.WEAK)
def refresh(v: Vm) -> None:
    """A VM's endpoint gets the document as it is."""
    require(copy_incarnation[v] != incarnation[event_of[v]], "its copy is out of date")
    copy[v] = event[event_of[v]]
    copy_incarnation[v] = incarnation[event_of[v]]


@action(by="v", says=lambda v: f"the agent of {v} gets an error for an answer")
def fail_to_read(v: Vm) -> None:
    """A read fails or is refused: the agent knows what it knew, and tries again a poll interval later."""
    require(awake(v), "the VM runs")
    require(failed_reads.value < failed_read_budget.value, "one more read may fail")
    failed_reads.value = failed_reads.value + 1
    unread_for[v] = 0


@joining(announce)
def _announced(d: Step) -> None:
    for e in each(Event, lambda e: event_step[e] == d):
        incarnation[e] = incarnation[e] + 1
    for v in each(Vm, lambda v: event_step[event_of[v]] == d):
        copy[v] = Status.absent  # of the present event, told by its id, an old copy shows nothing


@joining(start)
def _started(e: Event) -> None:
    incarnation[e] = incarnation[e] + 1


def _removed(d: Step) -> None:
    for e in each(Event, lambda e: event_step[e] == d):
        incarnation[e] = incarnation[e] + 1


@joining(read)
def _its_number(v: Vm) -> None:
    read_incarnation[v] = copy_incarnation[v]


DEADLINES = (
    deadline(
        "copy-is-refreshed",
        Vm,
        during=lambda v: copy_incarnation[v] != incarnation[event_of[v]],
        limit=lambda v: out_of_date_for[v] <= staleness,
    ),
)
ACTIONS = (refresh, fail_to_read)


def part(fails: bool, cancels: bool, suspends: bool) -> Part:
    """The part; reads fail if the budget allows it, and what the walk calls off is removed if there is such a thing."""
    removals = [close, *([cancel] if cancels else []), *([suspend] if suspends else [])]
    actions = ACTIONS if fails else (refresh,)
    return Part(
        "metadata",
        (
            adding(*actions, deadlines=DEADLINES),
            _announced,
            _started,
            *(joining(removal)(_removed) for removal in removals),
            _its_number,
            with_definition(shows, _copied),
            assuming(
                "the metadata service is enabled throughout, and approvals reach it at once",
                instead_of=("events are shown as they are: the metadata service is neither late nor stale",),
            ),
        ),
    )


# --- mistakes


@overriding(start)
def _same_number(e: Event) -> None:
    incarnation[e] = incarnation[e]


@action(by="endpoint", says=lambda v: f"the endpoint of {v} changes over to a replica that has not heard of anything yet")
def answered_by_a_replica(v: Vm) -> None:
    """An old copy takes the place of a newer one."""
    require(copy_incarnation[v] != 0, "its copy is newer")
    copy[v] = Status.absent
    copy_incarnation[v] = 0


@overriding(fail_to_read, says=lambda v: f"the agent of {v} gets an error for an answer, and takes its event for over")
def _gone(v: Vm) -> None:
    at_rest = readiness[v].among(Readiness.serving, Readiness.recovered)
    readiness[v] = ite(at_rest, readiness[v], Readiness.recovered)


MUTANTS = (
    Mutant(
        "IncarnationFrozen",
        "an event starts, and the document keeps its number",
        "document-faithful",
        _same_number,
        fleet="metadata",
    ),
    Mutant(
        "StaleReplica",
        "a VM's reads are answered by another replica, which has an older document than it has read",
        "document-faithful",
        adding(answered_by_a_replica),
        fleet="metadata",
    ),
    Mutant(
        "ErrorMeansGone",
        "an agent takes a failed read for the end of its event, and takes the load back",
        "recover-after-impact",
        _gone,
        fleet="metadata",
    ),
)
