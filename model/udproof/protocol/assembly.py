"""A fleet and the protocol's parts, put together as one `System`.

The parts never change; a fleet gives them an instance (who stands where, how many seconds) and says which of them take part.
What a fleet leaves out costs no state, and the verdict says so (`System.assumptions`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from math import ceil
from typing import TypeAlias, TypeVar

from udproof.language import Action, Property, System, bar, lanes
from udproof.language.claims import mentioned
from udproof.language.expressions import IndexSort, Symbol
from udproof.language.instance import Instance
from udproof.protocol import (
    agent,
    breakdown,
    cancellation,
    controller,
    events,
    health,
    host,
    jobs,
    metadata,
    migration,
    network,
    tenant,
    vm,
    walk,
)
from udproof.protocol.events import Status, event
from udproof.protocol.fleet import WORKLOADS, Fleet, Grouping, VmEntry
from udproof.protocol.part import Part
from udproof.protocol.placement import Vm, domain_of, event_of, events_fit, in_place_fits, pause_limit, placement_rule
from udproof.protocol.vm import Guest, Run, guest_clock, run

T = TypeVar("T")
_Scope: TypeAlias = tuple[bool, str]  # does the VM stand alone, and the name of its set, or its own

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

THE_CORE = ("walk", "events", "host", "tenant", "vm")
"""The parts that are the core, by name; without `tenant` where nobody approves."""

PARTS = {
    module.__name__.rpartition(".")[2]: module
    for module in (
        *(walk, events, host, tenant, vm),
        *(cancellation, jobs, health, network, controller, breakdown, agent, metadata, migration),
    )
}
"""The parts of the protocol by name: the core, and those that a fleet may switch on, in the order in which they join."""

ALWAYS_ASSUMED = (
    "the controller does not fail, its decisions reach hosts and events at once",
    "hosts fail only by taking too long to apply (the watchdog rolls back); no VM is moved, added or removed",
    "events are shown as they are: the metadata service is neither late nor stale",
)


def protocol(fleet: Fleet, properties: Iterable[Property] = ()) -> System:
    """The protocol on a fleet, with the properties to check. ModelError if the fleet breaks an axiom."""
    core: list[Action] = [*walk.ACTIONS, *events.ACTIONS, *host.ACTIONS, *vm.ACTIONS]
    assumed = [f"the walk goes by {fleet.grouping.value.replace('-', ' ')}", *ALWAYS_ASSUMED]
    if fleet.tenants is None:
        if fleet.approval == "any":
            core += tenant.ACTIONS
        else:
            assumed.append("nobody approves an event early")
    if not fleet.check_placement:
        assumed.append("the placement rule is not required of this fleet")
    system = System(
        fleet.name,
        actions=tuple(core),
        properties=tuple(properties),
        deadlines=(*host.DEADLINES, *vm.DEADLINES),
        axioms=(*((placement_rule,) if fleet.check_placement else ()), events_fit, in_place_fits),
        picture=PICTURE,
        assumptions=tuple(assumed),
        instance=instance_of(fleet),
    )
    for part in _parts(fleet):
        system = part.join(system)
    return replace(system, properties=tuple(_told(prop, {*system.symbols, *system.index_sorts}) for prop in system.properties))


def _told(prop: Property, known: set[Symbol | IndexSort]) -> Property:
    """The property with those of its lemmas that speak of what is there: some are about parts that this fleet leaves out."""
    return replace(prop, lemmas=tuple(lemma for lemma in prop.lemmas if known.issuperset(mentioned(lemma))))


def parts_of(fleet: Fleet) -> tuple[str, ...]:
    """The names of the parts that a fleet switches on, those of the core included, in the order of `PARTS`."""
    core = ["walk", "events", "host", *(["tenant"] if fleet.tenants is None and fleet.approval == "any" else []), "vm"]
    joined = {part.name for part in _parts(fleet)}
    return tuple(name for name in PARTS if name in core or name in joined)


def _parts(fleet: Fleet) -> tuple[Part, ...]:
    """The parts beyond the core that a fleet switches on, in the order in which they join."""
    parts: list[Part] = []
    if fleet.cancellations or fleet.suspensions:
        parts.append(cancellation.part(fleet.cancellations > 0, fleet.suspensions > 0))
    if fleet.second_job is not None:
        parts.append(jobs.part(fleet.second_job, fleet.cancellations > 0, fleet.suspensions > 0))
    if fleet.health is not None:
        parts.append(health.part(fleet.health.ill > 0, fleet.health.gate, fleet.health.recovery))
    if fleet.network is not None:
        net = fleet.network
        parts.append(network.part(net.losses > 0, net.duplicates > 0, net.reorderings > 0, fleet.second_job == "at-once"))
    if fleet.controller is not None:
        parts.append(controller.part(fleet.cancellations > 0, fleet.suspensions > 0))
    faults = fleet.faults
    if faults.hangs or faults.host_failures:
        parts.append(breakdown.part(faults.host_failures > 0, faults.hangs > 0))
    if fleet.tenants is not None:
        parts.append(agent.part(fleet.tenants.approval))
    if fleet.metadata is not None:
        parts.append(metadata.part(fleet.metadata.failed_reads > 0, fleet.cancellations > 0, fleet.suspensions > 0))
    if fleet.migration is not None:
        parts.append(migration.part(fleet.migration.failures > 0, faults.host_failures > 0, faults.hangs > 0))
    return tuple(parts)


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
    rebooting = {entry.host for entry in fleet.vms if not entry.eligible}
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
            **({} if fleet.network is None else {"Opening": _openings(fleet)}),
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
            "in_place": _table(int(name not in rebooting) for name in hosts),
            "attempts": {(): fleet.attempts},
            **_of_parts(fleet, scopes, sets),
        },
        durations=_durations(fleet),
    )


def _openings(fleet: Fleet) -> tuple[str, ...]:
    """As many openings as a run can have: each step with all its attempts, in each job, and those that are called off."""
    jobs_ = 1 if fleet.second_job is None else 2
    steps = len({entry.step for entry in fleet.hosts})
    most = steps * fleet.attempts * jobs_ + fleet.cancellations + fleet.suspensions
    return tuple(f"opening-{count}" for count in range(1, most + 1))


def _of_parts(fleet: Fleet, scopes: list[_Scope], sets: list[_Scope]) -> dict[str, dict[tuple[int, ...], int]]:
    """The constants of the parts that the fleet switches on."""
    found: dict[str, dict[tuple[int, ...], int]] = {
        "cancellation_budget": {(): fleet.cancellations},
        "suspension_budget": {(): fleet.suspensions},
    }
    found["hang_budget"], found["host_failure_budget"] = {(): fleet.faults.hangs}, {(): fleet.faults.host_failures}
    members = [[entry for entry, its in zip(fleet.vms, scopes, strict=True) if its == scope] for scope in sets]
    domains = [len({entry.domain for entry in entries}) for entries in members]
    found["serving_least"] = _table(len(own) - ceil(len(own) / several) for own, several in zip(members, domains, strict=True))
    if fleet.health is not None:
        found["illness_budget"] = {(): fleet.health.ill}
    if fleet.network is not None:
        found["number"] = _table(range(1, len(_openings(fleet)) + 1))
        found["loss_budget"], found["duplicate_budget"] = {(): fleet.network.losses}, {(): fleet.network.duplicates}
        found["reordering_budget"] = {(): fleet.network.reorderings}
    if fleet.controller is not None:
        found["failover_budget"] = {(): fleet.controller.failovers}
    if fleet.migration is not None:
        found["migration_budget"] = {(): fleet.migration.failures}
    if fleet.metadata is not None:
        found["failed_read_budget"] = {(): fleet.metadata.failed_reads}
    if fleet.tenants is not None:
        workloads = ("ordinary", *WORKLOADS)
        found["drains"] = _table(int(entry.drains) for entry in fleet.vms)
        found["leads"] = _table(int(scope not in scopes[:place]) for place, scope in enumerate(scopes))
        found["workload"] = _table(workloads.index(entry.workload or "ordinary") for entry in fleet.vms)
    return found


def _durations(fleet: Fleet) -> dict[str, Fraction]:
    timing = fleet.timing
    seconds = {
        name: getattr(timing, name)
        for name in ("notice", "recovery", "pause_limit", "watchdog", "clock_sync_delay", "clock_sync_bound")
    }
    for stage in ("quiescing", "paused", "applying", "restoring", "rollback"):
        span = getattr(timing, stage)
        seconds[f"{stage}_least"], seconds[f"{stage}_most"] = span.least, span.most
    if fleet.tenants is not None:
        seconds["poll"] = fleet.tenants.poll
        seconds["preparation_least"], seconds["preparation_most"] = fleet.tenants.preparation.least, fleet.tenants.preparation.most
        for workload in WORKLOADS:  # of one that no VM has, the value means nothing; the limit of pauses costs no further tick
            seconds[f"{workload}_tolerance"] = fleet.tolerance.get(workload, timing.pause_limit)
    if fleet.controller is not None:
        seconds["lease"] = fleet.controller.lease
    seconds["detection"] = fleet.faults.detection
    if fleet.migration is not None:
        switch_over = fleet.migration.switch_over
        seconds["switch_over_least"], seconds["switch_over_most"] = switch_over.least, switch_over.most
    if fleet.metadata is not None:
        seconds["staleness"] = fleet.metadata.staleness
    return seconds


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
