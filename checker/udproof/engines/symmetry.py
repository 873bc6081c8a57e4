"""Who is interchangeable with whom, found from the constants of a system.

Elements of the index sorts are told apart by the constants alone: which host a VM is on, which domain it is in, whether it is
eligible. A permutation of elements that keeps every constant (an automorphism) maps runs to runs, since formulas range over whole
sorts; so of two states that differ by one, only one need be visited (Ip and Dill 1996). Elements that a formula names, and sorts
that are values of variables, are left where they are.

The group is found as a tree. Colour refinement tells apart what can be told apart; whatever stands alone in its colour is fixed;
what remains falls into connected components, and components that look alike are interchangeable as wholes; the same again inside
each. So a fleet becomes blocks within blocks: domains, in them hosts, in them VMs. Sorting blocks, innermost first, is then a
*true* canonical form: the number of stored states is the number of orbits. Every exchange of two blocks is checked against the
constants before it is used; a component that cannot be taken apart this way is left as it is, and that is said in
`Symmetry.notes`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from udproof.language import expressions as ex
from udproof.language.semantics import Semantics
from udproof.language.system import System

_Order: TypeAlias = tuple[int, list[tuple[int, int]]]
Element: TypeAlias = tuple[str, int]  # the name of an index sort, and a position in it


@dataclass(frozen=True, slots=True)
class Block:
    """Elements that stay together: `own` ones, in a fixed order, and groups of interchangeable blocks."""

    own: tuple[Element, ...]
    groups: tuple[tuple[Block, ...], ...] = ()

    def elements(self) -> Iterator[Element]:
        """All elements of the block, in an order in which interchangeable blocks correspond."""
        yield from self.own
        for group in self.groups:
            for member in group:
                yield from member.elements()


@dataclass(slots=True)
class _Graph:
    """The constants as a labelled graph over elements."""

    colours: dict[Element, object] = field(default_factory=dict)
    edges: dict[Element, list[tuple[str, Element]]] = field(default_factory=dict)


class Symmetry:
    """The interchangeable blocks of a concrete system."""

    def __init__(self, semantics: Semantics, look: Callable[[], None] = lambda: None) -> None:
        """`look` is called again and again while the work goes on, and may raise to end it."""
        self._look = look
        self._system = semantics.system
        self.notes: list[str] = []
        self._names: dict[object, int] = {}
        self._entries = self._by_element()
        graph = self._graph()
        everything = list(graph.colours)
        self.root = self._block(graph, everything, {element: self._name(colour) for element, colour in graph.colours.items()})
        self._check_slots(semantics)

    @property
    def trivial(self) -> bool:
        """Is nothing interchangeable?"""
        return not self.root.groups

    # --- the graph

    def _graph(self) -> _Graph:
        system, graph = self._system, _Graph()
        pinned = _pinned(system)
        for sort in system.index_sorts:
            for place, name in enumerate(system.elements(sort)):
                fixed = sort.name in pinned and name in (pinned[sort.name] or (name,))
                graph.colours[sort.name, place] = (sort.name, name if fixed else None)
                graph.edges[sort.name, place] = []
        for constant in system.constants:
            self._add_constant(graph, constant)
        return graph

    def _add_constant(self, graph: _Graph, constant: ex.ConstantSymbol) -> None:
        table = self._system.instance.constants[constant.name]
        for args, value in sorted(table.items()):
            ends = [(sort.name, place) for sort, place in zip(constant.domain, args, strict=True)]
            if isinstance(constant.sort, ex.IndexSort):
                ends.append((constant.sort.name, value))
            if len(ends) == 1 and not args:
                graph.colours[ends[0]] = (graph.colours[ends[0]], constant.name, "it")
            elif len(ends) == 1:
                graph.colours[ends[0]] = (graph.colours[ends[0]], constant.name, value)
                continue
            if len(ends) == 2:
                label = constant.name if isinstance(constant.sort, ex.IndexSort) else f"{constant.name} {value}"
                graph.edges[ends[0]].append((label, ends[1]))
                graph.edges[ends[1]].append((f"~{label}", ends[0]))
            elif len(ends) > 2:  # a relation of three or more: its entries become elements of their own
                entry = (f"#{constant.name}", len(graph.colours))
                graph.colours[entry] = (constant.name, None if isinstance(constant.sort, ex.IndexSort) else value)
                graph.edges[entry] = []
                for place, end in enumerate(ends):
                    graph.edges[entry].append((f"{place}", end))
                    graph.edges[end].append((f"~{place}", entry))

    # --- taking it apart

    def _block(self, graph: _Graph, members: list[Element], colours: dict[Element, int]) -> Block:
        colours = self._refine(graph, members, colours)
        cells: dict[int, list[Element]] = {}
        for element in members:
            cells.setdefault(colours[element], []).append(element)
        own = [cells[colour][0] for colour in sorted(cells) if len(cells[colour]) == 1]
        rest = [element for element in members if len(cells[colours[element]]) > 1]
        if rest and not own and len(_components(graph, rest)) == 1:
            self.notes.append(f"{len(rest)} elements that may be interchangeable are not treated so: " + self._some(rest))
            return Block(tuple(sorted(members)))
        alike: dict[tuple[int, ...], list[list[Element]]] = {}
        for component in _components(graph, rest):
            alike.setdefault(tuple(sorted(colours[element] for element in component)), []).append(component)
        groups: list[tuple[Block, ...]] = []
        for look in sorted(alike):
            blocks = [self._block(graph, component, colours) for component in alike[look]]
            first = list(blocks[0].elements())
            if len(blocks) > 1 and all(self._exchangeable(first, list(block.elements())) for block in blocks[1:]):
                groups.append(tuple(blocks))
            else:
                if len(blocks) > 1:
                    self.notes.append("components that look alike differ: " + self._some(first))
                for block in blocks:
                    own += block.own
                    groups += block.groups
        return Block(tuple(own), tuple(groups))

    def _refine(self, graph: _Graph, members: list[Element], colours: dict[Element, int]) -> dict[Element, int]:
        inside = set(members)
        while True:
            finer = {
                element: self._name(
                    (
                        colours[element],
                        tuple(sorted((label, colours[other]) for label, other in graph.edges[element] if other in inside)),
                    )
                )
                for element in members
            }
            if len(set(finer.values())) == len({colours[element] for element in members}):
                return finer
            colours = finer

    def _name(self, content: object) -> int:
        return self._names.setdefault(content, len(self._names))

    def _exchangeable(self, a: list[Element], b: list[Element]) -> bool:
        """Is exchanging the two blocks, element by element, an automorphism?"""
        self._look()
        if len(a) != len(b) or any(x[0] != y[0] for x, y in zip(a, b, strict=True)):
            return False
        other = dict(zip(a, b, strict=True)) | dict(zip(b, a, strict=True))

        def moved(sort: ex.Sort, place: int) -> int:
            return other.get((sort.name, place), (sort.name, place))[1] if isinstance(sort, ex.IndexSort) else place

        for element in other:  # an entry that speaks of no moved element is where it was
            for constant, args, value in self._entries.get(element, ()):
                there = tuple([moved(sort, place) for sort, place in zip(constant.domain, args, strict=True)])
                if self._system.instance.constants[constant.name][there] != moved(constant.sort, value):
                    return False
        return True

    def _by_element(self) -> dict[Element, list[tuple[ex.ConstantSymbol, tuple[int, ...], int]]]:
        """The entries of all constants' tables, by the elements that they speak of."""
        found: dict[Element, list[tuple[ex.ConstantSymbol, tuple[int, ...], int]]] = {}
        for constant in self._system.constants:
            for args, value in self._system.instance.constants[constant.name].items():
                ends = {(sort.name, place) for sort, place in zip(constant.domain, args, strict=True)}
                if isinstance(constant.sort, ex.IndexSort):
                    ends.add((constant.sort.name, value))
                for end in ends:
                    found.setdefault(end, []).append((constant, args, value))
        return found

    def _some(self, elements: Sequence[Element]) -> str:
        named = [self._system.instance.elements[sort][place] for sort, place in elements if not sort.startswith("#")]
        return ", ".join(named[:4]) + (" ..." if len(named) > 4 else "")

    # --- the state must fit the tree

    def slots(self, semantics: Semantics) -> Nest:
        """The slots of a state, each in the innermost block that it speaks of, in corresponding order."""
        path = {element: (where, place) for element, where, place in _paths(self.root, ())}
        homes: dict[tuple[int, ...], list[tuple[_Order, int]]] = {}
        order = {symbol: number for number, symbol in enumerate(dict.fromkeys(slot.symbol for slot in semantics.layout.slots))}
        for number, slot in enumerate(semantics.layout.slots):
            places = [path[sort.name, place] for sort, place in zip(slot.symbol.domain, slot.args, strict=True)]
            home = max((where for where, _ in places), key=len, default=())
            homes.setdefault(home, []).append(((order[slot.symbol], [(len(where), at) for where, at in places]), number))
        return _nest(self.root, (), homes)

    def _check_slots(self, semantics: Semantics) -> None:
        """A slot about two interchangeable blocks at once cannot be sorted with either: then nothing is exchanged."""
        path = {element: where for element, where, _ in _paths(self.root, ())}
        for slot in semantics.layout.slots:
            homes = sorted((path[sort.name, place] for sort, place in zip(slot.symbol.domain, slot.args, strict=True)), key=len)
            if any(homes[-1][: len(home)] != home for home in homes):
                self.notes.append(f"{slot.symbol.name} relates interchangeable elements, so nothing is treated as interchangeable")
                self.root = Block(tuple(sorted(self.root.elements())))
                return


