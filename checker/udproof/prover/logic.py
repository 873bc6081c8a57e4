"""A system in Z3's words: the one reading from which every query is made.

Index sorts are uninterpreted, enumerations are data types, integers are integers, and a variable or constant is a function. A
clock is a time stamp, the moment from which it counts: its reading is `now - stamp` while its condition holds, and zero otherwise,
so that the passing of time changes `now` and nothing else. Timing constants are real numbers that are not known.

A formula is read at a `View`: the state as it is, an initial state, the state after an action, or some time later. The view after
an action is a substitution (`ite(x = h, new, old)`), not a second set of symbols with rules for what stays the same; so what an
action does not touch is the very same term before and after, which is how most obligations are seen to be trivial.

Terms are simplified where they are made as far as equality of terms decides, and no further.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Protocol, TypeAlias

import z3

from udproof.language import System
from udproof.language import expressions as ex
from udproof.language.actions import Action, Update
from udproof.prover.lemmas import Atom, ClockAt, Inequality, Spread

Term: TypeAlias = Any  # a z3 expression; the package has no types
Env: TypeAlias = Mapping[ex.Param, Term]


class Quantifiers(Protocol):
    """Who takes care of quantifiers: makes a ground formula of one (see `cases`)."""

    def universal(self, node: ex.ForAll | ex.Exists, env: Env, view: View, positive: bool) -> Term:
        """A formula that stands for a quantifier that holds of every element where it is asserted (`positive`) or denied."""

    def witness(self, node: ex.ForAll | ex.Exists, env: Env, view: View) -> Term:
        """The element that an existential quantifier, or a universal one that is denied, speaks of."""


class Logic:
    """The symbols of a system as Z3's sorts and functions, in a context of their own so that the same run is made again."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.context = z3.Context()
        self.true, self.false = z3.BoolVal(True, self.context), z3.BoolVal(False, self.context)
        self._sorts: dict[ex.Sort, Any] = {}
        self._members: dict[ex.EnumSort, list[Term]] = {}
        self._functions: dict[ex.Symbol, Any] = {}
        self._ref = self.context.ref()
        self._shared: dict[int, Term] = {}
        self._numbers: dict[int, Term] = {}
        self._times: dict[ex.Bound, Term] = {}
        self._values: set[int] = set()  # terms whose values differ whenever they are different terms
        self._choices: dict[int, tuple[Term, Term, Term]] = {}
        self._negations: dict[int, Term] = {}
        self._kept: list[Term] = []  # what the numbers in these belong to
        self.now = z3.Real("now", self.context)
        self.zero = z3.RealVal(0, self.context)

    def shared(self, term: Term) -> Term:
        """The one object for this term: Z3 makes a new one each time, and keys are made of the objects."""
        return self._shared.setdefault(term.ast.value, term)

    # --- sorts and symbols

    def sort(self, sort: ex.Sort) -> Any:
        """The Z3 sort."""
        if isinstance(sort, ex.IntSort):
            return z3.IntSort(self.context)
        if sort not in self._sorts:
            match sort:
                case ex.BoolSort():
                    self._sorts[sort] = z3.BoolSort(self.context)
                case ex.EnumSort(name=name, members=members):
                    made, values = z3.EnumSort(name, [f"{name}.{member}" for member in members], self.context)
                    self._sorts[sort], self._members[sort] = made, list(values)
                    self._values.update(value.ast.value for value in values)
                case ex.IndexSort(name=name):
                    self._sorts[sort] = z3.DeclareSort(name, self.context)
        return self._sorts[sort]

    def function(self, symbol: ex.ConstantSymbol | ex.VariableSymbol | ex.ClockSymbol) -> Any:
        """The function of a constant or variable, and the time stamps of a clock."""
        if symbol not in self._functions:
            clock = isinstance(symbol, ex.ClockSymbol)
            to = z3.RealSort(self.context) if isinstance(symbol, ex.ClockSymbol) else self.sort(symbol.sort)
            name = f"{symbol.name}.since" if clock else symbol.name
            self._functions[symbol] = z3.Function(name, *(self.sort(sort) for sort in symbol.domain), to)
        return self._functions[symbol]

    def apply(self, symbol: ex.ConstantSymbol | ex.VariableSymbol | ex.ClockSymbol, args: Sequence[Term]) -> Term:
        """The function at some arguments."""
        return self._made(z3.Z3_mk_app(self._ref, self.function(symbol).ast, len(args), _array(args)))

    def literal(self, value: int | str, sort: ex.Sort) -> Term:
        """A value of a sort; an element of an index sort is a constant of its name."""
        match sort:
            case ex.BoolSort():
                return self.true if value else self.false
            case ex.IntSort():
                if value not in self._numbers:
                    number = self._numbers[int(value)] = z3.IntVal(value, self.context)
                    self._values.add(number.ast.value)
                return self._numbers[int(value)]
            case ex.EnumSort():
                self.sort(sort)
                return self._members[sort][int(value)]
            case ex.IndexSort(name=name):
                return z3.Const(f"{name}:{value}", self.sort(sort))

    def time(self, bound: ex.Bound) -> Term:
        """A timing constant: a number, or a symbol."""
        if bound not in self._times:
            if isinstance(bound, Fraction):
                self._times[bound] = z3.RealVal(f"{bound.numerator}/{bound.denominator}", self.context)
            else:
                self._times[bound] = z3.Real(f"{bound.name}", self.context)
        return self._times[bound]

    def total(self, bounds: Sequence[ex.Bound]) -> Term:
        """A sum of timing constants."""
        terms = [self.time(bound) for bound in bounds]
        if len(terms) > 1:
            return self._made(z3.Z3_mk_add(self._ref, len(terms), _array(terms)))
        return terms[0] if terms else self.zero

    def inequality(self, known: Inequality) -> Term:
        """An inequality between timing constants."""
        small, large = self.total(known.small), self.total(known.large)
        return self.compared(small, "<" if known.strict else "<=", large)

    # --- terms, by the calls of the library itself: its operators look at every argument, which takes longer than the solver does

    def _made(self, ast: Any) -> Term:
        return z3.ExprRef(ast, self.context)

    def same(self, left: Term, right: Term) -> bool:
        """Is it the very same term?"""
        return bool(left.ast.value == right.ast.value)

    def difference(self, left: Term, right: Term) -> Term:
        """left - right."""
        return self._made(z3.Z3_mk_sub(self._ref, 2, _array((left, right))))

    def added(self, left: Term, right: Term) -> Term:
        """left + right."""
        return self._made(z3.Z3_mk_add(self._ref, 2, _array((left, right))))

    def compared(self, left: Term, comparison: ex.Comparison, right: Term) -> Term:
        """Two numbers."""
        make = {"<": z3.Z3_mk_lt, "<=": z3.Z3_mk_le, ">=": z3.Z3_mk_ge, ">": z3.Z3_mk_gt}[comparison]
        return self._made(make(self._ref, left.as_ast(), right.as_ast()))

    def disjunction(self, parts: Sequence[Term]) -> Any:
        """A clause of ready literals, by its number alone: an object for each of hundreds of thousands would take longest."""
        made = z3.Z3_mk_or(self._ref, len(parts), _array(parts))
        z3.Z3_inc_ref(self._ref, made)
        return made

    def add(self, solver: z3.Solver, clauses: Iterable[Any]) -> None:
        """Assert clauses of `disjunction`."""
        every = list(clauses)
        if every:
            made = z3.Z3_mk_and(self._ref, len(every), (z3.Ast * len(every))(*every))
            z3.Z3_solver_assert(self._ref, solver.solver, made)

    def check(self, solver: z3.Solver, assumptions: Sequence[Term]) -> z3.CheckSatResult:
        """Can what the solver has been told be, with these literals?"""
        number = len(assumptions)
        return z3.CheckSatResult(z3.Z3_solver_check_assumptions(self._ref, solver.solver, number, _array(assumptions)))

    # --- connectives that simplify

    def both(self, parts: Sequence[Term]) -> Term:
        """Conjunction."""
        kept = [part for part in parts if part is not self.true]
        if any(part is self.false for part in kept):
            return self.false
        if len(kept) < 2:
            return kept[0] if kept else self.true
        return self._made(z3.Z3_mk_and(self._ref, len(kept), _array(kept)))

    def either(self, parts: Sequence[Term]) -> Term:
        """Disjunction."""
        kept = [part for part in parts if part is not self.false]
        if any(part is self.true for part in kept):
            return self.true
        if len(kept) < 2:
            return kept[0] if kept else self.false
        return self._made(z3.Z3_mk_or(self._ref, len(kept), _array(kept)))

    def negated(self, part: Term) -> Term:
        """Negation."""
        if part is self.true:
            return self.false
        if part is self.false:
            return self.true
        number = part.ast.value
        if number not in self._negations:
            made = self._made(z3.Z3_mk_not(self._ref, part.as_ast()))
            self._negations[number] = made
            self._negations[made.ast.value] = part
        return self._negations[number]

    def equal(self, left: Term, right: Term) -> Term:
        """Equality; of two members of an enumeration it is known, and it goes through the choices of a conditional."""
        if self.same(left, right):
            return self.true
        if right.ast.value in self._choices and left.ast.value in self._values:
            left, right = right, left
        if left.ast.value in self._choices and right.ast.value in self._values:
            condition, then, other = self._choices[left.ast.value]
            return self.choice(condition, self.equal(then, right), self.equal(other, right))
        if left.ast.value in self._values and right.ast.value in self._values:
            return self.false
        return self._made(z3.Z3_mk_eq(self._ref, left.as_ast(), right.as_ast()))

    def choice(self, condition: Term, then: Term, other: Term) -> Term:
        """`then` if the condition holds, else `other`."""
        if condition is self.true or self.same(then, other):
            return then
        if condition is self.false:
            return other
        if then is self.true:
            return self.either([condition, other])
        if then is self.false:
            return self.both([self.negated(condition), other])
        if other is self.true:
            return self.either([self.negated(condition), then])
        if other is self.false:
            return self.both([condition, then])
        made = self._made(z3.Z3_mk_ite(self._ref, condition.as_ast(), then.as_ast(), other.as_ast()))
        self._choices[made.ast.value] = condition, then, other
        self._kept.append(made)
        return made

    # --- expressions

    def value(self, node: ex.Expr, env: Env, view: View) -> Term:
        """A term without quantifiers, of any sort."""
        match node:
            case ex.Lit(value=value, sort=sort):
                return self.literal(value, sort)
            case ex.Param():
                return env[node]
            case ex.Read(symbol=ex.DefinitionSymbol(params=params, body=body), args=args):
                inner = {param: self.value(arg, env, view) for param, arg in zip(params, args, strict=True)}
                return self.value(body, inner, view)
            case ex.Read(symbol=ex.ConstantSymbol() as symbol, args=args):
                return self.apply(symbol, [self.value(arg, env, view) for arg in args])
            case ex.Read(symbol=ex.VariableSymbol() as symbol, args=args):
                return view.variable(symbol, [self.value(arg, env, view) for arg in args])
            case ex.Sum(left=left, right=right, factor=factor):
                a, b = self.value(left, env, view), self.value(right, env, view)
                return self.added(a, b) if factor == 1 else self.difference(a, b)
            case ex.Ite(condition=condition, then=then, other=other):
                chosen = self.value(condition, env, view)
                return self.choice(chosen, self.value(then, env, view), self.value(other, env, view))
            case ex.Not() | ex.And() | ex.Or() | ex.Eq() | ex.Le() | ex.ClockIs():
                return self.formula(node, env, view, True, None)
            case _:
                raise ValueError(f"{type(node).__name__} stands where no quantifier, count or reading may")

    def formula(self, node: ex.Expr, env: Env, view: View, positive: bool, quantifiers: Quantifiers | None) -> Term:
        """A truth value. `positive`: is it asserted (or denied)? Quantifiers are given to `quantifiers`; None if there are none."""
        match node:
            case ex.Not(body=body):
                return self.negated(self.formula(body, env, view, not positive, quantifiers))
            case ex.And(parts=parts):
                return self.both([self.formula(part, env, view, positive, quantifiers) for part in parts])
            case ex.Or(parts=parts):
                return self.either([self.formula(part, env, view, positive, quantifiers) for part in parts])
            case ex.Eq(left=left, right=right):
                return self.equal(self.value(left, env, view), self.value(right, env, view))
            case ex.Le(left=left, right=right):
                return self.at_most(self.value(left, env, view), self.value(right, env, view))
            case ex.ClockIs(clock=clock, args=args, comparison=comparison, bound=bound):
                reading = self.reading(clock, [self.value(arg, env, view) for arg in args], view)
                return self.compared(reading, comparison, self.time(bound))
            case ex.ForAll() | ex.Exists() if quantifiers is not None:
                if isinstance(node, ex.ForAll) == positive:
                    return quantifiers.universal(node, env, view, positive)
                element = quantifiers.witness(node, env, view)
                return self.formula(node.body, {**env, node.param: element}, view, positive, quantifiers)
            case ex.Ite(condition=condition, then=then, other=other):
                chosen = self.value(condition, env, view)
                a = self.formula(then, env, view, positive, quantifiers)
                return self.choice(chosen, a, self.formula(other, env, view, positive, quantifiers))
            case ex.Read(symbol=ex.DefinitionSymbol(params=params, body=body), args=args):
                inner = {param: self.value(arg, env, view) for param, arg in zip(params, args, strict=True)}
                return self.formula(body, inner, view, positive, quantifiers)
            case _:
                return self.value(node, env, view)

    def atom(self, atom: Atom, env: Env, view: View, positive: bool = True, quantifiers: Quantifiers | None = None) -> Term:
        """An atom of a lemma."""
        if not isinstance(atom, Spread):
            return self.formula(atom, env, view, positive, quantifiers)
        left, right = self._at(atom.left, env, view), self.zero if atom.right is None else self._at(atom.right, env, view)
        return self.compared(self.difference(left, right), "<=", self.total(atom.bounds))

    def _at(self, at: ClockAt, env: Env, view: View) -> Term:
        return self.reading(at.clock, [self.value(arg, env, view) for arg in at.args], view)

    def at_most(self, left: Term, right: Term) -> Term:
        """Integer order."""
        return self.true if self.same(left, right) else self.compared(left, "<=", right)

    def running(self, clock: ex.ClockSymbol, args: Sequence[Term], view: View) -> Term:
        """Does the clock run?"""
        return self.formula(clock.during, dict(zip(clock.params, args, strict=True)), view, True, None)

    def reading(self, clock: ex.ClockSymbol, args: Sequence[Term], view: View) -> Term:
        """What a clock shows."""
        return self.choice(self.running(clock, args, view), self.difference(view.now, view.stamp(clock, args)), self.zero)


