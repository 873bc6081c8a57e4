"""What to try: candidate lemmas and inequalities, made from what the system itself compares.

For each index sort there is one parameter, and everything that functions lead to from it can be read: of a VM also its host, its
event, their step. *Atoms* are the comparisons of these readings: a variable with each of its values, integers with each other,
clocks with the constants that the system compares them with, and the definitions and disjunctions that it uses. Candidates are
clauses of few atoms:

- one literal, and `A => L`, for a premise A and any literal L;
- `A and B => L`, where A and B stand side by side in some formula of the system, or B is about no element;
- deadlines, kept: while the condition holds, the clock is within its limit;
- a spread of two clocks, within a sum of the deadlines' constants, while one of the clocks' conditions has a given value;
- *at most one*: A of x and A of y => x = y;
- *at least one*: A => L or some x has P, where a guard looks whether all elements lack P.

(`any-fleet` experiments with such templates: Houdini, Flanagan and Leino 2001; the templates are those that its designs needed.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import combinations, islice, permutations, product
from typing import TypeAlias

from udproof.language import Property, System
from udproof.language import expressions as ex
from udproof.language.evaluation import environments, evaluate
from udproof.language.instance import ConstantsOnly
from udproof.language.time import comparisons_of
from udproof.prover.lemmas import (
    Atom,
    ClockAt,
    Lemma,
    Literal,
    Spread,
    binds,
    conjuncts,
    deadlines,
    functions,
    of_property,
    ranges,
)
from udproof.prover.samples import Sample
from udproof.prover.words import Words, read_terms

Make: TypeAlias = Callable[[bool, Atom], Literal]

MOST_SUMMANDS = 2
MOST = 100_000  # candidates; a search among more would take hours
MANY_BOUNDS = 12  # with more constants than this, sums have one part at most


class TooMany(Exception):
    """There is more to try than a search gets through."""


@dataclass
class Vocabulary:
    """The literals over one parameter (or none), and which of them may be a premise."""

    words: Words
    params: tuple[ex.Param, ...]
    terms: dict[ex.IndexSort, list[ex.Expr]] = field(default_factory=dict)
    premises: list[Literal] = field(default_factory=list)
    pairs: list[tuple[Literal, Literal]] = field(default_factory=list)
    conclusions: list[Literal] = field(default_factory=list)
    beside: list[tuple[Literal, Literal]] = field(default_factory=list)  # pairs of which one is about no element
    timed: list[Literal] = field(default_factory=list)  # conclusions for those: what clocks say

    def kept(self, telling: Callable[[tuple[ex.Param, ...], tuple[Literal, ...]], bool]) -> Vocabulary:
        """The same with those premises only that tell something."""
        known = {one: telling(self.params, (one,)) for one in self.premises}
        self.premises = [one for one in self.premises if known[one]]
        for pairs in (self.pairs, self.beside):
            pairs[:] = [pair for pair in pairs if all(known.get(one, True) for one in pair) and telling(self.params, pair)]
        return self


def candidates(
    system: System, properties: Sequence[Property], samples: Sequence[Sample] = (), own: Iterable[Lemma] = ()
) -> list[Lemma]:
    """Every lemma to try, what must be shown first: properties, ranges, deadlines; then `own`, then what the templates make.

    Of two ways to the same element (the step of a VM's host, the step of its event) one is taken, if all samples agree on it. A
    premise that is always true in them, or never, is none. TooMany if there are more than `MOST`.
    """
    found = [*(of_property(prop) for prop in properties), *ranges(system), *deadlines(system), *own]
    worlds = [ConstantsOnly(one.semantics.system.instance) for one in samples]
    words = Words()
    telling = _telling(samples)
    plain = _vocabulary(system, (), None, worlds, words).kept(telling)
    found += _clauses(plain, None)
    for sort in system.index_sorts:
        param = ex.Param(sort.name[0].lower(), sort, -1)
        other = ex.Param(sort.name[0].lower() + "'", sort, -2)
        vocabulary = _vocabulary(system, (param,), plain, worlds, words).kept(telling)
        found += islice(_clauses(vocabulary, param), MOST + 1 - min(len(found), MOST))
        if len(found) > MOST:
            raise TooMany
        found += _spreads(system, vocabulary)
        found += _at_most_one(vocabulary, param, other)
    found += _at_least_one(system, plain)
    return list({(lemma.params, frozenset(lemma.literals)): lemma for lemma in reversed(found)}.values())[::-1]


def at_hand(system: System, properties: Sequence[Property], own: Iterable[Lemma] = ()) -> list[Lemma]:
    """The lemmas that need no looking for: properties, ranges, deadlines, `own`, and how far one clock may be ahead of another."""
    found = [*(of_property(prop) for prop in properties), *ranges(system), *deadlines(system), *own]
    words = Words()
    plain = _vocabulary(system, (), None, [], words)
    for sort in system.index_sorts:
        param = ex.Param(sort.name[0].lower(), sort, -1)
        found += _spreads(system, _vocabulary(system, (param,), plain, [], words))
    return list({(lemma.params, frozenset(lemma.literals)): lemma for lemma in reversed(found)}.values())[::-1]


def _telling(samples: Sequence[Sample]) -> Callable[[tuple[ex.Param, ...], tuple[Literal, ...]], bool]:
    """Are these literals together sometimes true in the samples, and sometimes not?"""

    def told(params: tuple[ex.Param, ...], literals: tuple[Literal, ...]) -> bool:
        if not samples:
            return True
        never = Lemma(params, tuple(Literal(not one.positive, one.atom) for one in literals))
        if not any(one.refutes(never) for one in samples):
            return False
        return any(one.refutes(Lemma(params, (literal,))) for literal in literals for one in samples)

    return told


# --- literals


def _vocabulary(
    system: System, params: tuple[ex.Param, ...], plain: Vocabulary | None, worlds: Sequence[ConstantsOnly], words: Words
) -> Vocabulary:
    made, word = Vocabulary(words, params), words.literal
    made.terms = _terms(system, params, worlds)
    about = _Pool(made.terms, bool(params))
    for symbol in functions(system):
        for args in about.arguments(symbol.domain):
            read = ex.Read(symbol, args)
            match symbol.sort:
                case ex.BoolSort():
                    made.premises += [word(True, read), word(False, read)]
                    made.conclusions += [word(True, read), word(False, read)]
                case ex.EnumSort(members=members):
                    values: list[ex.Expr] = [ex.Eq(read, ex.Lit(code, symbol.sort)) for code in range(len(members))]
                    made.premises += [word(True, value) for value in values]
                    made.conclusions += [word(positive, value) for value in values for positive in (True, False)]
    for definition in system.definitions:
        if isinstance(definition.sort, ex.BoolSort) and not binds(definition.body):
            for args in about.arguments(tuple(node.sort for node in definition.params)):
                made.conclusions += [word(positive, ex.Read(definition, args)) for positive in (True, False)]
                made.premises.append(word(True, ex.Read(definition, args)))
    made.conclusions += _numbers(system, about, word)
    made.conclusions += _clocks(system, about, word)
    for group in _groups(system):
        for parts in _mapped(group, about):
            made.pairs += combinations([_literal(part, word) for part in parts], 2)
            made.conclusions += [word(True, part) for part in parts if isinstance(part, ex.Or)]
    if plain is not None:
        made.beside = [*product(made.premises, plain.premises)]
        made.timed = [one for one in (*made.conclusions, *plain.conclusions) if isinstance(one.atom, ex.ClockIs)]
        made.conclusions += plain.conclusions
    made.conclusions = list(dict.fromkeys(made.conclusions))
    made.premises = list(dict.fromkeys(made.premises))
    made.pairs = [pair for pair in dict.fromkeys(made.pairs) if pair[0] != pair[1]]
    return made


def _terms(system: System, params: tuple[ex.Param, ...], worlds: Sequence[ConstantsOnly]) -> dict[ex.IndexSort, list[ex.Expr]]:
    """What the functions between index sorts lead to from the parameters."""
    found: dict[ex.IndexSort, list[ex.Expr]] = {}
    for node in params:
        found.setdefault(node.sort, []).append(node)
    leading = [symbol for symbol in functions(system) if isinstance(symbol.sort, ex.IndexSort)]
    new = True
    while new:
        new = False
        for symbol in leading:
            for args in product(*(list(found.get(sort, ())) for sort in symbol.domain)):
                read = ex.Read(symbol, args)
                assert isinstance(symbol.sort, ex.IndexSort)
                known = found.setdefault(symbol.sort, [])
                if (symbol.domain or not params) and not any(_same(read, other, params, worlds) for other in known):
                    known.append(read)
                    new = True
    return found


def _same(left: ex.Expr, right: ex.Expr, params: tuple[ex.Param, ...], worlds: Sequence[ConstantsOnly]) -> bool:
    """Are these the same term, or the same element in every one of these worlds?"""
    if left == right:
        return True
    changing = any(isinstance(part, ex.Read) and isinstance(part.symbol, ex.VariableSymbol) for part in ex.walk(ex.Eq(left, right)))
    if changing or not worlds:
        return False
    return all(evaluate(left, env, world) == evaluate(right, env, world) for world in worlds for env in environments(params, world))


@dataclass(frozen=True)
class _Pool:
    """Where arguments come from. With parameters, what has no arguments is left to the vocabulary without any."""

    terms: Mapping[ex.IndexSort, Sequence[ex.Expr]]
    some: bool

    def arguments(self, domain: tuple[ex.IndexSort, ...]) -> Iterator[tuple[ex.Expr, ...]]:
        """Every choice of arguments of these sorts."""
        if domain or not self.some:
            yield from product(*(self.terms.get(sort, ()) for sort in domain))


def _numbers(system: System, about: _Pool, word: Make) -> Iterator[Literal]:
    reads: list[ex.Expr] = []
    for symbol in functions(system):
        if isinstance(symbol.sort, ex.IntSort):
            domains = about.arguments(symbol.domain) if symbol.domain else iter([()])  # a bound without arguments may serve all
            reads += [ex.Read(symbol, args) for args in domains]
    own = {node for terms in about.terms.values() for node in terms if isinstance(node, ex.Param)}
    if about.some and not any(own & set(read.args) for read in reads if isinstance(read, ex.Read)):
        return  # nothing here has a number of its own
    own_reads = [read for read in reads if isinstance(read, ex.Read) and (read.args or not about.some)]
    for left, right in permutations(reads, 2):
        yield word(True, ex.Le(left, right))
        yield word(False, ex.Le(left, right))
    for left, right in combinations(reads, 2):
        yield word(True, ex.Eq(left, right))
    named = {
        part.value
        for node in system.formulas()
        for part in ex.walk(node)
        if isinstance(part, ex.Lit) and isinstance(part.sort, ex.IntSort)
    }
    for read in own_reads:
        for value in sorted(value for value in named if isinstance(value, int)):
            number = ex.Lit(value, ex.IntSort(value, value))
            yield word(True, ex.Le(read, number))
            yield word(True, ex.Le(number, read))


def _clocks(system: System, about: _Pool, word: Make) -> Iterator[Literal]:
    compared: dict[ex.ClockSymbol, dict[tuple[ex.Comparison, ex.Bound], None]] = {}
    for node in comparisons_of(system):
        compared.setdefault(node.clock, {})[node.comparison, node.bound] = None
    for clock, ways in compared.items():
        for args in about.arguments(clock.domain):
            if about.some and not any(isinstance(arg, ex.Param) for arg in args):
                continue  # the clock is another element's own
            yield word(True, ex.ClockIs(clock, args, ">=", Fraction(0)))
            for comparison, bound in ways:
                yield word(True, ex.ClockIs(clock, args, comparison, bound))
                yield word(False, ex.ClockIs(clock, args, comparison, bound))


# --- what stands side by side in formulas


def _literal(node: ex.Expr, word: Make) -> Literal:
    return word(False, node.body) if isinstance(node, ex.Not) else word(True, node)


@dataclass(frozen=True, slots=True)
class _Group:
    params: tuple[ex.Param, ...]
    parts: tuple[ex.Expr, ...]


def _groups(system: System) -> Iterator[_Group]:
    """Formulas without quantifiers that are asserted together."""
    for act in system.actions:
        yield _group(act.params, [part for guard in act.guards for part in conjuncts(guard.condition)])
    for dead in system.deadlines:
        yield _group(dead.params, list(conjuncts(dead.condition)))
    for clock in system.clocks:
        yield _group(clock.params, list(conjuncts(clock.during)))
    for prop in system.properties:
        yield _group(prop.params, list(conjuncts(prop.premise)))
    for definition in system.definitions:
        if isinstance(definition.sort, ex.BoolSort):
            yield _group(definition.params, list(conjuncts(definition.body)))


def _group(params: tuple[ex.Param, ...], parts: list[ex.Expr]) -> _Group:
    plain = [part for part in parts if not binds(part) and not _counts(part)]
    return _Group(params, tuple(plain))


def _counts(node: ex.Expr) -> bool:
    return any(isinstance(part, ex.Count) for part in ex.walk(node))


def _mapped(group: _Group, about: _Pool) -> Iterator[tuple[ex.Expr, ...]]:
    """The formulas of a group with the parameters of the vocabulary in the places of the group's own."""
    used = [node for node in group.params if any(node in ex.free_params(part) for part in group.parts)]
    if bool(used) is not about.some:
        return
    for choice in product(*(about.terms.get(node.sort, ()) for node in used)):
        env = dict(zip(used, choice, strict=True))
        yield tuple(substituted(part, env) for part in group.parts)


def substituted(node: ex.Expr, env: Mapping[ex.Param, ex.Expr]) -> ex.Expr:
    """The expression with parameters replaced; a nested reading that this makes stays as it is."""
    if isinstance(node, ex.Param):
        return env.get(node, node)
    return ex.rebuild(node, lambda part: substituted(part, env))


# --- clauses


def _clauses(about: Vocabulary, param: ex.Param | None) -> Iterator[Lemma]:
    denied = about.words.denied
    for literal in about.conclusions:
        yield from _lemma(about, (literal,), param)
    for premise in map(denied, about.premises):
        for literal in about.conclusions:
            yield from _lemma(about, (premise, literal), param)
    for pairs, conclusions in ((about.pairs, about.conclusions), (about.beside, about.timed)):
        for first, second in pairs:
            for literal in conclusions:
                yield from _lemma(about, (denied(first), denied(second), literal), param)


def _lemma(about: Vocabulary, literals: tuple[Literal, ...], param: ex.Param | None) -> Iterator[Lemma]:
    """The clause, unless it is true by its form, says the same twice, or is about a coarser element (and so made there)."""
    facts = [about.words.facts(literal) for literal in literals]
    if len({number for number, _, _ in facts}) < len(literals):
        return
    readings = [(reading, literal.positive) for (_, reading, _), literal in zip(facts, literals, strict=True)]
    for (a, first), (b, second) in combinations(readings, 2):
        if a is not None and a == b and not (first and second):
            return  # of two values of one reading, one denied: true, or no more than the other says
    if param is not None and not about.words.needs(frozenset().union(*(terms for _, _, terms in facts)), param):
        return
    yield Lemma(about.params, literals)


def _spreads(system: System, about: Vocabulary) -> Iterator[Lemma]:
    pool = _Pool(about.terms, True)
    readings = [ClockAt(clock, args) for clock in system.clocks if clock.domain for args in pool.arguments(clock.domain)]
    for left, right in permutations(readings, 2):
        if left.clock is right.clock or not set(left.args) & set(right.args) or not set(left.args) & set(about.params):
            continue
        if left.clock.domain != right.clock.domain:
            continue
        limits = dict.fromkeys(dead.limit.bound for dead in system.deadlines if dead.limit.clock in (left.clock, right.clock))
        running = [substituted(at.clock.during, dict(zip(at.clock.params, at.args, strict=True))) for at in (left, right)]
        named = [{part for part in ex.walk(node) if isinstance(part, ex.Eq)} for node in running]
        for premise in about.premises:
            if not premise.positive or not all(premise.atom in atoms for atoms in named if atoms):
                continue  # the conditions of both clocks name what the premise says
            for bounds in sums(list(limits)):
                yield Lemma(about.params, (about.words.denied(premise), about.words.literal(True, Spread(left, right, bounds))))


def sums(limits: Sequence[ex.Bound]) -> Iterator[tuple[ex.Bound, ...]]:
    """Sums of different constants, the empty one first."""
    most = MOST_SUMMANDS if len(limits) <= MANY_BOUNDS else MOST_SUMMANDS - 1
    for size in range(most + 1):
        yield from combinations(limits, size)


def _at_most_one(about: Vocabulary, param: ex.Param, other: ex.Param) -> Iterator[Lemma]:
    for premise in about.premises:
        atom = premise.atom
        if isinstance(atom, Spread) or set(read_terms(atom)) != {param}:
            continue
        word = about.words.literal
        both = (about.words.denied(premise), word(not premise.positive, substituted(atom, {param: other})))
        yield Lemma((param, other), (*both, word(True, ex.Eq(param, other))))


def _at_least_one(system: System, plain: Vocabulary) -> Iterator[Lemma]:
    """Where a guard asks that all elements lack something, some element may be known to have it."""
    somes: dict[ex.Exists, None] = {}
    for act in system.actions:
        for guard in act.guards:
            for part in conjuncts(guard.condition):
                if isinstance(part, ex.ForAll) and not ex.free_params(part):
                    for read in _reads_of(part.body):
                        if isinstance(read.sort, ex.EnumSort):
                            for code in range(len(read.sort.members)):
                                somes[ex.Exists(part.param, ex.Eq(read, ex.Lit(code, read.sort)))] = None
    words, literals = plain.words, dict.fromkeys([*plain.premises, *plain.conclusions])
    for some in somes:
        last = words.literal(True, some)
        for first, second in permutations(literals, 2):
            if words.facts(first)[0] != words.facts(second)[0]:
                yield Lemma((), (words.denied(first), second, last))
        for first in literals:
            yield Lemma((), (words.denied(first), last))


def _reads_of(node: ex.Expr) -> Iterator[ex.Read]:
    found = (part for part in ex.walk(node) if isinstance(part, ex.Read) and isinstance(part.symbol, ex.VariableSymbol))
    return iter(dict.fromkeys(found))