@dataclass(frozen=True, slots=True)
class Nest:
    """The slots of a block: its own, and those of its groups of interchangeable blocks."""

    own: tuple[int, ...]
    groups: tuple[tuple[Nest, ...], ...] = ()
    elements: frozenset[Element] = frozenset()

    def slots(self) -> Iterator[int]:
        """All slots, in an order in which interchangeable blocks correspond."""
        yield from self.own
        for group in self.groups:
            for member in group:
                yield from member.slots()


def nest_of(semantics: Semantics, symmetry: bool, look: Callable[[], None] = lambda: None) -> tuple[Nest, tuple[str, ...]]:
    """The slots in their interchangeable blocks, and what is to be said of elements left out; all slots alone without symmetry."""
    if not symmetry:
        return Nest(tuple(range(len(semantics.layout.slots)))), ()
    found = Symmetry(semantics, look)
    return found.slots(semantics), tuple(found.notes)


def _nest(block: Block, path: tuple[int, ...], homes: dict[tuple[int, ...], list[tuple[_Order, int]]]) -> Nest:
    own = tuple(number for _, number in sorted(homes.get(path, [])))
    groups = tuple(
        tuple(_nest(member, (*path, number, place), homes) for place, member in enumerate(group))
        for number, group in enumerate(block.groups)
    )
    return Nest(own, groups, frozenset(block.elements()))