def _array(terms: Sequence[Term]) -> Any:
    return (z3.Ast * len(terms))(*(term.ast for term in terms))


# --- views


class View:
    """A state: the present one. Subclasses are what it becomes, in terms of it."""

    def __init__(self, logic: Logic) -> None:
        self.logic = logic

    @property
    def now(self) -> Term:
        """The present moment."""
        return self.logic.now

    def variable(self, symbol: ex.VariableSymbol, args: Sequence[Term]) -> Term:
        """The value of a variable."""
        return self.logic.apply(symbol, args)

    def stamp(self, clock: ex.ClockSymbol, args: Sequence[Term]) -> Term:
        """The moment from which a clock counts."""
        return self.logic.apply(clock, args)


class Start(View):
    """An initial state: every variable has its initial value, every clock shows zero."""

    def variable(self, symbol: ex.VariableSymbol, args: Sequence[Term]) -> Term:
        """See `View`."""
        if symbol.initial is None:
            return super().variable(symbol, args)
        return self.logic.value(symbol.initial, dict(zip(symbol.params, args, strict=True)), self)

    def stamp(self, clock: ex.ClockSymbol, args: Sequence[Term]) -> Term:
        """See `View`."""
        return self.now


class Later(View):
    """The state after some time."""

    def __init__(self, logic: Logic, delay: Term) -> None:
        super().__init__(logic)
        self._now = logic.added(logic.now, delay)

    @property
    def now(self) -> Term:
        """See `View`."""
        return self._now


