"""All named mutants, in the order of the parts."""

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
    vm,
    walk,
)
from udproof.protocol.mutant import Mutant

CORE: tuple[Mutant, ...] = tuple(mutant for part in (walk, events, host, vm) for mutant in part.MUTANTS)
PARTS = (walk, events, host, vm, cancellation, jobs, health, network, controller, breakdown, agent, metadata, migration)
ALL: tuple[Mutant, ...] = tuple(mutant for part in PARTS for mutant in part.MUTANTS)


def named(name: str) -> Mutant:
    """The mutant of that name. KeyError if there is none."""
    for mutant in ALL:
        if mutant.name == name:
            return mutant
    raise KeyError(name)
