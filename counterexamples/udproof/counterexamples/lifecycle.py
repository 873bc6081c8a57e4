"""Diagrams of a model: the life of one thing, and which part changes what of which other.

A *life cycle* is drawn from a function to an enumeration, such as the stage of a host: its members are the nodes, and an edge is an
action that takes a thing from one member to another. Which edges there are is not read off the text of an action, since an action
may set a member without asking which one it was. So each edge that the text allows is a *candidate* (`candidates`), a property that
says that nobody ever takes it; a search that refutes this has found the edge, and one that proves it has found that there is none.
The search is an engine's business, not this module's.

The diagram of the *parts* has the files in which a system is declared for nodes. An arrow from one to another says which
variables of the other its actions change.

Guarantee: a diagram depends on the system alone, and nodes and edges stand in the order of the declarations.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from udproof.language import Property, System
from udproof.language import expressions as ex
from udproof.language.actions import Action, Guard, Update
from udproof.language.printing import naming, show, show_bound, show_seconds


class NoDiagram(Exception):
    """The system has nothing of the kind to draw; the sentence says what there is."""


@dataclass(frozen=True, slots=True)
class Node:
    """A node with its name and further lines below it; a first one is where everything begins."""

    name: str
    lines: tuple[str, ...] = ()
    first: bool = False


@dataclass(frozen=True, slots=True)
class Edge:
    """An arrow between two nodes, by their names, with its name and further lines below it."""

    before: str
    after: str
    name: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Diagram:
    """What is drawn."""

    title: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """An edge that the text of an action allows, and the property that nobody takes it."""

    edge: Edge
    never: Property


# --- the life of one thing


def subject(system: System, name: str) -> ex.VariableSymbol:
    """The variable of that name whose values are members of an enumeration. NoDiagram if there is none."""
    found = {symbol.name: symbol for symbol in system.variables if isinstance(symbol.sort, ex.EnumSort)}
    if name not in found:
        has = f"it has {', '.join(found)}" if found else "it has no such variable at all"
        raise NoDiagram(f"{system.name} has no variable {name} with the members of an enumeration; {has}")
    return found[name]


def candidates(system: System, symbol: ex.VariableSymbol) -> tuple[Candidate, ...]:
    """Every edge that some action of the system allows, judging by its text."""
    return tuple(
        candidate
        for action in system.actions
        for update in action.updates
        if update.target == symbol
        for candidate in _of_update(symbol, action, update)
    )


def _of_update(symbol: ex.VariableSymbol, action: Action, update: Update) -> Iterator[Candidate]:
    sort, here = symbol.sort, ex.Read(symbol, update.index)
    assert isinstance(sort, ex.EnumSort)
    outcomes = sorted(_outcomes(update.value, len(sort.members)))
    conditions = [*(guard.condition for guard in action.guards), update.where]
    lines = tuple(_told(action, guard) for guard in action.guards if not _only_about(guard.condition, here))
    for before in range(len(sort.members)):
        if not all(_allows(condition, here, before) for condition in conditions):
            continue
        for after in outcomes:
            if after == before:
                continue
            taken = [*conditions, ex.Eq(here, ex.Lit(before, sort))]
            if not isinstance(update.value, ex.Lit):
                taken.append(ex.Eq(update.value, ex.Lit(after, sort)))
            edge = Edge(sort.words[before], sort.words[after], action.name, lines)
            yield Candidate(edge, _never(f"{action.name}-{before}-{after}", action, update, taken))


def _never(name: str, action: Action, update: Update, taken: list[ex.Expr]) -> Property:
    body = ex.Not(ex.conjunction(taken))
    return Property(name, name, "", (*action.params, *update.binders), body, ex.TRUE, None, None)


def _outcomes(value: ex.Expr, size: int) -> set[int]:
    """The members that an expression may have for a value."""
    match value:
        case ex.Lit(value=int(member)):
            return {member}
        case ex.Ite(then=then, other=other):
            return _outcomes(then, size) | _outcomes(other, size)
        case _:
            return set(range(size))


def _allows(condition: ex.Expr, here: ex.Expr, member: int) -> bool:
    """May a condition hold where `here` is that member, judging by its text?"""
    match condition:
        case ex.Eq(left=left, right=ex.Lit(value=value)) if left == here:
            return value == member
        case ex.Not(body=ex.Eq(left=left, right=ex.Lit(value=value))) if left == here:
            return value != member
        case ex.And(parts=parts):
            return all(_allows(part, here, member) for part in parts)
        case ex.Or(parts=parts):
            return any(_allows(part, here, member) for part in parts)
        case _:
            return True


def _only_about(condition: ex.Expr, here: ex.Expr) -> bool:
    """Does a condition speak of nothing but `here`, so that the edge's beginning says it already?"""
    match condition:
        case ex.Eq(left=left, right=ex.Lit()):
            return left == here
        case ex.Not(body=body):
            return _only_about(body, here)
        case ex.And(parts=parts) | ex.Or(parts=parts):
            return all(_only_about(part, here) for part in parts)
        case _:
            return False


