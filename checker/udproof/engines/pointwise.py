"""What is so in every state there could be, whether or not a run leads there: the coarsest of all abstractions.

It forgets every action. A state is any choice of values within the ranges of the variables, and any reading of each clock: a real
number, at least zero, and zero where the clock does not run. A formula that holds in all of these holds in every state that a run
reaches, in dense time: nothing is rounded, and no comparison need be closed. A solver (Z3) decides that in milliseconds, however
large the system is, since a formula about a few elements reads a few of its slots.

What fails here may hold all the same, since the state that breaks it need not be reachable. So a failure is an answer only to
whoever then looks at what is reachable (`udproof.engines.timelock`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, TypeAlias

import z3

from udproof.engines.algebra import At, Ground, slots_of
from udproof.engines.instantiate import Instantiation
from udproof.language import expressions as ex
from udproof.language.semantics import Semantics

Term: TypeAlias = Any  # a term of Z3, which has no types

_EFFORT = 20_000_000  # what the solver may do for one question, in its own units; then the answer is that nobody knows


class GaveUp(Exception):
    """The solver did not find out."""


class AnyState:
    """The states there could be of a system. A solver's context is its own."""

    def __init__(self, semantics: Semantics, formulas: Instantiation) -> None:
        """`formulas` made the ground values that are asked about."""
        self._semantics, self._formulas = semantics, formulas
        self._context = z3.Context()
        self._terms: dict[int, Term] = {}

    def where(self, conditions: Iterable[Ground]) -> Model | None:
        """A state in which they all hold; None if there is none. GaveUp if the solver does not find out."""
        solver = z3.Solver(ctx=self._context)
        solver.set("rlimit", _EFFORT)
        parts = list(conditions)
        slots = set().union(*map(slots_of, parts))
        for clock in [slot for slot in slots if self._is_clock(slot)]:
            runs = self._runs[clock]
            slots |= slots_of(runs)
            solver.add(z3.Or(self.truth(runs), self._slot(clock) == 0))
        for slot in sorted(slots):
            low, high = (0, None) if self._is_clock(slot) else self._semantics.span(slot)
            solver.add(low <= self._slot(slot), *([] if high is None else [self._slot(slot) <= high]))
        solver.add(*map(self.truth, parts))
        answer = solver.check()
        if answer == z3.unknown:
            raise GaveUp
        return Model(self, solver.model()) if answer == z3.sat else None

    @cached_property
    def _runs(self) -> Mapping[int, Ground]:
        return self._formulas.running()

    def _is_clock(self, slot: int) -> bool:
        return isinstance(self._semantics.layout.slots[slot].symbol, ex.ClockSymbol)

    # --- terms of the solver

    def _slot(self, slot: int) -> Term:
        if slot not in self._terms:
            kind = z3.Real if self._is_clock(slot) else z3.Int
            self._terms[slot] = kind(f"slot {slot}", self._context)
        return self._terms[slot]

    def truth(self, a: Ground) -> Term:
        """A truth value as a term."""
        match a:
            case int():
                return z3.BoolVal(bool(a), self._context)
            case At(slot=slot):
                return self._slot(slot) == 1
        match a.operator:
            case "not":
                return z3.Not(self.truth(a.args[0]))
            case "and":
                return z3.And([self.truth(arg) for arg in a.args])
            case "or":
                return z3.Or([self.truth(arg) for arg in a.args])
            case "ite":
                return z3.If(*map(self.truth, a.args))
            case "eq":
                return self._number(a.args[0]) == self._number(a.args[1])
            case "le":
                return self._number(a.args[0]) <= self._number(a.args[1])
        raise AssertionError(f"{a.operator} is no truth value")

    def _number(self, a: Ground) -> Term:
        match a:
            case int():
                return z3.IntVal(a, self._context)
            case At(slot=slot):
                return self._slot(slot)
        match a.operator:
            case "add":
                return self._number(a.args[0]) + self._number(a.args[1])
            case "sub":
                return self._number(a.args[0]) - self._number(a.args[1])
            case "ite":
                return z3.If(self.truth(a.args[0]), self._number(a.args[1]), self._number(a.args[2]))
        return z3.If(self.truth(a), self._number(1), self._number(0))  # a truth value that is counted


class Model:
    """A state that a solver found; what it was not asked about has any value."""

    def __init__(self, states: AnyState, model: Term) -> None:
        self._states, self._model = states, model

    def holds(self, condition: Ground) -> bool:
        """Is it so there?"""
        return bool(z3.is_true(self._model.eval(self._states.truth(condition), model_completion=True)))


__all__ = ["AnyState", "GaveUp", "Model"]
