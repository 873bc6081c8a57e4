"""One step of a system with one kind of lemma to keep: everything ground, ready for the solver.

A case has constants for the arguments of the action and for the parameters of the lemmas, and from them a finite set of *terms* of
every index sort, closed under the functions between index sorts. Whatever holds of every element (guards, deadlines, axioms,
lemmas assumed) is instantiated at those terms and nowhere else. Why that is enough is told in `fragment`.

Constants have names that depend on their sort and place only, so that cases share terms.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import z3

from udproof.language import System
from udproof.language import expressions as ex
from udproof.language.actions import Action
from udproof.language.claims import Deadline
from udproof.language.printing import show
from udproof.prover.lemmas import Inequality, Lemma, Literal, functions
from udproof.prover.logic import After, Env, Later, Logic, Start, Term, View


@dataclass(frozen=True, slots=True)
class Step:
    """What can happen: the start, an action, or the passing of time."""

    name: str
    action: Action | None = None


START, TIME, PRESENT = Step("start"), Step("time passes"), Step("no step")


def steps_of(system: System) -> tuple[Step, ...]:
    """Everything that can happen after the start."""
    return (*(Step(act.name, act) for act in system.actions), *((TIME,) if system.clocks else ()))


def touches(step: Step, lemma: Lemma) -> bool:
    """Does the step change anything that the lemma reads?"""
    return any(_touches(step, literal) for literal in lemma.literals)


def _touches(step: Step, literal: Literal) -> bool:
    if step is START or step is PRESENT:
        return step is START
    if step.action is None:
        return any(isinstance(symbol, ex.ClockSymbol) for symbol in literal.reads)
    return any(update.target in literal.reads for update in step.action.updates)


@dataclass(frozen=True)
class Given:
    """What a proof takes for granted: the axioms, and inequalities between timing constants."""

    axioms: tuple[Lemma, ...]
    times: tuple[Inequality, ...]

    @classmethod
    def of(cls, system: System, times: Iterable[Inequality] = ()) -> Given:
        """The axioms of a system; those that its declarations make (a constant is within its range) are among them."""
        rules = [Lemma(rule.params, (Literal(True, rule.body),), f"axiom {rule.name}") for rule in system.axioms]
        for symbol in system.constants:
            if isinstance(symbol.sort, ex.IntSort):
                params = tuple(ex.Param(f"x{place}", sort, -1 - place) for place, sort in enumerate(symbol.domain))
                read = ex.Read(symbol, params)
                low, high = (ex.Lit(end, symbol.sort) for end in (symbol.sort.low, symbol.sort.high))
                within = ex.And((ex.Le(low, read), ex.Le(read, high)))
                rules.append(Lemma(params, (Literal(True, within),), f"the range of {symbol.name}"))
        return cls(tuple(rules), tuple(times))


class Library:
    """Literals and clauses that have been built, for all cases: the same lemma at the same terms is the same clause."""

    def __init__(self, logic: Logic) -> None:
        self.logic = logic
        self._present = View(logic)
        self._literals: dict[tuple[int, ...], Term] = {}
        self._clauses: dict[tuple[int, ...], Any] = {}
        self._plain: dict[tuple[int, ...], Term] = {}
        self._selectors: dict[Lemma, tuple[Term, Term]] = {}
        self._kept: list[object] = []  # what the numbers in keys belong to

    def selector(self, lemma: Lemma) -> Term:
        """The name of a lemma in the solvers: where it is true, the lemma is assumed."""
        return self._selector(lemma)[0]

    def _selector(self, lemma: Lemma) -> tuple[Term, Term]:
        if lemma not in self._selectors:
            name = z3.Bool(f"lemma.{len(self._selectors)}", self.logic.context)
            self._selectors[lemma] = name, self.logic.negated(name)
        return self._selectors[lemma]

    def literal(self, literal: Literal, params: tuple[ex.Param, ...], at: Sequence[Term]) -> Term:
        """A literal without quantifiers, at some terms, in the present state."""
        key = (id(literal), id(params[0]) if params else 0, *map(id, at))
        found = self._literals.get(key)
        if found is None:
            if literal.some is not None:
                env = {literal.some.param: self.witness(literal.some)}
                atom = self.logic.formula(literal.some.body, env, self._present, True, None)
            else:
                atom = self.logic.atom(literal.atom, dict(zip(params, at, strict=True)), self._present)
            found = self._literals[key] = atom if literal.positive else self.logic.negated(atom)
            self._kept += [literal, params, at]
        return found

    def witness(self, node: ex.ForAll | ex.Exists) -> Term:
        """The element that a sentence about the present state speaks of: one, whoever asks."""
        word = "with" if isinstance(node, ex.Exists) else "without"
        name = f"{node.param.sort.name} {word} {show(node.body, {})}"
        return self.logic.shared(z3.Const(name, self.logic.sort(node.param.sort)))

    def clause(self, lemma: Lemma, at: Sequence[Term]) -> Term:
        """A lemma without quantifiers at some terms, in the present state."""
        key = (id(lemma), *map(id, at))
        found = self._plain.get(key)
        if found is None:
            found = self._plain[key] = self.logic.either([self.literal(literal, lemma.params, at) for literal in lemma.literals])
            self._kept += [lemma, at]
        return found

    def guarded(self, lemma: Lemma, at: Sequence[Term]) -> Any:
        """A lemma without quantifiers at some terms, as a clause that says so where its selector is true (see `disjunction`)."""
        key = (id(lemma), *map(id, at))
        found = self._clauses.get(key)
        if found is None:
            parts = [self.literal(literal, lemma.params, at) for literal in lemma.literals]
            found = self._clauses[key] = self.logic.disjunction([self._selector(lemma)[1], *parts])
            self._kept += [lemma, at]
        return found


@dataclass(frozen=True, slots=True)
class _Universal:
    """To be instantiated: wherever `name` is asserted, the body holds of every element (`positive`), or of none."""

    name: Term
    node: ex.ForAll | ex.Exists
    env: Env
    view: View
    positive: bool


@dataclass
class Case:
    """See the module. Made by naming goals first, then `close`; then facts and instances are complete."""

    library: Library
    given: Given
    step: Step
    signature: tuple[ex.IndexSort, ...]
    facts: list[Term] = field(default_factory=list)
    terms: dict[ex.IndexSort, list[Term]] = field(default_factory=dict)
    _numbers: set[int] = field(default_factory=set)
    _universals: list[_Universal] = field(default_factory=list)
    _used: dict[str, int] = field(default_factory=dict)
    _goals: dict[tuple[int, ...], Term] = field(default_factory=dict)  # literals after the step, each built once
    _changed: dict[tuple[int, ...], bool] = field(default_factory=dict)
    _kept: list[object] = field(default_factory=list)  # what the numbers in keys belong to

    def __post_init__(self) -> None:
        self.logic = self.library.logic
        self.present = View(self.logic)
        counted: dict[ex.IndexSort, int] = {}
        self.at: list[Term] = []  # the elements at which a lemma of the signature is to be kept
        for sort in self.signature:
            number = counted[sort] = counted.get(sort, 0) + 1
            self.at.append(self.constant(sort, f"{sort.name}.{number}"))
        self.arguments: list[Term] = []
        self.after = self._view()
        self._system_terms()

    # --- terms

    def constant(self, sort: ex.IndexSort, name: str) -> Term:
        """A constant of an index sort, which is a term of the case from now on."""
        term = self.logic.shared(z3.Const(name, self.logic.sort(sort)))
        self._add(sort, term)
        return term

    def _add(self, sort: ex.IndexSort, term: Term) -> None:
        term = self.logic.shared(term)
        if term.ast.value not in self._numbers:
            self._numbers.add(term.ast.value)
            self.terms.setdefault(sort, []).append(term)

    def _system_terms(self) -> None:
        """Elements that formulas name, and what constants and variables without arguments stand for."""
        system, named = self.logic.system, {}
        for node in system.formulas():
            for part in ex.walk(node):
                if isinstance(part, ex.Lit) and isinstance(part.sort, ex.IndexSort):
                    named[part.sort, part.value] = self.logic.literal(part.value, part.sort)
        for (sort, _), term in sorted(named.items(), key=lambda entry: (entry[0][0].name, entry[0][1])):
            self._add(sort, term)
        for sort in {sort for sort, _ in named}:
            of_sort = [term for (other, _), term in named.items() if other is sort]
            if len(of_sort) > 1:
                self.facts.append(z3.Distinct(of_sort))
        for symbol in functions(system):
            if isinstance(symbol.sort, ex.IndexSort) and not symbol.domain:
                self._add(symbol.sort, self.logic.apply(symbol, ()))
                if isinstance(symbol, ex.VariableSymbol):
                    self._add(symbol.sort, self.after.variable(symbol, ()))
        if self.step.action is not None:
            env = dict(zip(self.step.action.params, self.arguments, strict=True))
            for update in self.step.action.updates:
                if not update.binders and isinstance(update.value.sort, ex.IndexSort):
                    self._add(update.value.sort, self.logic.value(update.value, env, self.present))

    def _close(self) -> None:
        """Add what the functions between index sorts make of the terms, until there is nothing new."""
        system = self.logic.system
        leading = [symbol for symbol in functions(system) if isinstance(symbol.sort, ex.IndexSort) and symbol.domain]
        before = -1
        while before != len(self._numbers):
            before = len(self._numbers)
            for symbol in leading:
                assert isinstance(symbol.sort, ex.IndexSort)
                for args in product(*(list(self.terms.get(sort, ())) for sort in symbol.domain)):
                    self._add(symbol.sort, self.logic.apply(symbol, args))
                    if isinstance(symbol, ex.VariableSymbol):
                        self._add(symbol.sort, self.after.variable(symbol, args))

    def tuples(self, params: Sequence[ex.Param]) -> Iterator[tuple[Term, ...]]:
        """Every choice of terms for some parameters."""
        return product(*(self.terms.get(node.sort, ()) for node in params))

    # --- quantifiers (see `logic.Quantifiers`)

    def universal(self, node: ex.ForAll | ex.Exists, env: Env, view: View, positive: bool) -> Term:
        """See `logic.Quantifiers`."""
        number = self._used["all"] = self._used.get("all", 0) + 1
        name = z3.Bool(f"all.{number}", self.logic.context)
        self._universals.append(_Universal(name, node, env, view, positive))
        return name

    def witness(self, node: ex.ForAll | ex.Exists, env: Env, view: View) -> Term:
        """See `logic.Quantifiers`. Of a sentence about the present state there is one witness, whoever asks for it."""
        if not ex.free_params(node) and type(view) is View:
            self._add(node.param.sort, term := self.library.witness(node))
            return term
        number = self._used[node.param.sort.name] = self._used.get(node.param.sort.name, 0) + 1
        return self.constant(node.param.sort, f"{node.param.sort.name}.w{number}")

    # --- what happens

    def _assume(self, kind: str, name: str, fact: Term) -> None:
        """Take something for granted. `kind` and `name` say what it is, to those who ask what is needed (`argument`)."""
        self.facts.append(fact)

    def _view(self) -> View:
        logic, act = self.logic, self.step.action
        if self.step is START:
            return Start(logic)
        if self.step is PRESENT:
            return self.present
        if self.step is TIME:
            delay = z3.Real("delay", logic.context)
            self.facts.append(delay > 0)
            return Later(logic, delay)
        assert act is not None
        counted: dict[ex.IndexSort, int] = {}
        for node in act.params:
            number = counted[node.sort] = counted.get(node.sort, 0) + 1
            self.arguments.append(self.constant(node.sort, f"{node.sort.name}.a{number}"))
        env = dict(zip(act.params, self.arguments, strict=True))
        for number, guard in enumerate(act.guards):
            self._assume("guard", str(number), logic.formula(guard.condition, env, self.present, True, self))
        return After(logic, act, env)

    def _deadlines(self) -> None:
        """Time may pass as far as it does."""
        for dead in self.logic.system.deadlines:
            for at in list(self.tuples(dead.params)):
                self._assume("deadline", dead.name, self._allowed(dead, dict(zip(dead.params, at, strict=True))))

    def _allowed(self, dead: Deadline, env: Env) -> Term:
        logic, limit = self.logic, dead.limit
        condition = logic.formula(dead.condition, env, self.present, False, self)
        args = [logic.value(arg, env, self.present) for arg in limit.args]
        running, bound = logic.running(limit.clock, args, self.present), logic.time(limit.bound)
        within = logic.compared(logic.reading(limit.clock, args, self.after), "<=", bound)
        kept = logic.choice(running, within, logic.compared(bound, ">", logic.zero))
        return logic.either([logic.negated(condition), kept])

    # --- lemmas

    def goal(self, lemma: Lemma) -> Term:
        """The lemma after the step, at the elements of the case; it is to be denied, so what it says of all has a witness."""
        return self.logic.either([self._after(literal, lemma.params) for literal in lemma.literals])

    def _after(self, literal: Literal, params: tuple[ex.Param, ...]) -> Term:
        key = (id(literal), id(params[0]) if params else 0)
        if key not in self._goals:
            if not literal.bound and not _touches(self.step, literal):
                return self.library.literal(literal, params, self.at)
            env = dict(zip(params, self.at, strict=True))
            atom = self.logic.atom(literal.atom, env, self.after, not literal.positive, self)
            self._kept += [literal, params]
            self._goals[key] = atom if literal.positive else self.logic.negated(atom)
        return self._goals[key]

    def threatens(self, lemma: Lemma) -> bool:
        """May the step break the lemma? Not if every literal is the very same formula after it as before."""
        return any(self._changes(literal, lemma.params) for literal in lemma.literals)

    def _changes(self, literal: Literal, params: tuple[ex.Param, ...]) -> bool:
        key = (id(literal), id(params[0]) if params else 0)
        if key not in self._changed:
            if not _touches(self.step, literal):
                self._changed[key] = False
                return False
            if literal.bound:
                self._changed[key] = True
                return True
            before = self.library.literal(literal, params, self.at)
            self._changed[key] = not self.logic.same(self._after(literal, params), before)
        return self._changed[key]

    def stuck(self, dead: Deadline, actions: Sequence[Action]) -> None:
        """The facts that time has reached this deadline, at the elements of the case, and that none of these actions can happen.

        Of actions, those are looked at whose arguments are terms: it is enough to find one that can happen.
        """
        logic, env = self.logic, dict(zip(dead.params, self.at, strict=True))
        args = [logic.value(arg, env, self.present) for arg in dead.limit.args]
        reading = logic.reading(dead.limit.clock, args, self.present)
        self.facts.append(logic.formula(dead.condition, env, self.present, True, self))
        self.facts.append(logic.compared(reading, ">=", logic.time(dead.limit.bound)))
        self._close()
        for act in actions:
            for at in list(self.tuples(act.params)):
                inner = dict(zip(act.params, at, strict=True))
                guards = [logic.formula(guard.condition, inner, self.present, False, self) for guard in act.guards]
                self._assume("idle", act.name, logic.negated(logic.both(guards)))

    def close(self, assumed: Iterable[Lemma] = ()) -> None:
        """Complete the terms and the facts. `assumed` are the lemmas that may be asked for in `instances`."""
        for lemma in (*self.given.axioms, *assumed):
            for literal in lemma.literals:
                if literal.some is not None:
                    self._add(literal.some.param.sort, self.library.witness(literal.some))
        self._close()
        if self.step is TIME:
            self._deadlines()
        for rule in self.given.axioms:
            for instance in self.instances(rule):
                self._assume("axiom", rule.origin, instance)
        logic = self.logic
        self.facts += [logic.compared(logic.time(symbol), ">=", logic.zero) for symbol in logic.system.durations]
        self.instantiate()

    def instantiate(self) -> None:
        """Write out every universal formula met so far."""
        while self._universals:
            waiting, self._universals = self._universals, []
            for one in waiting:
                for term in list(self.terms.get(one.node.param.sort, ())):
                    env = {**one.env, one.node.param: term}
                    body = self.logic.formula(one.node.body, env, one.view, one.positive, self)
                    asserted = [self.logic.negated(one.name), body] if one.positive else [self.logic.negated(body), one.name]
                    self.facts.append(self.logic.either(asserted))

    def guarded(self, lemma: Lemma) -> list[Any]:
        """The lemma at all terms, in the present state, where its selector is true: clauses of `Logic.disjunction`."""
        if not lemma.quantified:
            return [self.library.guarded(lemma, at) for at in self.tuples(lemma.params)]
        denied = self.logic.negated(self.library.selector(lemma))
        return [self.logic.disjunction([denied, clause]) for clause in self.instances(lemma)]

    def instances(self, lemma: Lemma) -> list[Term]:
        """The lemma at all terms, in the present state."""
        build = self._instance if lemma.quantified else self.library.clause
        return [build(lemma, at) for at in self.tuples(lemma.params)]

    def _instance(self, lemma: Lemma, at: Sequence[Term]) -> Term:
        env = dict(zip(lemma.params, at, strict=True))
        parts = []
        for literal in lemma.literals:
            atom = self.logic.atom(literal.atom, env, self.present, literal.positive, self)
            parts.append(atom if literal.positive else self.logic.negated(atom))
        return self.logic.either(parts)
