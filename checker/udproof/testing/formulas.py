"""How the formulas of a random system are drawn, from what it has declared so far; `systems` declares it.

Formulas are drawn as a user writes them, by operators on terms. Guards are closed (they compare clocks with <= and >=), and where a
property is false at most one strict comparison must be kept, so that counting time in ticks is exact for every system drawn.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from hypothesis import strategies as st

from udproof.language import (
    Bool,
    Clock,
    Constant,
    Definition,
    Enumeration,
    Index,
    Variable,
    count,
    exists,
    forall,
    implies,
    ite,
)
from udproof.language.expressions import IndexSort

Draw = Callable[[Any], Any]
Env = list[tuple[Any, type[Index]]]  # terms that can stand for an element, with their sorts


@dataclass
class World:
    """What a drawn system has declared so far, and how its formulas are drawn."""

    draw: Draw
    named: bool  # may formulas name elements, and variables have them as values? Else elements may be interchangeable
    sorts: list[type[Index]]
    enumeration: type[Enumeration]
    members: list[Any]
    variables: list[tuple[Variable[Any], tuple[type[Index], ...], Any]] = field(default_factory=list)
    constants: list[tuple[Constant[Any], tuple[type[Index], ...], Any]] = field(default_factory=list)
    definitions: list[tuple[Definition[Any], tuple[type[Index], ...], Any]] = field(default_factory=list)
    clocks: list[tuple[Clock, tuple[type[Index], ...]]] = field(default_factory=list)
    runs: list[Definition[Bool] | None] = field(default_factory=list)  # when the clock of that place runs; None for always
    bounds: list[Any] = field(default_factory=list)
    least: int = 0  # of the integers, which have three values

    @property
    def span(self) -> tuple[int, int]:
        """The least and the greatest integer."""
        return self.least, self.least + 2

    def choice(self, options: list[Any]) -> Any:
        """One of them."""
        return options[self.draw(st.integers(0, len(options) - 1))]  # by place: terms cannot be compared or hashed

    def chance(self, one_in: int) -> bool:
        """True once in so many times."""
        return bool(self.draw(st.integers(1, one_in)) == one_in)

    # --- expressions. `kind` is bool, "int", "enum", or an index sort.

    def reachable(self, domain: tuple[type[Index], ...], env: Env) -> bool:
        """Can something with these arguments be read here?"""
        return self.named or all(any(of is sort for _, of in env) for sort in domain)

    def readable(self, kind: Any, env: Env) -> list[Callable[[Env, int], Any]]:
        """Ways to read something declared that has values of the kind."""
        reads: list[Callable[[Env, int], Any]] = []
        for what, domain, to in [*self.variables, *self.constants]:
            if to == kind and self.reachable(domain, env):
                reads.append(partial(self._read, what, domain))
        for meaning, domain, to in self.definitions:
            if to == kind and self.reachable(domain, env):
                reads.append(partial(self._read, meaning, domain))
        return reads

    def _read(self, what: Any, domain: tuple[type[Index], ...], env: Env, depth: int) -> Any:
        arguments = self.arguments(domain, env, depth)
        return what(*arguments) if isinstance(what, Definition) else what[arguments]

    def arguments(self, domain: tuple[type[Index], ...], env: Env, depth: int) -> tuple[Any, ...]:
        """An element of each sort."""
        return tuple(self.element(sort, env, depth - 1) for sort in domain)

    def element(self, sort: type[Index], env: Env, depth: int) -> Any:
        """A term, or the name of an element."""
        near = [term for term, of in env if of is sort]
        if near and not self.chance(3):
            return self.choice(near)
        reads = self.readable(sort, env)
        if depth > 0 and reads and not self.chance(3):
            return self.choice(reads)(env, depth)
        return self.choice([*near, *(elements(sort) if self.named else ())])

    def index_term(self, sort: type[Index], env: Env, depth: int) -> Any:
        """A term, never a bare name; None if there is none."""
        near = [term for term, of in env if of is sort]
        reads = self.readable(sort, env)
        if near and (not reads or self.chance(2)):
            return self.choice(near)
        return self.choice(reads)(env, depth) if reads else None

    def number(self, env: Env, depth: int) -> Any:
        """A term with a number."""
        reads = self.readable("int", env)
        options: list[Callable[[], Any]] = [lambda: self.choice(reads)(env, depth)] if reads else []
        options.append(lambda: self._count(env, depth))
        if depth > 0 and reads:
            options.append(lambda: self.number(env, depth - 1) + self.draw(st.integers(-1, 1)))
            options.append(lambda: self.number(env, depth - 1) - self.number(env, depth - 1))
            options.append(lambda: ite(self.truth(env, depth - 1), self.number(env, depth - 1), self.draw(st.integers(*self.span))))
        return self.choice(options)()

    def _count(self, env: Env, depth: int) -> Any:
        sort = self.choice(self.sorts)
        return count(sort, lambda x: self.truth([*env, (x, sort)], depth - 1))

    def enumerated(self, env: Env, depth: int) -> Any:
        """A term of the enumeration."""
        reads = self.readable("enum", env)
        if reads and not self.chance(3):
            return self.choice(reads)(env, depth)
        if depth > 0 and self.chance(3):
            return ite(self.truth(env, depth - 1), self.choice(self.members), self.choice(self.members))
        return self.choice(self.members)

    def truth(self, env: Env, depth: int) -> Any:
        """A formula that reads no clock."""
        atoms: list[Callable[[], Any]] = [partial(read, env, depth) for read in self.readable(bool, env)]
        atoms.append(lambda: self.enumerated(env, depth) == self.choice(self.members))
        if self.readable("int", env):
            atoms.append(lambda: self._compared(env, depth))
        for sort in self.sorts:
            if any(of is sort for _, of in env) or (self.named and self.readable(sort, env)):
                atoms.append(partial(self._same, sort, env, depth))
        if depth <= 0:
            return self.choice(atoms)()
        compound: list[Callable[[], Any]] = [
            lambda: ~self.truth(env, depth - 1),
            lambda: self.truth(env, depth - 1) & self.truth(env, depth - 1),
            lambda: self.truth(env, depth - 1) | self.truth(env, depth - 1),
            lambda: self.truth(env, depth - 1) ^ self.truth(env, depth - 1),
            lambda: self.truth(env, depth - 1) == self.truth(env, depth - 1),
            lambda: implies(self.truth(env, depth - 1), self.truth(env, depth - 1)),
            lambda: ite(self.truth(env, depth - 1), self.truth(env, depth - 1), self.truth(env, depth - 1)),
            lambda: self._quantified(forall, env, depth),
            lambda: self._quantified(exists, env, depth),
            lambda: self.enumerated(env, depth).among(*self.members[:2]),
        ]
        return self.choice([*atoms, *atoms, *compound])()

    def _same(self, sort: type[Index], env: Env, depth: int) -> Any:
        return self.index_term(sort, env, depth) == self.element(sort, env, depth)

    def _compared(self, env: Env, depth: int) -> Any:
        left, right = self.number(env, depth - 1), self.draw(st.integers(*self.span))
        return self.choice([lambda: left <= right, lambda: left >= right, lambda: left < right, lambda: left == right])()

    def _quantified(self, quantifier: Any, env: Env, depth: int) -> Any:
        sort = self.choice(self.sorts)
        return quantifier(sort, lambda x: self.truth([*env, (x, sort)], depth - 1))

    def value(self, kind: Any, env: Env, depth: int) -> Any:
        """Something to assign to a variable of the kind."""
        if kind is bool:
            return self.draw(st.booleans()) if self.chance(3) else self.truth(env, depth)
        if kind == "enum":
            return self.enumerated(env, depth)
        if kind == "int":
            if self.chance(3):
                return self.number(env, depth)  # it may leave the range: then everybody must say so
            if self.chance(3):
                return self.draw(st.integers(*self.span))
            raw = self.number(env, depth) + self.draw(st.integers(0, 1))
            return ite((raw >= self.least) & (raw <= self.least + 2), raw, self.draw(st.integers(*self.span)))
        return self.element(kind, env, depth)

    # --- clocks

    def near_clocks(self, env: Env) -> list[tuple[Clock, tuple[type[Index], ...]]]:
        """The clocks that can be read here, with their sorts."""
        return [(clock, domain) for clock, domain in self.clocks if self.reachable(domain, env)]

    def comparison(self, env: Env, comparisons: tuple[str, ...]) -> Any:
        """A clock against a duration, by one of the comparisons."""
        clock, domain = self.choice(self.near_clocks(env))
        # an argument that depends on the state would itself have to be free of clocks, which it is
        reading = clock[self.arguments(domain, env, 1)]
        bound = self.choice(self.bounds)
        match self.choice(list(comparisons)):
            case "<=":
                return reading <= bound
            case ">=":
                return reading >= bound
            case "<":
                return reading < bound
            case _:
                return reading == bound

    def guard(self, env: Env) -> Any:
        """A closed guard."""
        if self.near_clocks(env) and not self.chance(2):
            timed = self.comparison(env, (">=", ">=", "<=", "=="))
            match self.draw(st.integers(0, 4)):
                case 0:
                    return timed | self.comparison(env, ("<=", ">="))
                case 1:
                    return timed & self.truth(env, 1)
                case 2:
                    sort = self.choice(self.sorts)
                    return exists(sort, lambda x: self._timed_and_more([*env, (x, sort)]))
                case 3:
                    return ite(self.truth(env, 1), timed, self.truth(env, 0))
                case _:
                    return timed
        return self.truth(env, 2)

    def _timed_and_more(self, env: Env) -> Any:
        return self.comparison(env, ("<=", ">=")) & self.truth(env, 0)

    def claim(self, env: Env) -> Any:
        """The body of an invariant; where it is false, at most one strict comparison must be kept."""
        if self.near_clocks(env) and not self.chance(3):
            match self.draw(st.integers(0, 4)):
                case 0:
                    return implies(self.truth(env, 1), self.comparison(env, ("<", "<=")))
                case 1:
                    return implies(self.comparison(env, ("<=", ">=")), self.truth(env, 1))
                case 2:
                    return implies(self.comparison(env, ("<=", ">=")), self.comparison(env, ("<", "<=")))
                case 3:
                    return self.comparison(env, ("<",)) | self.truth(env, 1)
                case _:
                    return self.comparison(env, ("<=", "<"))
        return self.truth(env, 2)


def elements(sort: type[Index]) -> tuple[str, ...]:
    """The elements of a sort that was drawn here, which has its own."""
    assert isinstance(sort.sort, IndexSort)
    return sort.sort.elements or ()