def _told(action: Action, guard: Guard) -> str:
    return guard.label or show(guard.condition, naming(action.params))


def life(system: System, symbol: ex.VariableSymbol, edges: Sequence[Edge]) -> Diagram:
    """The diagram with these edges, which a search has found to be taken. Members that no edge touches are drawn too."""
    sort = symbol.sort
    assert isinstance(sort, ex.EnumSort)
    begins = {symbol.initial.value} if isinstance(symbol.initial, ex.Lit) else set()
    nodes = (Node(word, tuple(_bounds(system, symbol, member)), member in begins) for member, word in enumerate(sort.words))
    of = f" of a {symbol.domain[0].name}" if symbol.domain else ""
    return Diagram(f"{symbol.name}{of}", tuple(nodes), tuple(edges))


def _bounds(system: System, symbol: ex.VariableSymbol, member: int) -> Iterator[str]:
    """The deadlines that run during a member: how long it may last."""
    for deadline in system.deadlines:
        reads = [node for node in ex.walk(deadline.condition) if isinstance(node, ex.Read) and node.symbol == symbol]
        if any(_asks(deadline.condition, read, member) for read in reads):
            bound = deadline.limit.bound
            given = system.instance.durations.get(bound.name) if isinstance(bound, ex.DurationSymbol) else bound
            shown = show_bound(bound) if given is None else show_seconds(given)
            yield f"{deadline.name}: {shown} at most"


def _asks(condition: ex.Expr, here: ex.Expr, member: int) -> bool:
    """Does a condition ask for that member and no other?"""
    match condition:
        case ex.Eq(left=left, right=ex.Lit(value=value)):
            return left == here and value == member
        case ex.And(parts=parts):
            return any(_asks(part, here, member) for part in parts)
        case _:
            return False


# --- the parts


def parts(system: System) -> Diagram:
    """Which file's actions change the variables of which other's. A part is the file that declares it."""
    actions: dict[str, list[str]] = {}
    owners: dict[str, list[str]] = {}
    for action in system.actions:
        actions.setdefault(_part(action.location), []).append(action.name)
    for symbol in system.variables:
        owners.setdefault(_part(symbol.location), []).append(symbol.name)
    changed: dict[tuple[str, str], dict[str, None]] = {}
    for action in system.actions:
        for update in action.updates:
            pair = _part(action.location), _part(update.target.location)
            if pair[0] != pair[1] and isinstance(update.target, ex.VariableSymbol):
                changed.setdefault(pair, {})[update.target.name] = None
    names = dict.fromkeys((*actions, *owners))
    nodes = tuple(Node(name, (_some(actions.get(name, []), "action"), _some(owners.get(name, []), "variable"))) for name in names)
    return Diagram(f"the parts of {system.name}", nodes, tuple(Edge(*pair, ", ".join(what)) for pair, what in changed.items()))


def _some(names: list[str], thing: str) -> str:
    return f"1 {thing}" if len(names) == 1 else f"{len(names)} {thing}s"


def _part(location: object) -> str:
    return PurePath(getattr(location, "file", "?")).stem
