"""A fleet: what stands still while a controller walks over it, as plain data.

The protocol itself (the other files of this package) never names a host or a number of seconds; a fleet gives it those:
which VM is on which host, who is interchangeable with whom, how long each stage takes. Reading a fleet from a file, and
saying what is wrong with one, is the business of `udproof.protocol.fleet_file`; turning one into an instance of the
protocol's sorts and constants is that of `udproof.protocol.assembly`.

Every time is an exact `Fraction` of **seconds**: 0.1 s is one tenth, not a binary neighbour of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from fractions import Fraction
from typing import Literal


class Grouping(Enum):
    """What the walk goes by: one update domain at a time (the text of 2017), or one fault domain (today's text)."""

    UPDATE_DOMAIN = "update-domain"
    FAULT_DOMAIN = "fault-domain"


@dataclass(frozen=True, slots=True)
class Span:
    """The least and the most time that a stage of the host update takes, in seconds."""

    least: Fraction
    most: Fraction


@dataclass(frozen=True, slots=True)
class Timing:
    """Every timing constant of the protocol, in seconds. The defaults of the documentation stand in `fleet_file`."""

    notice: Fraction  # from an event's first sight to its NotBefore (documented: 15 min for a freeze)
    recovery: Fraction  # from the end of one step to the start of the next (documented: 30 min)
    pause_limit: Fraction  # a pause must stay under this (documented: 30 s); a bound to prove, never an assumption
    quiescing: Span  # the VMs still run while their devices drain
    paused: Span  # frozen, before the host is touched
    applying: Span  # the host restarts in place; `most` may lie beyond the watchdog, which then cuts it
    watchdog: Fraction  # time in `applying` after which the host rolls back
    restoring: Span  # the new host takes the VMs back
    rollback: Span  # the old host takes the VMs back
    clock_sync_delay: Fraction  # the host's time service sets a late guest clock no later than this after the resume
    clock_sync_bound: Fraction  # a guest clock must be late for less than this; a bound to prove


Approval = Literal["any", "each", "leader", "nobody"]
Recovery = Literal["dwell", "time-out"]
SecondJob = Literal["after", "at-once"]
WORKLOADS = ("real_time", "streaming", "transcoding", "networking")  # those that a pause can hurt


@dataclass(frozen=True, slots=True)
class Tenants:
    """The agents of the tenants, where a fleet tells of them."""

    approval: Approval  # by which policy an event is approved before its NotBefore
    poll: Fraction  # an agent reads what has changed no later than this, in seconds
    preparation: Span  # from the reading to the VM's being drained


@dataclass(frozen=True, slots=True)
class Metadata:
    """The metadata service, where a fleet tells of it."""

    staleness: Fraction  # a VM's copy of the document is out of date for no longer than this, in seconds
    failed_reads: int  # how many reads may fail in a run


@dataclass(frozen=True, slots=True)
class Health:
    """The health of VMs after an update, where a fleet tells of it."""

    ill: int  # how many VMs may fall ill in a run
    gate: bool  # is nothing announced while a VM is ill?
    recovery: Recovery  # how the recovery between two steps is read


@dataclass(frozen=True, slots=True)
class Faults:
    """What hosts may do wrong, by budget: so many in a run."""

    hangs: int = 0
    detection: Fraction = Fraction(0)  # a host that hangs is found out, and taken for failed, after this
    host_failures: int = 0


@dataclass(frozen=True, slots=True)
class Migration:
    """Live migration as the way for VMs that may not be updated in place."""

    switch_over: Span  # how long a VM is frozen while it moves
    failures: int  # how many migrations may fail in a run, and end in a reboot


@dataclass(frozen=True, slots=True)
class Network:
    """Commands and reports as messages; how many may be lost, doubled and overtaken in a run."""

    losses: int
    duplicates: int
    reorderings: int


@dataclass(frozen=True, slots=True)
class Controller:
    """Two replicas of the controller, of which one leads."""

    lease: Fraction  # a replica may take over when the leader's lease is over
    failovers: int  # how often that may happen in a run


@dataclass(frozen=True, slots=True)
class HostEntry:
    """One host, and the step of the walk in which it is updated."""

    name: str
    step: str


@dataclass(frozen=True, slots=True)
class VmEntry:
    """One VM and where it stands.

    `availability_set` is None for a VM that stands alone. `domain` is its update domain or its fault domain, whichever
    the walk goes by (`Fleet.grouping`), counted from 0 within its availability set.
    """

    name: str
    host: str
    availability_set: str | None
    domain: int
    eligible: bool  # may the update use the in-place way for it?
    workload: str | None = None  # one of WORKLOADS, if a pause can hurt it
    drains: bool = True  # does it prepare when it is told of an event?


@dataclass(frozen=True, slots=True)
class Fleet:
    """A whole fleet. Names are unique within hosts, within VMs and within sets; every VM's host exists."""

    name: str
    grouping: Grouping
    timing: Timing
    attempts: int  # how often a step may be announced before its failed hosts are left on the old version
    approval: Literal["any", "nobody"]  # may any VM of a scope approve an event early, or does nobody ever?
    check_placement: bool  # is the placement rule required of this fleet (and an axiom of its proofs)?
    hosts: tuple[HostEntry, ...]
    vms: tuple[VmEntry, ...]
    expect: Literal["proved"] | tuple[str, ...] | None = None  # "proved", or the properties that must be violated
    cancellations: int = 0  # how many steps may be called off in a run, before they start
    suspensions: int = 0  # how often the walk may be suspended in a run
    second_job: SecondJob | None = None
    health: Health | None = None
    faults: Faults = Faults()
    migration: Migration | None = None
    network: Network | None = None
    controller: Controller | None = None
    metadata: Metadata | None = None
    tenants: Tenants | None = None
    tolerance: Mapping[str, Fraction] = field(default_factory=dict)  # of each workload, the longest interruption it can take

    def host(self, name: str) -> HostEntry:
        """The host of that name. KeyError if there is none."""
        for entry in self.hosts:
            if entry.name == name:
                return entry
        raise KeyError(name)

    def misplaced(self) -> list[tuple[VmEntry, VmEntry]]:
        """The pairs of VMs that break the placement rule.

        The rule: VMs of one availability set on hosts of one step share a domain. Where it is broken, one step of the
        walk pauses two domains of a set together, whatever the controller does.
        """
        step = {entry.name: entry.step for entry in self.hosts}
        first: dict[tuple[str, str], VmEntry] = {}
        pairs: list[tuple[VmEntry, VmEntry]] = []
        for vm in self.vms:
            if vm.availability_set is None:
                continue
            other = first.setdefault((vm.availability_set, step[vm.host]), vm)
            if other.domain != vm.domain:
                pairs.append((other, vm))
        return pairs
