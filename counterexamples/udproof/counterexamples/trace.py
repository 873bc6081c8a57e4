"""A trace: one concrete timed run, the one currency between engines, replay, pictures and files.

A run starts in an initial state; each step either fires an action or lets time pass for some ticks (one step, however long).
States are those of `udproof.language.semantics`. Engines build traces by `run`, which takes every step through the reference
semantics: a trace that exists has been replayed. One that cannot be is a `BadTrace`, which is a mistake in whatever made it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TypeAlias

from udproof.language import System
from udproof.language.printing import show_seconds
from udproof.language.semantics import Firing, Semantics, State


class BadTrace(Exception):
    """A sequence of steps that is not a run of the system; the sentence says at which step and why."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Time passes for a whole number of ticks, at least one."""

    ticks: int


Move: TypeAlias = Firing | Wait


@dataclass(frozen=True, slots=True)
class Step:
    """A move, the state after it, and the time after it in ticks since the start."""

    move: Move
    state: State
    time: int


@dataclass(frozen=True)
class Trace:
    """A run of a system from `start`."""

    semantics: Semantics
    start: State
    steps: tuple[Step, ...]

    @property
    def system(self) -> System:
        """The system it is a run of."""
        return self.semantics.system

    @cached_property
    def states(self) -> tuple[State, ...]:
        """All states, the initial one first."""
        return (self.start, *(step.state for step in self.steps))

    def seconds(self, ticks: int) -> Fraction:
        """A number of ticks in seconds."""
        return ticks * self.semantics.time.unit

    @property
    def last(self) -> State:
        """The state at the end."""
        return self.states[-1]


def run(semantics: Semantics, start: State, moves: Iterable[Move]) -> Trace:
    """The run that makes these moves from `start`. BadTrace if it is not one."""
    if start not in set(semantics.initial()):
        raise BadTrace("the first state is not an initial state of the system")
    steps: list[Step] = []
    state, time = start, 0
    for number, move in enumerate(moves, 1):
        if isinstance(move, Wait):
            state, time = _passed(semantics, state, move, number), time + move.ticks
        else:
            if refused := semantics.refused(state, move):
                labels = "; ".join(guard.label or "an unnamed condition" for guard in refused)
                raise BadTrace(f"step {number}: {describe(semantics, move)} cannot fire, since this does not hold: {labels}")
            state = semantics.fire(state, move)
        steps.append(Step(move, state, time))
    return Trace(semantics, start, tuple(steps))


def _passed(semantics: Semantics, state: State, wait: Wait, number: int) -> State:
    if wait.ticks < 1:
        raise BadTrace(f"step {number}: time passes for {wait.ticks} ticks; a wait takes at least one")
    allowed = semantics.patience(state)
    if allowed is not None and allowed < wait.ticks:
        deadline, env = semantics.blocked_by(semantics.passed(state, allowed))[0]
        who = ", ".join(semantics.system.elements(node.sort)[place] for node, place in env.items())
        raise BadTrace(
            f"step {number}: time cannot pass for {wait.ticks} ticks; after {allowed} it is held by deadline {deadline.name}({who})"
        )
    return semantics.passed(state, wait.ticks)


def describe(semantics: Semantics, move: Move) -> str:
    """A move as a word with arguments: `announce(step-0)`, `wait 20 s`."""
    if isinstance(move, Wait):
        return f"wait {show_seconds(move.ticks * semantics.time.unit)}"
    names = [semantics.system.elements(node.sort)[at] for node, at in zip(move.action.params, move.args, strict=True)]
    return f"{move.action.name}({', '.join(names)})"
