"""The tenant's agent: in each VM a program that reads the events, prepares the VM, approves, and takes the load back.

    serving -> preparing -> prepared -> recovered
       |  it reads that its event is scheduled or started          (a VM that does not drain goes on serving)
                   |  the preparation has taken its time
                                 |  it reads that its event is gone, the only end signal that there is

An agent knows what it last read (`known`), not what is true. It reads again no later than a poll interval after something has
changed, counted while its VM runs: a paused VM reads nothing. What it knows is about the present event, told by its id; so at
an announcement it knows nothing.

Who approves is the tenant's policy. The platform neither counts nor checks readiness, and one approval frees every VM that an event
names; so *prepared-before-approved* is a property of the policy:

- `any`: a VM that is prepared approves its event, whoever else is named in it. It fails where an event names two VMs.
- `each`: the event is approved when every VM that it names is prepared for it (they tell each other, at once, in this model).
- `leader`: the same, but only the leader of the set (its first VM) asks for it; while the leader is frozen or down, nobody does.
- `nobody`: every event waits for its NotBefore.

Some VMs are sensitive to pauses: a real-time event, a stream, a transcoding, a network at full throughput (the kinds that the
text of 2017 names). Such a workload declares the longest interruption that it can take; drained, it can take any. Whether it
drains in time follows from poll interval, preparation, notice and policy (*tolerance-respected*).

Sources: the Scheduled Events documentation (approval, removal as end signal), the client code of several projects for the mistakes.
"""

from __future__ import annotations

from dataclasses import replace

from udproof.language import (
    Bool,
    Clock,
    Constant,
    Duration,
    Enumeration,
    Variable,
    action,
    deadline,
    definition,
    each,
    exists,
    forall,
    implies,
    ite,
    member,
    require,
)
from udproof.language.actions import Fairness
from udproof.language.mutation import overriding, without_deadline
from udproof.protocol import tenant, walk
from udproof.protocol.events import Status, approved, event, names
from udproof.protocol.fleet import Approval
from udproof.protocol.host import frozen_for
from udproof.protocol.mutant import Mutant
from udproof.protocol.part import Part, adding, assuming, joining, meaning
from udproof.protocol.placement import Event, Step, Vm, event_of, event_set, event_step, host_of, set_of
from udproof.protocol.vm import awake, serves


class Readiness(Enumeration):
    """What the agent has done for the present event of its VM."""

    serving = member()
    preparing = member()
    prepared = member()
    recovered = member()  # serving again, after an event


class Workload(Enumeration):
    """What a VM is doing, as far as pauses concern it."""

    ordinary = member()
    real_time = member("a real-time event")
    streaming = member()
    transcoding = member()
    networking = member("high-throughput networking")


drains = Constant("drains", Vm, to=Bool)  # does the VM prepare when it is told?
leads = Constant("leads", Vm, to=Bool)  # is it the first VM of its set?
workload = Constant("workload", Vm, to=Workload)

known = Variable("known", Vm, to=Status, init=Status.absent)  # of the present event, as the agent has read it
readiness = Variable("readiness", Vm, to=Readiness, init=Readiness.serving)

poll = Duration("poll")
preparation_least, preparation_most = Duration("preparation_least"), Duration("preparation_most")
real_time_tolerance, streaming_tolerance = Duration("real_time_tolerance"), Duration("streaming_tolerance")
transcoding_tolerance, networking_tolerance = Duration("transcoding_tolerance"), Duration("networking_tolerance")


@definition
def shows(v: Vm) -> Status:
    """What the VM can read of its event now. (Another part puts a copy in place of the truth.)"""
    return event[event_of[v]]


unread_for = Clock("unread_for", Vm, during=lambda v: awake(v) & (known[v] != shows(v)))
preparing_for = Clock("preparing_for", Vm, during=lambda v: awake(v) & (readiness[v] == Readiness.preparing))

NEWS = "the document differs from what it has read"
NAMED_READY = "every VM that the event names is prepared for it"
MAY_APPROVE = "the event is scheduled and not approved yet"


@definition
def ready(v: Vm) -> Bool:
    """Has the VM prepared for its present event, having read that it is scheduled?"""
    return (readiness[v] == Readiness.prepared) & (known[v] == Status.scheduled)


@definition
def beyond_tolerance(v: Vm) -> Bool:
    """Has the VM been paused for longer than its workload can take?"""
    paused_for = frozen_for[host_of[v]]
    return (
        ((workload[v] == Workload.real_time) & (paused_for > real_time_tolerance))
        | ((workload[v] == Workload.streaming) & (paused_for > streaming_tolerance))
        | ((workload[v] == Workload.transcoding) & (paused_for > transcoding_tolerance))
        | ((workload[v] == Workload.networking) & (paused_for > networking_tolerance))
    )


