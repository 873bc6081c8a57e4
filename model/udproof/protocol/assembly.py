"""A fleet and the protocol's parts, put together as one `System`.

The parts never change; a fleet gives them an instance (who stands where, how many seconds) and says which of them take part.
What a fleet leaves out costs no state, and the verdict says so (`System.assumptions`).
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import TypeAlias, TypeVar

from udproof.language import Action, Property, System, bar, lanes
from udproof.language.instance import Instance
from udproof.protocol import events, host, tenant, vm, walk
from udproof.protocol.events import Status, event
from udproof.protocol.fleet import Fleet, Grouping, VmEntry
from udproof.protocol.placement import Vm, domain_of, event_of, events_fit, pause_limit, placement_rule
from udproof.protocol.vm import Guest, Run, guest_clock, run

T = TypeVar("T")

PICTURE = lanes(
    Vm,
    group=domain_of,
    bars=[
        bar("memory torn", "torn", lambda v: vm.memory[v] == vm.Memory.torn),
        bar("paused", "paused", vm.paused, limit=pause_limit),
        bar("rebooting", "down", lambda v: run[v] == Run.down),
        bar("clock ahead", "ahead", lambda v: guest_clock[v] == Guest.ahead),
        bar("clock late", "late", lambda v: guest_clock[v] == Guest.late),
        bar("notified", "notified", lambda v: event[event_of[v]] == Status.scheduled),
        bar("started", "working", lambda v: event[event_of[v]] == Status.started),
    ],
)

ALWAYS_ASSUMED = (
    "the controller does not fail, its decisions reach hosts and events at once",
    "hosts fail only by taking too long to apply (the watchdog rolls back); no VM is moved, added or removed",
    "events are shown as they are: the metadata service is neither late nor stale",
)


def protocol(fleet: Fleet, properties: Iterable[Property] = ()) -> System:
    """The protocol on a fleet, with the properties to check. ModelError if the fleet breaks an axiom."""
    parts: list[Action] = [*walk.ACTIONS, *events.ACTIONS, *host.ACTIONS, *vm.ACTIONS]
    assumed = [f"the walk goes by {fleet.grouping.value.replace('-', ' ')}", *ALWAYS_ASSUMED]
    if fleet.approval == "any":
        parts += tenant.ACTIONS
    else:
        assumed.append("nobody approves an event early")
    if not fleet.check_placement:
        assumed.append("the placement rule is not required of this fleet")
    return System(
        fleet.name,
        actions=tuple(parts),
        properties=tuple(properties),
        deadlines=(*host.DEADLINES, *vm.DEADLINES),
        axioms=(placement_rule, events_fit) if fleet.check_placement else (events_fit,),
        picture=PICTURE,
        assumptions=tuple(assumed),
        instance=instance_of(fleet),
    )


def instance_of(fleet: Fleet) -> Instance:
    """The elements, tables and seconds that a fleet gives to the protocol's declarations."""
    hosts = [entry.name for entry in fleet.hosts]
    steps = _once(entry.step for entry in fleet.hosts)
    vms = [entry.name for entry in fleet.vms]
    scopes = [_scope(entry) for entry in fleet.vms]
    sets = _once(scopes)
    scope_names = _scope_names(sets)
    step_of_host = {entry.name: entry.step for entry in fleet.hosts}
    spoken = [(scope, step_of_host[entry.host]) for scope, entry in zip(scopes, fleet.vms, strict=True)]
    told = _once(spoken)
    letter = "UD" if fleet.grouping is Grouping.UPDATE_DOMAIN else "FD"
    domains = [f"{letter} {number}" for number in range(max(entry.domain for entry in fleet.vms) + 1)]
    return Instance(
        elements={
            "Step": tuple(steps),
            "Host": tuple(hosts),
            "AvailabilitySet": tuple(scope_names[scope] for scope in sets),
            "Domain": tuple(domains),
            "Event": tuple(_distinct(f"{scope_names[scope]}@{step}" for scope, step in told)),
            "Vm": tuple(vms),
        },
        constants={
            "step_of": _table(steps.index(entry.step) for entry in fleet.hosts),
            "host_of": _table(hosts.index(entry.host) for entry in fleet.vms),
            "set_of": _table(sets.index(scope) for scope in scopes),
            "domain_of": _table(entry.domain for entry in fleet.vms),
            "event_of": _table(told.index(pair) for pair in spoken),
            "event_step": _table(steps.index(step) for _, step in told),
            "event_set": _table(sets.index(scope) for scope, _ in told),
            "eligible": _table(int(entry.eligible) for entry in fleet.vms),
            "attempts": {(): fleet.attempts},
        },
        durations=_durations(fleet),
    )


def _durations(fleet: Fleet) -> dict[str, Fraction]:
    timing = fleet.timing
    seconds = {
        name: getattr(timing, name)
        for name in ("notice", "recovery", "pause_limit", "watchdog", "clock_sync_delay", "clock_sync_bound")
    }
    for stage in ("quiescing", "paused", "applying", "restoring", "rollback"):
        span = getattr(timing, stage)
        seconds[f"{stage}_least"], seconds[f"{stage}_most"] = span.least, span.most
    return seconds


_Scope: TypeAlias = tuple[bool, str]  # does the VM stand alone, and the name of its set, or its own


def _scope(entry: VmEntry) -> _Scope:
    """The availability set of a VM, or a set of its own for one that stands alone."""
    return (False, entry.availability_set) if entry.availability_set is not None else (True, entry.name)


def _scope_names(sets: list[_Scope]) -> dict[_Scope, str]:
    """A name for every scope, unlike all others whatever the VMs and sets are called."""
    names: dict[_Scope, str] = {scope: scope[1] for scope in sets if not scope[0]}
    for scope in sets:
        if scope[0]:
            name = f"{scope[1]} (alone)"
            while name in names.values():
                name += "'"
            names[scope] = name
    return names


def _distinct(names: Iterable[str]) -> list[str]:
    """The names, with a prime for each namesake before: the set a@b on step c and the set a on step b@c have one event each."""
    found: dict[str, None] = {}
    for name in names:
        while name in found:
            name += "'"
        found[name] = None
    return list(found)


def _once(names: Iterable[T]) -> list[T]:
    return list(dict.fromkeys(names))


def _table(values: Iterable[int]) -> dict[tuple[int, ...], int]:
    return {(place,): value for place, value in enumerate(values)}