def _paths(block: Block, path: tuple[int, ...]) -> Iterator[tuple[Element, tuple[int, ...], int]]:
    """Every element with the path of its block (group, member, group, member, ...) and its place there."""
    for place, element in enumerate(block.own):
        yield element, path, place
    for number, group in enumerate(block.groups):
        for place, member in enumerate(group):
            yield from _paths(member, (*path, number, place))


def _components(graph: _Graph, members: list[Element]) -> list[list[Element]]:
    left, found = dict.fromkeys(members), []
    while left:
        start = next(iter(left))
        del left[start]
        component, todo = [start], [start]
        while todo:
            for _, other in graph.edges[todo.pop()]:
                if other in left:
                    del left[other]
                    component.append(other)
                    todo.append(other)
        found.append(component)
    return found


def _pinned(system: System) -> dict[str, set[str]]:
    """By sort: the elements that a formula names, or an empty set for all of them (values of a variable)."""
    pinned: dict[str, set[str]] = {}
    for node in system.formulas():
        for part in ex.walk(node):
            if isinstance(part, ex.Lit) and isinstance(part.sort, ex.IndexSort):
                pinned.setdefault(part.sort.name, set()).add(str(part.value))
    for variable in system.variables:
        if isinstance(variable.sort, ex.IndexSort):
            pinned[variable.sort.name] = set()
    return pinned
