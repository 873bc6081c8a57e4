"""A controller without a lock: all steps are announced at once, and a host first asks whether the other domains are in service."""

from udproof.language import Bool, forall, implies, require
from udproof.properties import CORE
from udproof.protocol.host import begin, reboot
from udproof.protocol.placement import Host, Vm, domain_of, host_of, set_of
from udproof.protocol.variant import joining, variant, without_guard
from udproof.protocol.vm import impacted
from udproof.protocol.walk import NOTHING_ELSE_OPEN, announce

IN_SERVICE = "every VM of another domain of its sets is in service"


def out(w: Vm) -> Bool:
    """Is the VM out of service?"""
    return impacted(w)


def others_in_service(v: Vm) -> Bool:
    """Is every VM in service that is in the VM's set and in another domain?"""
    return forall(Vm, lambda w: implies((set_of[v] == set_of[w]) & (domain_of[v] != domain_of[w]), ~out(w)))


@joining(begin)
def ask(h: Host) -> None:
    """A host asks before it begins."""
    require(forall(Vm, lambda v: implies(host_of[v] == h, others_in_service(v))), IN_SERVICE)


@joining(reboot)
def ask_before_a_reboot(v: Vm) -> None:
    """And before it reboots."""
    require(forall(Vm, lambda w: implies(host_of[w] == host_of[v], others_in_service(w))), IN_SERVICE)


changes = [without_guard(announce, NOTHING_ELSE_OPEN), ask, ask_before_a_reboot]
promises = [prop for prop in CORE if prop.name != "recovery-kept"]  # nobody waits for that here
system = variant("budget", "two-hosts", changes, promises)
