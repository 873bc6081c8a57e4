"""A controller that waits for consent, however long that takes, and goes on as soon as every clock is right again."""

from udproof.language import Bool, forall, implies, invariant, require
from udproof.properties import CORE
from udproof.protocol.events import CONSENT, approved, start
from udproof.protocol.placement import Event, Host, Step, Vm, domain_of, host_of, set_of, step_of
from udproof.protocol.variant import overriding, variant
from udproof.protocol.vm import Guest, Run, guest_clock, impacted, run
from udproof.protocol.walk import RECOVERED, finish, give_up, retry


def settled(d: Step) -> Bool:
    """Do all VMs of a step run, with their clocks right?"""
    return forall(Vm, lambda v: implies(step_of[host_of[v]] == d, (run[v] == Run.running) & (guest_clock[v] == Guest.right)))


@overriding(start)
def when_approved(e: Event) -> None:
    """There is no NotBefore: an event waits until it is approved."""
    require(approved[e], CONSENT)


@overriding(finish)
def when_settled(d: Step) -> None:
    """There is no dwell either: a step has recovered when its VMs have."""
    require(settled(d), RECOVERED)


@overriding(retry)
def again_when_settled(h: Host) -> None:
    """The same before another attempt."""
    require(settled(step_of[h]), RECOVERED)


@overriding(give_up)
def given_up_when_settled(h: Host) -> None:
    """The same after the last one."""
    require(settled(step_of[h]), RECOVERED)


@invariant(premise=lambda v, w: impacted(v))
def settled_before_next(v: Vm, w: Vm) -> Bool:
    """While a domain of a set is impacted, the clocks of the set's other domains are right."""
    return implies(impacted(v) & (set_of[v] == set_of[w]) & (domain_of[v] != domain_of[w]), guest_clock[w] == Guest.right)


changes = [when_approved, when_settled, again_when_settled, given_up_when_settled]
promises = [prop for prop in CORE if prop.name != "recovery-kept"]  # which is about 30 minutes
system = variant("consent", "teaching", changes, [*promises, settled_before_next])
