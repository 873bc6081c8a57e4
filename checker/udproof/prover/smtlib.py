"""A proof as SMT-LIB 2 files, for others to check: the same obligations once more, made in another way.

Nothing of `cases` is used here. Lemmas, axioms and guards are written with their quantifiers, and the state after a step is
*defined* (`define-fun stage.next ...`), so that it cannot contradict anything. Whoever reads the files need not believe that the
right instances were picked, and an error of our own instantiation would show as an obligation that cannot be proved.

Each file is one script that any solver can run: the common declarations, the assumptions, the lemmas before the step, the step,
and then for each lemma `(push) (assert (not ...)) (check-sat) (pop)`, to be answered `unsat`. Every assertion has a name, and the
name says what it is: `axiom`, `time`, `lemma`, `guard`, `deadline`, `goal`. The manifest lists files with their SHA-256 digests.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TypeAlias

from udproof.language import System
from udproof.language import expressions as ex
from udproof.language.actions import Action, Update
from udproof.language.claims import Deadline
from udproof.prover.lemmas import (
    Atom,
    ClockAt,
    Inequality,
    Lemma,
    Literal,
    Spread,
    enumerations,
    functions,
    of_property,
    ranges,
    show_lemma,
)
from udproof.prover.theorem import Proof

FORMAT = 2
Names: TypeAlias = Mapping[ex.Param, str]


def files(proof: Proof, model: str, properties: Sequence[str]) -> dict[str, str]:
    """The certificate: file names with their texts, the manifest too. `model` is the hash of the system that was verified."""
    writer = Writer(proof, model=model)
    system = proof.system
    made = {"consistent.smt2": writer.script(["(check-sat)"], lemmas=False)}
    made["start.smt2"] = writer.script([*writer.next_start(), *writer.goals(proof.lemmas)], lemmas=False)
    for act in system.actions:
        made[f"action-{act.name}.smt2"] = writer.script([*writer.action(act), *writer.goals(proof.lemmas)])
    if system.clocks:
        made["time.smt2"] = writer.script([*writer.time(), *writer.goals(proof.lemmas)])
    for lemma in (one for one in ranges(system) if one.ranged not in proof.unbounded):
        made[f"range-{lemma.ranged}-{_end(lemma)}.smt2"] = writer.script(writer.consequence(lemma))
    for name in properties:
        prop = next(prop for prop in system.checks if prop.name == name)
        content = writer.stuck() if prop.watches_time else writer.consequence(of_property(prop))
        made[f"property-{name}.smt2"] = writer.script(content)
    manifest = {
        "format": FORMAT,
        "model": model,
        "formulas": system.hash,
        "properties": list(properties),
        "unbounded": list(proof.unbounded),
        "actions": [act.name for act in system.actions],
        "assumed": {
            "axioms": {name: text for name, text, _ in writer.axioms},
            "times": {name: text for name, text, _ in writer.times},
        },
        "lemmas": {f"lemma-{number}": show_lemma(lemma) for number, lemma in enumerate(proof.lemmas, 1)},
        "files": {name: hashlib.sha256(text.encode()).hexdigest() for name, text in sorted(made.items())},
    }
    return {**made, "manifest.json": json.dumps(manifest, indent=1) + "\n"}


def _end(lemma: Lemma) -> str:
    atom = lemma.literals[0].atom
    return "low" if isinstance(atom, ex.Le) and isinstance(atom.left, ex.Lit) else "high"


@dataclass
class _View:
    """Which functions stand for the state: those of the state before, or of the state after."""

    suffix: str = ""


_BEFORE, _AFTER = _View(), _View(".next")


@dataclass
class Writer:
    """Writes the scripts of one proof."""

    proof: Proof
    axioms: list[tuple[str, str, str]] = field(default_factory=list)  # name, what it says in words, formula
    times: list[tuple[str, str, str]] = field(default_factory=list)
    model: str = ""
    _bound: dict[ex.Param, int] = field(default_factory=dict)  # a name for each quantifier, unlike all others

    def __post_init__(self) -> None:
        system = self.proof.system
        for rule in system.axioms:
            formula = self._for_all(rule.params, lambda names, rule=rule: self._formula(rule.body, names, _BEFORE))
            self.axioms.append((f"axiom-{rule.name}", rule.statement, formula))
        for symbol in system.constants:
            if isinstance(symbol.sort, ex.IntSort):
                params = tuple(ex.Param(f"x{place}", sort, -1 - place) for place, sort in enumerate(symbol.domain))
                low, high = _number(symbol.sort.low), _number(symbol.sort.high)
                body = lambda names, s=symbol, p=params, a=low, b=high: f"(<= {a} {self._apply(s.name, p, names)} {b})"  # noqa: E731
                words = f"{symbol.name} is in {symbol.sort}"
                self.axioms.append((f"axiom-range-{symbol.name}", words, self._for_all(params, body)))
        for sort, elements in _named(system).items():
            if len(elements) > 1:
                listed = " ".join(_symbol(f"{sort.name}:{one}") for one in elements)
                words = f"the elements {', '.join(elements)} of {sort.name} are different"
                self.axioms.append((f"axiom-elements-{sort.name}", words, f"(distinct {listed})"))
        for duration in system.durations:
            name = f"time-{duration.name}"
            self.times.append((name, f"0 s <= {duration.name}", f"(<= 0.0 {_symbol(duration.name)})"))
        for number, one in enumerate(self.proof.times, 1):
            self.times.append((f"time-{number}", str(one), _inequality(one)))

    # --- scripts

    def script(self, content: Iterable[str], lemmas: bool = True) -> str:
        """A script: declarations, assumptions, the lemmas before the step, and the rest."""
        lines = ["(set-logic ALL)", f'(set-info :model "{self.model}")', *self._declarations()]
        lines += [_assertion(name, formula) for name, _, formula in (*self.axioms, *self.times)]
        if lemmas:
            lines += [_assertion(f"lemma-{number}", self._lemma(one, _BEFORE)) for number, one in enumerate(self.proof.lemmas, 1)]
        return "\n".join([*lines, *content]) + "\n"

    def _declarations(self) -> Iterator[str]:
        system = self.proof.system
        for sort in system.index_sorts:
            yield f"(declare-sort {_symbol(sort.name)} 0)"
        for sort, elements in _named(system).items():
            for element in elements:
                yield f"(declare-const {_symbol(f'{sort.name}:{element}')} {_symbol(sort.name)})"
        for one in enumerations(system):
            members = " ".join(f"({_symbol(f'{one.name}.{member}')})" for member in one.members)
            yield f"(declare-datatype {_symbol(one.name)} ({members}))"
        for duration in system.durations:
            yield f"(declare-const {_symbol(duration.name)} Real)"
        for symbol in functions(system):
            domain = " ".join(_symbol(sort.name) for sort in symbol.domain)
            yield f"(declare-fun {_symbol(symbol.name)} ({domain}) {_sort(symbol.sort)})"
        yield "(declare-const now Real)"
        for clock in system.clocks:
            domain = " ".join(_symbol(sort.name) for sort in clock.domain)
            yield f"(declare-fun {_symbol(f'{clock.name}.since')} ({domain}) Real)"

    def goals(self, lemmas: Sequence[Lemma]) -> Iterator[str]:
        """Each lemma after the step, denied."""
        for number, lemma in enumerate(lemmas, 1):
            yield from _asked(f"goal-{number}", self._lemma(lemma, _AFTER))

    def consequence(self, lemma: Lemma) -> Iterator[str]:
        """A lemma in the present state, denied."""
        yield from _asked("goal-1", self._lemma(lemma, _BEFORE))

    # --- steps

    def next_start(self) -> Iterator[str]:
        """The state after is an initial state."""
        for variable in self.proof.system.variables:
            names, over = _over(variable.params)
            value = self._apply(variable.name, variable.params, names) if variable.initial is None else ""
            if variable.initial is not None:
                value = self._term(variable.initial, names, _BEFORE)
            yield _definition(f"{variable.name}.next", over, _sort(variable.sort), value)
        yield _definition("now.next", "()", "Real", "now")
        for clock in self.proof.system.clocks:
            _, over = _over(clock.params)
            yield _definition(f"{clock.name}.since.next", over, "Real", "now")

    def action(self, act: Action) -> Iterator[str]:
        """The state after is the one that the action makes; its guard holds before."""
        names: dict[ex.Param, str] = {}
        for place, node in enumerate(act.params, 1):
            names[node] = _symbol(f"{node.name}.argument{place}")
            yield f"(declare-const {names[node]} {_symbol(node.sort.name)})"
        for number, guard in enumerate(act.guards, 1):
            yield _assertion(f"guard-{number}", self._formula(guard.condition, names, _BEFORE))
        updates = {update.target: update for update in act.updates}
        for variable in self.proof.system.variables:
            inner, over = _over(variable.params)
            old = self._apply(variable.name, variable.params, inner)
            update = updates.get(variable)
            if update is not None:
                happens, where = self._happens(update, variable.params, inner, names)
                old = f"(ite {happens} {self._term(update.value, where, _BEFORE)} {old})"
            yield _definition(f"{variable.name}.next", over, _sort(variable.sort), old)
        yield _definition("now.next", "()", "Real", "now")
        for clock in self.proof.system.clocks:
            inner, over = _over(clock.params)
            before, after = (self._formula(clock.during, inner, view) for view in (_BEFORE, _AFTER))
            anew = [f"(and (not {before}) {after})"]
            if (update := updates.get(clock)) is not None:
                anew.append(self._happens(update, clock.params, inner, names)[0])
            old = self._apply(f"{clock.name}.since", clock.params, inner)
            yield _definition(f"{clock.name}.since.next", over, "Real", f"(ite (or {' '.join(anew)}) now {old})")

    def _happens(self, update: Update, params: Sequence[ex.Param], inner: Names, names: Names) -> tuple[str, Names]:
        where = {**names}
        for index, param in zip(update.index, params, strict=True):
            if index in update.binders:
                assert isinstance(index, ex.Param)
                where[index] = inner[param]
        here = [
            f"(= {inner[param]} {self._term(index, where, _BEFORE)})"
            for index, param in zip(update.index, params, strict=True)
            if index not in update.binders
        ]
        return _and([*here, self._formula(update.where, where, _BEFORE)]), where

    def time(self) -> Iterator[str]:
        """The state after is the same, some time later, as far as every deadline allows."""
        yield "(declare-const delay Real)"
        yield _assertion("deadline-delay", "(< 0.0 delay)")
        for variable in self.proof.system.variables:
            names, over = _over(variable.params)
            old = self._apply(variable.name, variable.params, names)
            yield _definition(f"{variable.name}.next", over, _sort(variable.sort), old)
        yield _definition("now.next", "()", "Real", "(+ now delay)")
        for clock in self.proof.system.clocks:
            names, over = _over(clock.params)
            yield _definition(f"{clock.name}.since.next", over, "Real", self._apply(f"{clock.name}.since", clock.params, names))
        for dead in self.proof.system.deadlines:
            kept = self._for_all(dead.params, lambda names, dead=dead: self._kept(dead, names))
            yield _assertion(f"deadline-{dead.name}", kept)

    def _kept(self, dead: Deadline, names: Names) -> str:
        limit, bound = dead.limit, _bound(dead.limit.bound)
        args = [self._term(arg, names, _BEFORE) for arg in limit.args]
        running = self._running(limit.clock, args, _BEFORE)
        within = f"(<= {self._reading(limit.clock, args, _AFTER)} {bound})"
        return f"(=> {self._formula(dead.condition, names, _BEFORE)} (ite {running} {within} (< 0.0 {bound})))"

    def alone(self) -> str:
        """The script of `stuck` without the lemmas, which most systems do without."""
        return self.script(self.stuck(), lemmas=False)

    def stuck(self) -> Iterator[str]:
        """That each deadline, reached while nothing can happen, contradicts the lemmas."""
        system = self.proof.system
        for number, act in enumerate(system.actions, 1):
            idle = lambda names, act=act: f"(not {_and([self._formula(g.condition, names, _BEFORE) for g in act.guards])})"  # noqa: E731
            yield _assertion(f"idle-{number}", self._for_all(act.params, idle))
        for number, dead in enumerate(system.deadlines, 1):
            yield from _asked(f"goal-{number}", self._for_all(dead.params, lambda names, dead=dead: self._not_due(dead, names)))

    def _not_due(self, dead: Deadline, names: Names) -> str:
        args = [self._term(arg, names, _BEFORE) for arg in dead.limit.args]
        due = f"(>= {self._reading(dead.limit.clock, args, _BEFORE)} {_bound(dead.limit.bound)})"
        return f"(not (and {self._formula(dead.condition, names, _BEFORE)} {due}))"

    # --- formulas

    def _lemma(self, lemma: Lemma, view: _View) -> str:
        return self._for_all(lemma.params, lambda names: _or([self._literal(one, names, view) for one in lemma.literals]))

    def _literal(self, literal: Literal, names: Names, view: _View) -> str:
        atom = self._atom(literal.atom, names, view)
        return atom if literal.positive else f"(not {atom})"

    def _atom(self, atom: Atom, names: Names, view: _View) -> str:
        if not isinstance(atom, Spread):
            return self._formula(atom, names, view)
        left, right = self._at(atom.left, names, view), "0.0" if atom.right is None else self._at(atom.right, names, view)
        return f"(<= (- {left} {right}) {_sum(atom.bounds)})"

    def _at(self, at: ClockAt, names: Names, view: _View) -> str:
        return self._reading(at.clock, [self._term(arg, names, view) for arg in at.args], view)

    def _for_all(self, params: Sequence[ex.Param], body: object) -> str:
        names, over = _over(params)
        inner = body(names)  # type: ignore[operator]
        return f"(forall {over} {inner})" if params else str(inner)

    def _formula(self, node: ex.Expr, names: Names, view: _View) -> str:
        return self._term(node, names, view)

    def _term(self, node: ex.Expr, names: Names, view: _View) -> str:
        match node:
            case ex.Lit(value=value, sort=sort):
                return _literal_text(value, sort)
            case ex.Param():
                return names[node]
            case ex.Read(symbol=ex.DefinitionSymbol(params=params, body=body), args=args):
                return self._term(body, {p: self._term(arg, names, view) for p, arg in zip(params, args, strict=True)}, view)
            case ex.Read(symbol=symbol, args=args):
                suffix = view.suffix if isinstance(symbol, ex.VariableSymbol) else ""
                return _call(f"{symbol.name}{suffix}", [self._term(arg, names, view) for arg in args])
            case ex.Not(body=body):
                return f"(not {self._term(body, names, view)})"
            case ex.And(parts=parts):
                return _and([self._term(part, names, view) for part in parts])
            case ex.Or(parts=parts):
                return _or([self._term(part, names, view) for part in parts])
            case ex.Eq(left=left, right=right):
                return f"(= {self._term(left, names, view)} {self._term(right, names, view)})"
            case ex.Le(left=left, right=right):
                return f"(<= {self._term(left, names, view)} {self._term(right, names, view)})"
            case ex.Sum(left=left, right=right, factor=factor):
                return f"({'+' if factor == 1 else '-'} {self._term(left, names, view)} {self._term(right, names, view)})"
            case ex.Ite(condition=condition, then=then, other=other):
                return f"(ite {' '.join(self._term(part, names, view) for part in (condition, then, other))})"
            case ex.ForAll(param=param, body=body) | ex.Exists(param=param, body=body):
                name = _symbol(f"{param.name}.q{self._bound.setdefault(param, len(self._bound))}")
                word = "forall" if isinstance(node, ex.ForAll) else "exists"
                return f"({word} (({name} {_symbol(param.sort.name)})) {self._term(body, {**names, param: name}, view)})"
            case ex.ClockIs(clock=clock, args=args, comparison=comparison, bound=bound):
                reading = self._reading(clock, [self._term(arg, names, view) for arg in args], view)
                return f"({comparison} {reading} {_bound(bound)})"
            case _:
                raise ValueError(f"{type(node).__name__} does not occur in obligations")

    def _running(self, clock: ex.ClockSymbol, args: Sequence[str], view: _View) -> str:
        return self._term(clock.during, dict(zip(clock.params, args, strict=True)), view)

    def _reading(self, clock: ex.ClockSymbol, args: Sequence[str], view: _View) -> str:
        since = _call(f"{clock.name}.since{view.suffix}", args)
        return f"(ite {self._running(clock, args, view)} (- {_symbol(f'now{view.suffix}')} {since}) 0.0)"

    @staticmethod
    def _apply(name: str, params: Sequence[ex.Param], names: Names) -> str:
        return _call(name, [names[node] for node in params])


# --- text


def _symbol(name: str) -> str:
    """A name as an SMT-LIB symbol, in bars, so that none is taken for one that a solver knows (exp, sin, select ...)."""
    return f"|{name}|" if name not in ("now", "delay") else name


def _call(name: str, args: Sequence[str]) -> str:
    return f"({_symbol(name)} {' '.join(args)})" if args else _symbol(name)


def _over(params: Sequence[ex.Param]) -> tuple[dict[ex.Param, str], str]:
    names = {node: _symbol(f"{node.name}.{place}") for place, node in enumerate(params)}
    return names, "(" + " ".join(f"({names[node]} {_symbol(node.sort.name)})" for node in params) + ")"


def _sort(sort: ex.Sort) -> str:
    match sort:
        case ex.BoolSort():
            return "Bool"
        case ex.IntSort():
            return "Int"
        case _:
            return _symbol(sort.name)


def _literal_text(value: int | str, sort: ex.Sort) -> str:
    match sort:
        case ex.BoolSort():
            return "true" if value else "false"
        case ex.IntSort():
            return _number(int(value))
        case ex.EnumSort(name=name, members=members):
            return _symbol(f"{name}.{members[int(value)]}")
        case ex.IndexSort(name=name):
            return _symbol(f"{name}:{value}")


def _number(value: int) -> str:
    return str(value) if value >= 0 else f"(- {-value})"


def _bound(bound: ex.Bound) -> str:
    return _symbol(bound.name) if isinstance(bound, ex.DurationSymbol) else f"(/ {bound.numerator}.0 {bound.denominator}.0)"


def _sum(bounds: Sequence[ex.Bound]) -> str:
    if not bounds:
        return _bound(Fraction(0))
    return _bound(bounds[0]) if len(bounds) == 1 else f"(+ {' '.join(map(_bound, bounds))})"


def _inequality(one: Inequality) -> str:
    return f"({'<' if one.strict else '<='} {_sum(one.small)} {_sum(one.large)})"


def _and(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"(and {' '.join(parts)})" if parts else "true"


def _or(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"(or {' '.join(parts)})" if parts else "false"


def _assertion(name: str, formula: str) -> str:
    return f"(assert (! {formula} :named |{name}|))"


def _asked(name: str, formula: str) -> Iterator[str]:
    yield "(push 1)"
    yield _assertion(name, f"(not {formula})")
    yield "(check-sat)"
    yield "(pop 1)"


def _definition(name: str, over: str, sort: str, value: str) -> str:
    return f"(define-fun {_symbol(name)} {over} {sort} {value})"


def _named(system: System) -> dict[ex.IndexSort, list[str]]:
    """The elements that formulas name."""
    found: dict[ex.IndexSort, dict[str, None]] = {}
    for node in system.formulas():
        for part in ex.walk(node):
            if isinstance(part, ex.Lit) and isinstance(part.sort, ex.IndexSort):
                found.setdefault(part.sort, {})[str(part.value)] = None
    return {sort: sorted(elements) for sort, elements in found.items()}