def _after_reading(v: Vm) -> Enumeration:
    at_rest = readiness[v].among(Readiness.serving, Readiness.recovered)
    begins = ite(drains[v] & at_rest, Readiness.preparing, readiness[v])
    return ite(shows(v) == Status.absent, ite(at_rest, readiness[v], Readiness.recovered), begins)


@action(by="v", says=lambda v: f"the agent of {v} reads that its event is {shows(v)}", fairness=Fairness.WEAK)
def read(v: Vm) -> None:
    """An agent reads what has changed: it begins to prepare for an event that is there, and takes the load back when it is gone."""
    require(awake(v), "the VM runs")
    require(known[v] != shows(v), NEWS)
    known[v] = shows(v)
    readiness[v] = _after_reading(v)


@action(by="v", says=lambda v: f"{v} is prepared", fairness=Fairness.WEAK)
def prepare(v: Vm) -> None:
    """A VM has drained: no interruption can hurt it now."""
    require(awake(v) & (readiness[v] == Readiness.preparing), "the VM is preparing")
    require(preparing_for[v] >= preparation_least, "the preparation has taken its least")
    readiness[v] = Readiness.prepared


@joining(walk.announce)
def _a_new_event(d: Step) -> None:
    for v in each(Vm, lambda v: event_step[event_of[v]] == d):
        known[v] = Status.absent
        readiness[v] = ite(readiness[v] == Readiness.recovered, Readiness.serving, readiness[v])


@action(by="v", says=lambda v, e: f"{v} approves event {e}")
def _any(v: Vm, e: Event) -> None:
    """A VM that is prepared approves the event that names it, for every VM that it names."""
    require(names(e, v) & ready(v), NAMED_READY)
    require((event[e] == Status.scheduled) & ~approved[e], MAY_APPROVE)
    require(awake(v), "the VM runs")
    approved[e] = True


@action(by="v", says=lambda v, e: f"{v} approves event {e}, for which every VM in it is prepared")
def _each(v: Vm, e: Event) -> None:
    """The last of the VMs that an event names has prepared, and approves it."""
    require(names(e, v), "the event names the VM")
    require(forall(Vm, lambda w: implies(names(e, w), ready(w))), NAMED_READY)
    require((event[e] == Status.scheduled) & ~approved[e], MAY_APPROVE)
    require(awake(v), "the VM runs")
    approved[e] = True


@action(by="v", says=lambda v, e: f"the leader {v} approves event {e}, for which every VM in it is prepared")
def _leader(v: Vm, e: Event) -> None:
    """The leader of a set approves an event of its scope when every VM that it names is prepared."""
    require((event_set[e] == set_of[v]) & leads[v], "the VM leads the event's scope")
    require(forall(Vm, lambda w: implies(names(e, w), ready(w))), NAMED_READY)
    require((event[e] == Status.scheduled) & ~approved[e], MAY_APPROVE)
    require(awake(v), "the VM runs")
    approved[e] = True


def _drained(v: Vm) -> Bool:
    return readiness[v].among(Readiness.preparing, Readiness.prepared)


DEADLINES = (
    deadline(
        "agent-reads",
        Vm,
        during=lambda v: awake(v) & (known[v] != shows(v)),
        limit=lambda v: unread_for[v] <= poll,
    ),
    deadline(
        "preparation-ends",
        Vm,
        during=lambda v: awake(v) & (readiness[v] == Readiness.preparing),
        limit=lambda v: preparing_for[v] <= preparation_most,
    ),
)
ACTIONS = (read, prepare)
_ANY, _EACH, _LEADER = (replace(policy, name=tenant.approve.name) for policy in (_any, _each, _leader))
_POLICIES = {"any": _ANY, "each": _EACH, "leader": _LEADER}


def part(approval: Approval) -> Part:
    """The agents, with a policy of approval."""
    policy = [adding(_POLICIES[approval])] if approval in _POLICIES else []
    told = {
        "any": "a VM that is prepared approves its event, whoever else is named in it",
        "each": "an event is approved by a VM that it names when all that it names are prepared; they tell each other at once",
        "leader": "an event is approved by the first VM of its set when all that it names are prepared; they tell it at once",
        "nobody": "nobody approves an event early",
    }[approval]
    return Part(
        "agent", (adding(*ACTIONS, deadlines=DEADLINES), _a_new_event, meaning(serves, never=_drained), *policy, assuming(told))
    )


# --- mistakes


