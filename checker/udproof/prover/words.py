"""Literals, each made once, with what the templates of `candidates` often ask of them."""

from __future__ import annotations

from collections.abc import Iterator

from udproof.language import expressions as ex
from udproof.prover.lemmas import Atom, Literal, Spread


class Words:
    """Literals, each made once, with what is often asked of them."""

    def __init__(self) -> None:
        self._made: dict[tuple[bool, Atom], Literal] = {}
        self._atoms: dict[Atom, int] = {}
        self._known: dict[Literal, tuple[int, int | None, frozenset[ex.Expr]]] = {}
        self._about: dict[frozenset[ex.Expr], bool] = {}

    def literal(self, positive: bool, atom: Atom) -> Literal:
        """The literal of that atom."""
        found = self._made.get((positive, atom))
        if found is None:
            twin = self._made.get((not positive, atom))
            found = self._made[positive, atom] = Literal(positive, atom if twin is None else twin.atom)
            value = value_of(found)
            number = self._atoms.setdefault(atom, len(self._atoms))
            reading = None if value is None else self._atoms.setdefault(value, len(self._atoms))
            self._known[found] = number, reading, frozenset(read_terms(atom))
        return found

    def denied(self, literal: Literal) -> Literal:
        """Its negation."""
        return self.literal(not literal.positive, literal.atom)

    def facts(self, literal: Literal) -> tuple[int, int | None, frozenset[ex.Expr]]:
        """The number of its atom, of the reading that the atom gives a value, and the terms at which something is read."""
        return self._known[literal]

    def needs(self, terms: frozenset[ex.Expr], param: ex.Param) -> bool:
        """Is something read of the parameter itself, or of two different things that it leads to?"""
        if terms not in self._about:
            roots = [term for term in terms if not any(term != other and _within(term, other) for other in terms)]
            self._about[terms] = param in terms or len(roots) > 1
        return self._about[terms]


def value_of(literal: Literal) -> ex.Expr | None:
    """The reading that the literal gives a value, if it does."""
    atom = literal.atom
    return atom.left if isinstance(atom, ex.Eq) and isinstance(atom.right, ex.Lit) else None


def read_terms(atom: Atom) -> Iterator[ex.Expr]:
    """The arguments at which variables, constants with values, definitions and clocks are read."""
    if isinstance(atom, Spread):
        yield from atom.left.args
        yield from atom.right.args if atom.right is not None else ()
        return
    for part in ex.walk(atom):
        if isinstance(part, ex.ClockIs) or (isinstance(part, ex.Read) and not isinstance(part.sort, ex.IndexSort)):
            yield from part.args


def _within(term: ex.Expr, other: ex.Expr) -> bool:
    """Does the other one lead to this term?"""
    return any(part == other for part in ex.walk(term))
