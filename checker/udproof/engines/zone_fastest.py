"""The run that breaks a property soonest: least elapsed time, and among those runs one of the fewest steps.

A search with a horizon says whether a property can be broken by then. The horizons at which it can are all those from some instant
on, so that instant is found by bisection: a run that is known bounds it from above, and the first horizon tried is just before the
run, since the shortest run is often the soonest. What a zone costs does not depend on the horizon, so each trial costs as much as
deciding did, or less.

Instants are whole units of time where all comparisons are closed. Where some are strict, the soonest instant may be one that is
only approached ("after 2 s"); horizons are then tried in halves of the unit, which tells "after 2 s" from "at 2 s" and from "after
3 s", and the run taken comes as near as instants in the fewest parts of the unit allow.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import ceil, lcm

from udproof.counterexamples.trace import Move, Trace, Wait, run
from udproof.engines.limits import Watch
from udproof.engines.verdict import Limits
from udproof.engines.zone_emit import STUCK
from udproof.engines.zone_machine import ZoneMachine
from udproof.engines.zone_search import Prepared, Search
from udproof.engines.zone_time import is_closed, semantics_in_parts, unit_of
from udproof.language import Property, System


def sooner(system: System, prop: Property, known: Trace, limits: Limits, watch: Watch) -> Iterator[Trace]:
    """Runs that break the property, given one that does, each at least as soon as the one before; none is sooner than the last.

    Stop if a limit ends the work: then the last one is the soonest that was found.
    """
    step = unit_of(system) / (1 if is_closed(system) else 2)
    most = _steps(known, step)  # it can be broken by then, ...
    least = -1  # ... and not by then
    trial = most - 1
    while most - least > 1:
        found = _within(system, prop, trial * step, limits, watch, True)
        if found is None:
            least = trial
        else:
            most = _steps(found, step)
            yield found
        trial = (least + most) // 2
    shortest = _within(system, prop, most * step, limits, watch, False)
    assert shortest is not None, "a run by this time was found before"
    yield shortest


def _steps(trace: Trace, step: Fraction) -> int:
    """The time that a run takes, in whole steps, rounded up."""
    return ceil(trace.seconds(trace.steps[-1].time) / step) if trace.steps else 0


def _within(system: System, prop: Property, horizon: Fraction, limits: Limits, watch: Watch, eager: bool) -> Trace | None:
    """A run that breaks the property by then, of the fewest steps if not `eager`; None if there is none."""
    watch.look()
    code = Prepared(system, (prop,), limits, watch, horizon)
    bit = STUCK if prop.watches_time else 0
    with ZoneMachine(code.code, eager, watch.room) as machine:
        search = Search(code, watch, machine, eager)
        for _ in search.levels():
            if bit in search.found:
                return _without_horizon(system, search.trace(bit))
    return None


def _without_horizon(system: System, trace: Trace) -> Trace:
    """The same run of the system itself, in as few parts of its unit as will do."""
    unit = unit_of(system)
    length = trace.semantics.time.unit / unit  # of the ticks of the trace, in units
    waits = [step.move.ticks * length for step in trace.steps if isinstance(step.move, Wait)]
    parts = lcm(*(wait.denominator for wait in waits))
    moves: list[Move] = [
        Wait(int(step.move.ticks * length * parts)) if isinstance(step.move, Wait) else step.move for step in trace.steps
    ]
    semantics = semantics_in_parts(system, parts)
    slots = {(slot.symbol, slot.args): value for slot, value in zip(trace.semantics.layout.slots, trace.start, strict=True)}
    return run(semantics, tuple(slots[slot.symbol, slot.args] for slot in semantics.layout.slots), moves)
