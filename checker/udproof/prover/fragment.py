"""For which systems the method is complete, and the refusal of all others.

A query to the solver holds universal formulas at a finite set of ground terms only. That loses nothing if the set is closed under
the functions between index sorts and stays finite: a model of the instances, cut down to the values of those terms, is then a
model of the universal formulas themselves (the argument behind effectively propositional logic and its many-sorted extension:
Abadi, Rabinovich, Sagiv 2010). The conditions, each checked here:

- functions run between index sorts without a cycle, from finer to coarser (VM to host to step), so that the set is finite;
- no existential quantifier stands under a universal one, which would be a function in disguise;
- nothing is counted, and no quantifier ranges over numbers (the language has none that does);
- what is assigned, and when, is free of quantifiers.

Soundness never rests on this: leaving instances out can only lose a proof.
"""

from __future__ import annotations

from collections.abc import Iterator

from udproof.language import ModelError, Property, System
from udproof.language import expressions as ex
from udproof.language.printing import show
from udproof.language.time import check_closed
from udproof.prover.lemmas import functions


def check(system: System) -> None:
    """ModelError, with the reason, if a proof for every size cannot be tried. Properties are looked at one by one."""
    check_closed(system)
    if reason := next(_complaints(system), None):
        raise ModelError(f"a proof for every size cannot be tried for {system.name}: {reason}.")


def complaint(prop: Property) -> str | None:
    """Why this property cannot be proved for every size, in half a sentence; None if nothing is against it."""
    return _polarity(prop.body, True, bool(prop.params))


def _complaints(system: System) -> Iterator[str]:
    cycle = _cycle(system)
    if cycle:
        yield f"functions lead from {' to '.join(sort.name for sort in cycle)}; they may only run from finer to coarser sorts"
    for act in system.actions:
        for guard in act.guards:
            yield from _told(f"the guard {guard.label!r} of action {act.name}", _polarity(guard.condition, True, False))
        for update in act.updates:
            for node in (update.where, *update.index, update.value):
                yield from _told(f"the update of {update.target.name} in action {act.name}", _quantified(node))
    for rule in system.axioms:
        yield from _told(f"axiom {rule.name}", _polarity(rule.body, True, bool(rule.params)))
    for dead in system.deadlines:
        yield from _told(f"deadline {dead.name}", _polarity(dead.condition, False, bool(dead.params)))
    for clock in system.clocks:
        yield from _told(f"the condition of clock {clock.name}", _quantified(clock.during))
    for variable in system.variables:
        if variable.initial is not None:
            yield from _told(f"the initial value of {variable.name}", _quantified(variable.initial))


def _told(where: str, reason: str | None) -> Iterator[str]:
    if reason is not None:
        yield f"{where} {reason}"


def _cycle(system: System) -> list[ex.IndexSort]:
    """The sorts of a cycle of functions, the first one again at the end; empty if there is none."""
    symbols = functions(system)
    edges: dict[ex.IndexSort, set[ex.IndexSort]] = {sort: set() for sort in system.index_sorts}
    for symbol in symbols:
        if isinstance(symbol.sort, ex.IndexSort):
            for sort in symbol.domain:
                edges[sort].add(symbol.sort)

    def follow(path: list[ex.IndexSort]) -> list[ex.IndexSort]:
        for after in sorted(edges[path[-1]], key=lambda sort: sort.name):
            if after in path:
                return [*path[path.index(after) :], after]
            if found := follow([*path, after]):
                return found
        return []

    return next((found for sort in system.index_sorts if (found := follow([sort]))), [])


def _quantified(node: ex.Expr) -> str | None:
    """A complaint if there is any quantifier or count in the node."""
    for part in ex.walk(node):
        if isinstance(part, ex.ForAll | ex.Exists):
            return f"holds the quantifier {show(part, {})}, and must be free of them"
        if isinstance(part, ex.Count):
            return f"counts ({show(part, {})}), which the method cannot"
        if isinstance(part, ex.Read) and isinstance(part.symbol, ex.DefinitionSymbol) and (inner := _quantified(part.symbol.body)):
            return inner
    return None


def _polarity(node: ex.Expr, positive: bool, under: bool) -> str | None:
    """A complaint if an existential stands under a universal (`under`), where `positive` says whether the node is asserted."""
    match node:
        case ex.Not(body=body):
            return _polarity(body, not positive, under)
        case ex.And(parts=parts) | ex.Or(parts=parts):
            return next((found for part in parts if (found := _polarity(part, positive, under))), None)
        case ex.ForAll(body=body) | ex.Exists(body=body):
            universal = isinstance(node, ex.ForAll) == positive
            if not universal and under:
                return f"asks for an element that depends on another one ({show(node, {})})"
            return _polarity(body, positive, under or universal)
        case ex.Ite(condition=condition, then=then, other=other, sort=ex.BoolSort()):
            told = (_quantified(condition), _polarity(then, positive, under), _polarity(other, positive, under))
            return next((found for found in told if found), None)
        case ex.Read(symbol=ex.DefinitionSymbol(body=body, sort=ex.BoolSort()), args=args):
            inner = next((found for arg in args if (found := _quantified(arg))), None)
            return inner or _polarity(body, positive, under)
        case _:
            return _quantified(node)