@dataclass(frozen=True, slots=True)
class _Change:
    """Whether an update changes a symbol at some arguments, and to what."""

    happens: Term
    value: Term


class After(View):
    """The state after an action with these arguments."""

    def __init__(self, logic: Logic, act: Action, env: Env) -> None:
        super().__init__(logic)
        self._before = View(logic)
        self._env = env
        self._updates = {update.target: update for update in act.updates}
        self._known: dict[tuple[ex.Symbol, tuple[int, ...]], Term] = {}
        self._kept: list[Sequence[Term]] = []  # arguments whose numbers are keys: a number is a term's own only while it lives

    def variable(self, symbol: ex.VariableSymbol, args: Sequence[Term]) -> Term:
        """See `View`."""
        update = self._updates.get(symbol)
        if update is None:
            return self.logic.apply(symbol, args)
        key = (symbol, tuple(arg.ast.value for arg in args))
        if key not in self._known:
            change = self._change(update, args)
            self._kept.append(args)
            self._known[key] = self.logic.choice(change.happens, change.value, self.logic.apply(symbol, args))
        return self._known[key]

    def stamp(self, clock: ex.ClockSymbol, args: Sequence[Term]) -> Term:
        """A clock that is set to zero, or whose condition comes true, counts from now."""
        key = (clock, tuple(arg.ast.value for arg in args))
        if key not in self._known:
            logic, update = self.logic, self._updates.get(clock)
            before, after = logic.running(clock, args, self._before), logic.running(clock, args, self)
            begins = logic.false if logic.same(before, after) else logic.both([logic.negated(before), after])
            reset = logic.false if update is None else self._change(update, args).happens
            self._kept.append(args)
            self._known[key] = logic.choice(logic.either([reset, begins]), self.now, logic.apply(clock, args))
        return self._known[key]

    def _change(self, update: Update, args: Sequence[Term]) -> _Change:
        logic, env = self.logic, dict(self._env)
        for index, arg in zip(update.index, args, strict=True):
            if index in update.binders:
                assert isinstance(index, ex.Param)
                env[index] = arg
        here = [
            logic.equal(arg, logic.value(index, env, self._before))
            for index, arg in zip(update.index, args, strict=True)
            if index not in update.binders
        ]
        happens = logic.both([*here, logic.value(update.where, env, self._before)])
        return _Change(happens, logic.value(update.value, env, self._before))