@overriding(read, says=lambda v: f"the agent of {v} reads that its event is {shows(v)}, and takes a start for the end")
def _recovered_at_started(v: Vm) -> None:
    over = (shows(v) == Status.started) & readiness[v].among(Readiness.preparing, Readiness.prepared)
    readiness[v] = ite(over, Readiness.recovered, _after_reading(v))


@overriding(read, says=lambda v: f"the agent of {v} looks for the name of its host in the event, and feels not addressed")
def _not_addressed(v: Vm) -> None:
    readiness[v] = readiness[v]


@overriding(read, says=lambda v: f"the agent of {v} reads that its event is {shows(v)}; it minds only what has started")
def _minds_only_starts(v: Vm) -> None:
    readiness[v] = ite(shows(v) == Status.scheduled, readiness[v], _after_reading(v))


@overriding(read, says=lambda v: f"the agent of {v} reads that some VM of its set has an event, and drains too")
def _whoever_is_named(v: Vm) -> None:
    require(exists(Event, lambda e: (event_set[e] == set_of[v]) & (event[e] == Status.scheduled)), NEWS)
    readiness[v] = ite(readiness[v] == Readiness.serving, Readiness.preparing, readiness[v])


@overriding(_EACH)
def _all_that_drain(v: Vm, e: Event) -> None:
    require(forall(Vm, lambda w: implies(names(e, w) & drains[w], ready(w))), NAMED_READY)


@overriding(_EACH)
def _ready_itself(v: Vm, e: Event) -> None:
    require(ready(v), NAMED_READY)


@overriding(_EACH, says=lambda v, e: f"{v} approves event {e} as soon as it reads of it")
def _on_sight(v: Vm, e: Event) -> None:
    require(known[v] == Status.scheduled, NAMED_READY)


@overriding(_EACH, says=lambda v, e: f"{v} approves event {e}, which is about other VMs")
def _foreign(v: Vm, e: Event) -> None:
    require((event_set[e] == set_of[v]) & ~names(e, v), "the event names the VM")
    require(exists(Vm, lambda w: names(e, w) & (known[w] == Status.scheduled)), NAMED_READY)


@overriding(_ANY, says=lambda v, e: f"{v} approves event {e} as soon as it reads of it")
def _first_on_sight(v: Vm, e: Event) -> None:
    require(names(e, v) & (known[v] == Status.scheduled), NAMED_READY)


MUTANTS = (
    Mutant(
        "ApproveTooEarly",
        "an agent approves an event as soon as it reads of it, before it has prepared",
        "prepared-before-approved",
        _on_sight,
        fleet="tenants",
    ),
    Mutant(
        "NaiveLeader",
        "a VM approves its event when it is prepared itself, and frees the others that the event names",
        "prepared-before-approved",
        _ready_itself,
        fleet="tenants",
    ),
    Mutant(
        "ApproveForeign",
        "a VM approves an event that is about other VMs of its set only",
        "prepared-before-approved",
        _foreign,
        fleet="tenants",
    ),
    Mutant(
        "ApproveAfterFailedDrain",
        "an event is approved although one of its VMs could not drain",
        "prepared-before-approved",
        _all_that_drain,
        fleet="undrained",
    ),
    Mutant(
        "RecoverAtStarted",
        "an agent takes the start of its event for its end, and takes the load back",
        "recover-after-impact",
        _recovered_at_started,
        fleet="tenants",
    ),
    Mutant(
        "HostNameMatch",
        "an agent looks for its host's name among the event's resources, where Azure's names are, and never prepares",
        "tolerance-respected",
        _not_addressed,
        fleet="tenants",
    ),
    Mutant(
        "FreezeIgnored",
        "an agent begins to prepare when its event has started, not when it is scheduled",
        "tolerance-respected",
        _minds_only_starts,
        fleet="tenants",
    ),
    Mutant(
        "EverybodyDrains",
        "an agent drains its VM for any event of its set, whichever VMs that names",
        "capacity-kept",
        _whoever_is_named,
        fleet="tenants",
    ),
    Mutant(
        "SlowPoll",
        "an agent polls when it finds time to, so that the notice may be over before it has read of the event",
        "tolerance-respected",
        without_deadline("agent-reads"),
        fleet="tenants",
    ),
    Mutant(
        "SlowDrain",
        "nothing bounds the preparation, and NotBefore does not wait for it",
        "tolerance-respected",
        without_deadline("preparation-ends"),
        fleet="tenants",
    ),
    Mutant(
        "FirstToReadApproves",
        "the first VM that reads of an event approves it for all, prepared or not",
        "approved-by-one-prepared",
        _first_on_sight,
        fleet="first-approves",
    ),
)
