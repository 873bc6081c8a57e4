"""All named mutants, in the order of the parts."""

from udproof.protocol import events, host, vm, walk
from udproof.protocol.mutant import Mutant

ALL: tuple[Mutant, ...] = (*walk.MUTANTS, *events.MUTANTS, *host.MUTANTS, *vm.MUTANTS)


def named(name: str) -> Mutant:
    """The mutant of that name. KeyError if there is none."""
    for mutant in ALL:
        if mutant.name == name:
            return mutant
    raise KeyError(name)
