"""The faults that a fleet may allow, each by its budget, and which properties hold in spite of it.

A fault is something that the world may do; a fleet says how often in a run, and what it does not mention does not happen. A verdict
is worth nothing without the faults it was found under, so `allowed` says them, and those that a switched-on part could have and
the fleet rules out.

`fails` is the documentation's claim, fault by fault: the properties that fail under it although the protocol is right, with the
reason; `provided` is what a fleet's times have to keep for a property to hold. Every other property that means anything there
holds. A test verifies each claim on a small fleet that has this fault and no other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from udproof.protocol.fleet import Fleet


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault by its budget: the key of the fleet file, the rules that tell of it, what happens, and what then fails, and why."""

    name: str
    key: str
    rules: tuple[str, ...]
    happens: str
    budget: Callable[[Fleet], int | None]  # how often in a run; None if the part that has it is switched off
    fails: dict[str, str] = field(default_factory=dict)
    provided: dict[str, str] = field(default_factory=dict)

    def told(self, fleet: Fleet) -> str | None:
        """How often it may happen on a fleet, as a sentence without its full stop; None if the part that has it is switched off."""
        match self.budget(fleet):
            case None:
                return None
            case 0:
                return f"no fault: {self.happens}"
            case 1:
                return f"fault allowed: {self.happens}, once in a run at most"
            case times:
                return f"fault allowed: {self.happens}, {times} times in a run at most"


def _network(kind: str) -> Callable[[Fleet], int | None]:
    return lambda fleet: None if fleet.network is None else getattr(fleet.network, kind)


def _of(table: str, key: str) -> Callable[[Fleet], int | None]:
    def budget(fleet: Fleet) -> int | None:
        found = getattr(fleet, table)
        return None if found is None else int(getattr(found, key))

    return budget


_TOGETHER = "a domain may be out of service for this while another one is drained or updated"
_UNREAD = "the next step is announced at once, while VMs of the first have not read yet that their event is gone"

FAULTS = (
    Fault(
        "hang",
        "faults.hangs",
        ("F2",),
        "a host hangs in the middle of its update",
        lambda fleet: fleet.faults.hangs or None,
        {"capacity-kept": _TOGETHER},
        {"pause-bounded": "the longest pause and the detection time are together less than the limit"},
    ),
    Fault(
        "host-failure",
        "faults.host_failures",
        ("F1", "E3"),
        "a host fails",
        lambda fleet: fleet.faults.host_failures or None,
        {"capacity-kept": _TOGETHER},
    ),
    Fault("loss", "network.losses", ("F9",), "a command is lost", _network("losses")),
    Fault("duplicate", "network.duplicates", ("F9",), "a command is doubled", _network("duplicates")),
    Fault("reordering", "network.reorderings", ("F9",), "a command is overtaken by a later one", _network("reorderings")),
    Fault(
        "failover",
        "controller.failovers",
        ("F10",),
        "the lead changes hands, and the old leader does not know",
        _of("controller", "failovers"),
    ),
    Fault(
        "failed-read",
        "metadata.failed_reads",
        ("F7",),
        "a read of the document fails",
        _of("metadata", "failed_reads"),
        provided={
            "tolerance-respected": "*staleness + (1 + failed reads) x poll + preparation* is less than the notice",
            "capacity-kept": "*staleness + (1 + failed reads) x poll* is less than the recovery",
        },
    ),
    Fault(
        "illness",
        "health.ill",
        ("F20", "W5"),
        "a VM falls ill after the update of its host",
        _of("health", "ill"),
        provided={"capacity-kept": "the health gate is on"},
    ),
    Fault(
        "failed-migration",
        "migration.failures",
        ("F13", "E11"),
        "a live migration fails and ends in a reboot",
        _of("migration", "failures"),
    ),
    Fault(
        "cancellation",
        "events.cancellations",
        ("F14", "E6"),
        "a step that was announced is called off",
        lambda fleet: fleet.cancellations or None,
        {"capacity-kept": _UNREAD},
    ),
    Fault(
        "suspension",
        "events.suspensions",
        ("F14", "W7"),
        "the walk is suspended",
        lambda fleet: fleet.suspensions or None,
        {"capacity-kept": _UNREAD},
    ),
)


def budgets(fleet: Fleet) -> dict[str, int]:
    """The faults that a fleet allows, by name, each with how often it may happen in a run."""
    found = ((fault.name, fault.budget(fleet)) for fault in FAULTS)
    return {name: times for name, times in found if times}


def allowed(fleet: Fleet) -> tuple[str, ...]:
    """What a fleet allows of each fault, and what it rules out of those that its parts could have."""
    return tuple(said for said in (fault.told(fleet) for fault in FAULTS) if said is not None)
