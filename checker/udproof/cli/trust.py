"""What speaks for a verdict beside the engine's word: was there anything to prove, did it all happen, would a mistake be noticed?

"It holds" can be true of a model in which nothing happens. So for each property there is a *witness*, a run that reaches its
premise (VACUOUS if there is none; Beer, Ben-David, Eisner and Rodeh 1997), and where states were visited one by one, the number of
those in which it holds; actions that never fired and faults that were allowed
and never used are named; and where the named mistakes have been planted in this very model, the record of that is told. Of a model
that has no such record nothing is said: that mistakes are noticed on one fleet does not mean it for another.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from udproof.cli.console import counted
from udproof.cli.runs import Run
from udproof.language import System
from udproof.language import expressions as ex
from udproof.protocol.noticed import Record, record

_BUDGET = "_budget"  # how the constants end that bound how often a fault happens


@dataclass(frozen=True, slots=True)
class Trust:
    """See the module.

    `premises` has the steps of a run to the premise of each property, None where none was found; `states` in how many of the states
    that were looked into it holds, None where they were not counted. Where they were, the search went breadth first, and the run is
    a shortest one.
    """

    premises: tuple[tuple[str, int | None], ...]
    states: tuple[tuple[str, int | None], ...]
    never_fired: tuple[str, ...]
    faults: tuple[tuple[str, int], ...]  # each action that a budget bounds, and how often it fired
    mistakes: Record | None

    @property
    def unused(self) -> tuple[str, ...]:
        """The faults that were allowed and never happened."""
        return tuple(name for name, times in self.faults if not times)

    @property
    def unreached(self) -> tuple[str, ...]:
        """The properties whose premise no run has reached."""
        return tuple(name for name, steps in self.premises if steps is None)


def trust(run: Run) -> Trust:
    """What speaks for the verdicts of a run. AssertionError if a witness is none, by the reference semantics."""
    premises: list[tuple[str, int | None]] = []
    for verdict in run.result.verdicts:
        witness = verdict.witness
        if witness is not None and witness.semantics.reaches(verdict.property, witness.last) is None:
            raise AssertionError(
                f"the witness of engine {run.result.engine} for {verdict.property.name} does not reach its premise"
            )
        premises.append((verdict.property.name, None if witness is None else len(witness.steps)))
    system, fired = run.subject.system, run.result.fired
    return Trust(
        premises=tuple(premises),
        states=tuple((verdict.property.name, verdict.reached) for verdict in run.result.verdicts),
        never_fired=run.never_fired,
        faults=tuple((name, fired[name]) for name in faults(system) if name in fired),
        mistakes=record(system.hash),
    )


def faults(system: System) -> tuple[str, ...]:
    """The actions that happen so many times in a run at most: those whose guard asks for a budget."""
    return tuple(act.name for act in system.actions if any(_asks(guard.condition) for guard in act.guards))


def _asks(condition: ex.Expr) -> bool:
    reads = (part.symbol for part in ex.walk(condition) if isinstance(part, ex.Read))
    return any(isinstance(symbol, ex.ConstantSymbol) and symbol.name.endswith(_BUDGET) for symbol in reads)


def sentences(run: Run) -> Iterator[str]:
    """The same in words, each a sentence; names stand as they are in the model."""
    found = trust(run)
    holding = dict(found.states)
    known = [(name, steps, holding[name]) for name, steps in found.premises if steps is not None]
    if visited := [f"{name} {number} ({steps})" for name, steps, number in known if number is not None]:
        yield f"Premises reached, in so many states (after so many steps at the earliest): {', '.join(visited)}."
    if others := [f"{name} {steps}" for name, steps, number in known if number is None]:
        yield f"Premises reached, in runs of so many steps: {', '.join(others)}."
    if not known:
        yield "Premises reached: none."
    if found.unreached:
        yield f"Premises not reached{'' if run.result.complete else ' so far'}: {', '.join(found.unreached)}."
    if used := [f"{name} {times}" for name, times in found.faults if times]:
        yield f"Faults used: {', '.join(used)}."
    if found.unused:
        yield f"Faults allowed and {'never' if run.result.complete else 'not yet'} used: {', '.join(found.unused)}."
    if found.mistakes is not None:
        planted = counted(found.mistakes.planted, "named mistake")
        yield f"Planted in this model: {planted}, of which the properties notice {found.mistakes.noticed} (udproof mutants)."
