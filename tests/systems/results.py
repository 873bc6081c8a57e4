"""Results in a form that tests can compare, and the protocol on shipped fleets."""

from __future__ import annotations

from functools import cache

from udproof.counterexamples.trace import Move, Trace, Wait
from udproof.engines.explore import Explore
from udproof.engines.verdict import Limits, Result
from udproof.language import Property, System
from udproof.properties import of
from udproof.protocol.assembly import protocol
from udproof.protocol.fleet_file import read_fleet
from udproof.protocol.fleets import path_of
from udproof.protocol.mutants import named


def shipped(name: str) -> System:
    """The protocol on a shipped fleet, with the properties that mean something on it."""
    fleet = read_fleet(path_of(name))
    return protocol(fleet, of(fleet))


@cache
def violation(name: str) -> tuple[Trace, Property]:
    """The shortest run that breaks the property of a named mistake, on its fleet; and that property."""
    mutant = named(name)
    system = mutant.change(shipped(mutant.fleet))
    (verdict,) = Explore().verify(system, (system.named(mutant.breaks),), Limits()).verdicts
    assert verdict.trace is not None
    return verdict.trace, verdict.property


def outcomes(result: Result) -> dict[str, str]:
    """The verdicts by name."""
    return {verdict.property.name: verdict.outcome.value for verdict in result.verdicts}


def lengths(result: Result) -> dict[str, int]:
    """The steps of each violation."""
    return {verdict.property.name: len(verdict.trace.steps) for verdict in result.verdicts if verdict.trace is not None}


def summary(result: Result) -> str:
    """Everything about a result that must be the same when the run is made again."""
    figures = result.figures
    lines = [f"{figures.states} {figures.transitions} {figures.depth} {sorted(result.fired.items())} {result.complete}"]
    for verdict in result.verdicts:
        lines.append(f"{verdict.property.name} {verdict.outcome} {verdict.reason} {verdict.reached}")
        lines += [_told(trace) for trace in (verdict.trace, verdict.witness) if trace is not None]
    return "\n".join(lines)


def _told(trace: Trace) -> str:
    moves: list[Move] = [step.move for step in trace.steps]
    return " ".join(f"wait {move.ticks}" if isinstance(move, Wait) else f"{move.action.name}{move.args}" for move in moves)
