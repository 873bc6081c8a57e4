"""What stands still: hosts, VMs, sets, domains, events and the steps of the walk, and the functions between them.

The functions run from finer things to coarser ones only (VM to host to step, VM to event to step): no function leads back. That
keeps the placement readable as a diagram, and it is the condition under which a proof for every fleet size is complete.

An *event* is what one availability set is told of one step of the walk; there is one for each set and step that meet in some
VM. A VM that stands alone is a set of its own (documented: the scope of an event is a standalone VM, or an availability set).
"""

from __future__ import annotations

from udproof.language import Bool, Constant, Duration, Index, Int, axiom, implies


class Step(Index):
    """A step of the walk: the hosts that are updated together."""


class Host(Index):
    """A physical host."""


class AvailabilitySet(Index):
    """A set of VMs that must not all be hit at once."""


class Domain(Index):
    """A domain of the walk's grouping: an update domain, or a fault domain where the walk goes by those."""


class Event(Index):
    """A scheduled event: what one availability set is told of one step."""


class Vm(Index):
    """A virtual machine."""


step_of = Constant("step_of", Host, to=Step)
host_of = Constant("host_of", Vm, to=Host)
set_of = Constant("set_of", Vm, to=AvailabilitySet)
domain_of = Constant("domain_of", Vm, to=Domain)
event_of = Constant("event_of", Vm, to=Event)
event_step = Constant("event_step", Event, to=Step)
event_set = Constant("event_set", Event, to=AvailabilitySet)
eligible = Constant("eligible", Vm, to=Bool)  # may the update use the in-place way for this VM?
in_place = Constant("in_place", Host, to=Bool)  # ... for every VM on the host?

ATTEMPTS = 3  # the most that a fleet may allow
attempts = Constant("attempts", to=Int.between(1, ATTEMPTS))  # how often a step may be announced

notice = Duration("notice")
recovery = Duration("recovery")
pause_limit = Duration("pause_limit")
clock_sync_bound = Duration("clock_sync_bound")


@axiom
def placement_rule(v: Vm, w: Vm) -> Bool:
    """The VMs of one availability set on the hosts of one step share a domain."""
    together = (set_of[v] == set_of[w]) & (step_of[host_of[v]] == step_of[host_of[w]])
    return implies(together, domain_of[v] == domain_of[w])


@axiom
def events_fit(v: Vm) -> Bool:
    """The event of a VM is that of its set and of its host's step."""
    return (event_set[event_of[v]] == set_of[v]) & (event_step[event_of[v]] == step_of[host_of[v]])


@axiom
def in_place_fits(v: Vm) -> Bool:
    """A host that may be updated in place has eligible VMs only."""
    return implies(in_place[host_of[v]], eligible[v])
