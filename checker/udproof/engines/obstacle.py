"""What stands in the way of a proof: a step that breaks a property from a state in which every lemma found is true.

Such a pair of states is a *counterexample to induction*. Nobody says that the state before can be reached: if it can, the property
is false; if it cannot, there is a lemma that says so, and that lemma is what the proof lacks. The solver's model becomes a small
instance with a state, and the step is made by the reference semantics, which must agree that it is possible and that it breaks
the property, before anybody sees it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import product
from math import lcm
from typing import Any

import z3

from udproof.counterexamples.explain import changes, duration, fill, place_name, word
from udproof.counterexamples.trace import Move, Wait, describe
from udproof.engines.zone_time import semantics_in_parts
from udproof.language import Instance, Property, System
from udproof.language import expressions as ex
from udproof.language.semantics import Firing, Layout, Semantics, State
from udproof.prover.cases import TIME, Case, Step, touches
from udproof.prover.houdini import GaveUp, Houdini, Question
from udproof.prover.lemmas import Lemma, of_property, show_lemma
from udproof.prover.logic import Term, View
from udproof.prover.wording import lemma_words

_MOST_LEMMAS = 3  # of those that would exclude the state, so many are told


@dataclass(frozen=True)
class Obstacle:
    """See the module. `excluded_by` are candidates that are false in the state before, each with the step that breaks it."""

    prop: Property
    semantics: Semantics
    before: State
    move: Move
    after: State
    excluded_by: tuple[tuple[Lemma, str], ...]

    @property
    def step(self) -> str:
        """The step in words."""
        if isinstance(self.move, Wait) or self.move.action.says is None:
            return describe(self.semantics, self.move)
        return fill(self.move.action.says, self.semantics, self.before, self.semantics.env(self.move))

    def lines(self) -> Iterator[str]:
        """The obstacle as text: the step, the states before and after it, and what would exclude it."""
        name = describe(self.semantics, self.move)
        said = "" if self.step == name else f" ({self.step})"
        opening = f"{name}{said} breaks {self.prop.name} from a state in which every lemma found is true."
        yield f"{opening} Whether that state can be reached is not known."
        yield f"  Where: {'; '.join(_placed(self.semantics)) or 'there is nothing to place'}."
        yield f"  Before: {'; '.join(_state(self.semantics, self.before)) or 'as at the start'}."
        after = "; ".join(changes(self.semantics, self.before, self.after))
        yield f"  After: {after or 'only clocks have moved'}."
        if not self.excluded_by:
            form = "a lemma that excludes it has a form that is not tried; it can be written by hand, @invariant(lemmas=(...,))"
            yield f"  No candidate is false in the state before: {form}."
        for lemma, step in self.excluded_by:
            yield f"  This would exclude it, if it could be shown, but {step} breaks it: {lemma_words(lemma)} [{show_lemma(lemma)}]"


def obstacle(houdini: Houdini, prop: Property, system: System) -> Obstacle | None:
    """A step that breaks the property though all lemmas found hold before it, with the system's own times; None if there is none.

    GaveUp if the solver does not know. AssertionError if the reference semantics does not make of the step what the solver does.
    """
    lemma = of_property(prop)
    for step in houdini.steps:
        if not touches(step, lemma):
            continue
        case = _Populated(houdini.library, houdini.given, step, lemma.signature)
        if not case.threatens(lemma):
            continue
        denied = houdini.logic.negated(case.goal(lemma))  # named before the case is closed: it may ask for a witness
        question = houdini.fresh(case)
        houdini.tell(question, [*houdini.alive, lemma])
        question.solver.add(*_real(case, system))
        goal = question.ready(denied)
        known = [houdini.library.selector(one) for one in (*houdini.alive, lemma)]
        model = question.ask([goal, houdini.all_times, *known])
        if model is not None:
            return _replayed(houdini, question, model, prop, system)
    return None


class _Populated(Case):
    """A case with at least one term of every sort, so that its terms are the elements of an instance."""

    def _close(self) -> None:
        for sort in self.logic.system.index_sorts:
            if not self.terms.get(sort):
                self.constant(sort, f"{sort.name}.0")
        super()._close()


def _real(case: Case, system: System) -> Iterator[Term]:
    """What is true of every step, and no lemma says: seconds are the given ones, no clock is negative, integers are in range."""
    logic = case.logic
    for symbol in logic.system.durations:
        yield logic.equal(logic.time(symbol), logic.time(system.instance.durations[symbol.name]))
    for clock in logic.system.clocks:
        for args in product(*(case.terms[sort] for sort in clock.domain)):
            yield logic.compared(logic.now, ">=", logic.apply(clock, args))
    for variable in logic.system.variables:
        if isinstance(variable.sort, ex.IntSort):
            for args in product(*(case.terms[sort] for sort in variable.domain)):
                for value in (logic.apply(variable, args), case.after.variable(variable, args)):
                    yield logic.at_most(logic.literal(variable.sort.low, variable.sort), value)
                    yield logic.at_most(value, logic.literal(variable.sort.high, variable.sort))


def _replayed(houdini: Houdini, question: Question, model: z3.ModelRef, prop: Property, system: System) -> Obstacle:
    reader = _Reader(question.case, model)
    concrete = replace(system, name="a small instance").at(reader.instance(system))
    delay = model.eval(z3.Real("delay", question.case.logic.context), model_completion=True)
    waited = _fraction(delay) if question.case.step is TIME else Fraction(0)
    semantics = semantics_in_parts(concrete, _parts([*reader.readings(concrete), waited], semantics_in_parts(concrete, 1)))
    before = reader.state(semantics)
    move: Move
    if question.case.step is TIME:
        move = Wait(int(waited / semantics.time.unit))
        allowed = semantics.patience(before)
        possible = allowed is None or move.ticks <= allowed
        after = semantics.passed(before, move.ticks) if possible else before
    else:
        move = reader.firing(question.case.step)
        possible = not semantics.refused(before, move)
        after = semantics.fire(before, move) if possible else before
    if not possible or semantics.breaking(prop, before) is not None or semantics.breaking(prop, after) is None:
        raise AssertionError(f"the solver's step {describe(semantics, move)} that breaks {prop.name} does not replay")
    return Obstacle(prop, semantics, before, move, after, tuple(_excluding(houdini, question.case, model, prop)))


def _excluding(houdini: Houdini, case: Case, model: z3.ModelRef, prop: Property) -> list[tuple[Lemma, str]]:
    """Candidates that were dropped and are false in the state before: those that read what the property reads first, short ones."""
    reads = of_property(prop).literals[0].reads

    def rank(entry: tuple[Lemma, str]) -> tuple[bool, bool, int]:
        literals = entry[0].literals
        return entry[0].origin == "found", not any(reads & literal.reads for literal in literals), len(literals)

    found: list[tuple[Lemma, str]] = []
    for lemma, step in sorted(houdini.dropped.items(), key=rank):
        if lemma.quantified or lemma.origin.startswith("property ") or any(literal.some for literal in lemma.literals):
            continue
        clauses = (houdini.library.clause(lemma, at) for at in case.tuples(lemma.params))
        if any(z3.is_false(model.eval(clause, model_completion=True)) for clause in clauses):
            found.append((lemma, step))
        if len(found) == _MOST_LEMMAS:
            break
    return found


def _parts(readings: Sequence[Fraction], semantics: Semantics) -> int:
    return lcm(*((reading / semantics.time.unit).denominator for reading in readings))


class _Reader:
    """A model of a case as an instance with a state: its elements are what the terms of the case stand for."""

    def __init__(self, case: Case, model: z3.ModelRef) -> None:
        self._case, self._logic, self._model = case, case.logic, model
        self._view = View(case.logic)
        self._elements: dict[ex.IndexSort, dict[str, Term]] = {}  # by their names in the model, one term for each
        for sort in case.logic.system.index_sorts:
            found = self._elements[sort] = {}
            named = [term for term in case.terms[sort] if ":" in str(term)]  # those that formulas name come first, as in the sort
            for term in (*named, *case.terms[sort]):
                found.setdefault(str(self._value(term)), term)

    def instance(self, system: System) -> Instance:
        """The elements and tables, with the seconds of the system."""
        elements = {sort.name: tuple(self._names(sort)) for sort in self._elements}
        tables: dict[str, Mapping[tuple[int, ...], int]] = {}
        for symbol in self._logic.system.constants:
            tables[symbol.name] = {place: self._code(self._logic.apply(symbol, at), symbol.sort) for place, at in self._at(symbol)}
        return Instance(elements, tables, dict(system.instance.durations))

    def readings(self, system: System) -> Iterator[Fraction]:
        """What every clock shows."""
        for slot in Layout(system).slots:
            if isinstance(slot.symbol, ex.ClockSymbol):
                yield self._reading(slot.symbol, slot.args)

    def state(self, semantics: Semantics) -> State:
        """The state before the step."""
        values = []
        for slot in semantics.layout.slots:
            if isinstance(slot.symbol, ex.ClockSymbol):
                reading = int(self._reading(slot.symbol, slot.args) / semantics.time.unit)
                values.append(min(reading, semantics.time.caps[slot.symbol]))
            else:
                values.append(self._code(self._logic.apply(slot.symbol, self._terms(slot.symbol, slot.args)), slot.symbol.sort))
        return semantics.settled(tuple(values))

    def firing(self, step: Step) -> Firing:
        """The action with its arguments."""
        assert step.action is not None
        return Firing(
            step.action,
            tuple(self._place(term, node.sort) for term, node in zip(self._case.arguments, step.action.params, strict=True)),
        )

    # --- values

    def _value(self, term: Term) -> Any:
        return self._model.eval(term, model_completion=True)

    def _names(self, sort: ex.IndexSort) -> list[str]:
        names: list[str] = []
        for number, term in enumerate(self._elements[sort].values(), 1):
            said = str(term)
            names.append(said.split(":", 1)[1] if said.startswith(f"{sort.name}:") else f"{sort.name.lower()}-{number}")
        return names

    def _place(self, term: Term, sort: ex.IndexSort) -> int:
        places, value = list(self._elements[sort]), str(self._value(term))
        if value not in places:
            raise GaveUp(f"the solver's model has a {sort.name} that no term of the step stands for")
        return places.index(value)

    def _terms(self, symbol: ex.ConstantSymbol | ex.VariableSymbol | ex.ClockSymbol, args: Sequence[int]) -> list[Term]:
        return [list(self._elements[sort].values())[place] for sort, place in zip(symbol.domain, args, strict=True)]

    def _at(self, symbol: ex.ConstantSymbol) -> Iterator[tuple[tuple[int, ...], list[Term]]]:
        for place in product(*(range(len(self._elements[sort])) for sort in symbol.domain)):
            yield place, self._terms(symbol, place)

    def _code(self, term: Term, sort: ex.Sort) -> int:
        match sort:
            case ex.IndexSort():
                return self._place(term, sort)
            case ex.BoolSort():
                return int(z3.is_true(self._value(term)))
            case ex.IntSort():
                return int(self._value(term).as_long())
            case ex.EnumSort(members=members):
                return [str(self._logic.literal(place, sort)) for place in range(len(members))].index(str(self._value(term)))

    def _reading(self, clock: ex.ClockSymbol, args: Sequence[int]) -> Fraction:
        return _fraction(self._value(self._logic.reading(clock, self._terms(clock, args), self._view)))


def _fraction(value: Any) -> Fraction:
    return Fraction(value.numerator_as_long(), value.denominator_as_long())


# --- in words


def _placed(semantics: Semantics) -> Iterator[str]:
    """The tables of the instance."""
    system = semantics.system
    for symbol in system.constants:
        for place, value in sorted(system.instance.constants[symbol.name].items()):
            names = [system.elements(sort)[at] for sort, at in zip(symbol.domain, place, strict=True)]
            where = f"[{', '.join(names)}]" if names else ""
            yield f"{symbol.name}{where} = {word(semantics, symbol.sort, value)}"


def _state(semantics: Semantics, state: State) -> Iterator[str]:
    """What is not as at the start."""
    start = next(iter(semantics.initial()))
    for slot, value, at_start in zip(semantics.layout.slots, state, start, strict=True):
        if value == at_start:
            continue
        if isinstance(slot.symbol, ex.ClockSymbol):
            more = " or more" if value >= semantics.time.caps[slot.symbol] else ""
            yield f"{place_name(semantics, slot)} shows {duration(value * semantics.time.unit)}{more}"
        else:
            yield f"{place_name(semantics, slot)} = {word(semantics, slot.symbol.sort, value)}"


__all__ = ["Obstacle", "obstacle"]
