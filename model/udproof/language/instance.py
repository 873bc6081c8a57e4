"""An instance: the elements, tables and seconds that make a system concrete.

A system's declarations say what there is; an instance says how many and how long. Every value is checked where it enters: a
table must be full and within its sort, a time finite and not negative, and a name that means nothing is a mistake where a
declaration was left to its default, since the verdict would then be about something else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product
from typing import Protocol

from udproof.language import expressions as ex
from udproof.language.errors import ModelError
from udproof.language.terms import element_names, seconds


@dataclass(frozen=True, slots=True)
class Instance:
    """Elements for every index sort, a full table for every constant, seconds for every timing constant; all by name.

    A table maps the positions of the arguments to the code of the value (see `evaluation`). `notes` are facts a reader of
    a verdict must know, such as a check that was switched off; they are part of the hash.
    """

    elements: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    constants: Mapping[str, Mapping[tuple[int, ...], int]] = field(default_factory=dict)
    durations: Mapping[str, Fraction] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def codes(sort: ex.Sort, elements: Mapping[str, tuple[str, ...]]) -> range:
    """The codes of a sort's values, where these are the elements of the index sorts, by name."""
    match sort:
        case ex.BoolSort():
            return range(2)
        case ex.IntSort(low=low, high=high):
            return range(low, high + 1)
        case ex.EnumSort(members=members):
            return range(len(members))
        case ex.IndexSort(name=name):
            return range(len(elements[name]))


class Declarations(Protocol):
    """What an instance is for: the sorts and symbols that occur in a system."""

    @property
    def index_sorts(self) -> tuple[ex.IndexSort, ...]:
        """The index sorts."""

    @property
    def constants(self) -> tuple[ex.ConstantSymbol, ...]:
        """The constants."""

    @property
    def durations(self) -> tuple[ex.DurationSymbol, ...]:
        """The timing constants."""


class ConstantsOnly:
    """The structure of an instance alone: constants have values, variables and clocks have none."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance

    def size(self, sort: ex.IndexSort) -> int:
        """See `evaluation.Structure`."""
        return len(self.instance.elements[sort.name])

    def element(self, sort: ex.IndexSort, name: str) -> int:
        """See `evaluation.Structure`. ModelError if there is no such element."""
        names = self.instance.elements[sort.name]
        if name not in names:
            raise ModelError(f"sort {sort} has no element {name!r}; it has {', '.join(names)}.")
        return names.index(name)

    def read(self, symbol: ex.ConstantSymbol | ex.VariableSymbol, args: tuple[int, ...]) -> int:
        """See `evaluation.Structure`. ModelError for a variable, which has no value here."""
        if isinstance(symbol, ex.VariableSymbol):
            raise ModelError(f"variable {symbol.name} is read where only constants are known.")
        return self.instance.constants[symbol.name][args]

    def clock(self, clock: ex.ClockSymbol, args: tuple[int, ...]) -> int:
        """See `evaluation.Structure`. ModelError always: no time has passed here."""
        raise ModelError(f"clock {clock.name} is read where only constants are known.")

    def ticks(self, bound: ex.Bound) -> int:
        """See `evaluation.Structure`. ModelError always: there is no unit of time here."""
        raise ModelError("a duration is read where only constants are known.")


def unique(names: Iterable[str], kind: str) -> None:
    """ModelError if a name occurs twice."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ModelError(f"two {kind} are called {name!r}; give each its own name.")
        seen.add(name)


def _check_misspelt(kind: str, given: Iterable[str], known: Iterable[str], defaulted: Iterable[str]) -> None:
    """A name that means nothing here is a mistake where a declaration of the kind was left to its default."""
    unknown, lacking = sorted(set(given) - set(known)), sorted(set(defaulted) - set(given))
    if unknown and lacking:
        raise ModelError(
            f"the instance gives {kind} for {', '.join(unknown)}, which the system does not declare, "
            f"and none for {', '.join(lacking)}; is a name misspelt?"
        )


def completed(given: Instance, declared: Declarations) -> Instance:
    """The instance with the declarations' own defaults where it says nothing, every value checked."""
    for what in ("elements", "constants", "durations"):
        if not isinstance(getattr(given, what), Mapping):
            raise ModelError(f"the {what} of an instance are given by name: {what}={{name: ...}}.")
    _check_misspelt(
        "elements",
        given.elements,
        (sort.name for sort in declared.index_sorts),
        (sort.name for sort in declared.index_sorts if sort.elements is not None),
    )
    _check_misspelt(
        "values",
        given.constants,
        (symbol.name for symbol in declared.constants),
        (symbol.name for symbol in declared.constants if symbol.default is not None),
    )
    _check_misspelt(
        "seconds",
        given.durations,
        (symbol.name for symbol in declared.durations),
        (symbol.name for symbol in declared.durations if symbol.default is not None),
    )
    elements = {sort.name: sort.elements for sort in declared.index_sorts if sort.elements is not None}
    elements |= {name: element_names(name, names) for name, names in given.elements.items()}
    constants = dict(given.constants)
    for symbol in declared.constants:
        sizes = [elements.get(sort.name) for sort in symbol.domain]
        waits = isinstance(symbol.sort, ex.IndexSort) and symbol.sort.name not in elements
        if symbol.name in constants or symbol.default is None or None in sizes or waits:
            continue
        places = product(*(range(len(names or ())) for names in sizes))
        constants[symbol.name] = {place: _code(symbol.default(*place), symbol, elements) for place in places}
    for symbol in declared.constants:
        if symbol.name in constants:
            _check_table(symbol, constants[symbol.name], elements)
    durations = {symbol.name: symbol.default for symbol in declared.durations if symbol.default is not None}
    durations |= {name: seconds(time) for name, time in given.durations.items()}
    return Instance(elements, constants, durations, given.notes)


def _check_table(symbol: ex.ConstantSymbol, table: Mapping[tuple[int, ...], int], elements: Mapping[str, tuple[str, ...]]) -> None:
    """ModelError unless the table has one value of the sort for all arguments."""
    if not isinstance(table, Mapping):
        raise ModelError(
            f"the instance gives constant {symbol.name} as {table!r}; give a table from positions to codes, such as {{(0,): 1}}."
        )
    sizes = [len(elements.get(sort.name, ())) for sort in symbol.domain]
    missing = next((place for place in product(*map(range, sizes)) if place not in table), None)
    if missing is not None:
        raise ModelError(f"the instance gives constant {symbol.name} no value at position(s) {missing}.")
    match symbol.sort:
        case ex.BoolSort():
            codes = range(2)
        case ex.IntSort(low=low, high=high):
            codes = range(low, high + 1)
        case ex.EnumSort(members=members):
            codes = range(len(members))
        case ex.IndexSort(name=name):
            codes = range(len(elements.get(name, ())))
    for place, value in table.items():
        if value not in codes:
            raise ModelError(f"the instance gives constant {symbol.name} the value {value} at {place}, outside {symbol.sort}.")


def _code(value: object, symbol: ex.ConstantSymbol, elements: Mapping[str, tuple[str, ...]]) -> int:
    match symbol.sort, value:
        case ex.BoolSort(), bool():
            return int(value)
        case ex.IntSort(low=low, high=high), int() if low <= value <= high:
            return value
        case ex.EnumSort(members=members), str() if value in members:
            return members.index(value)
        case ex.IndexSort(name=name), int() if 0 <= value < len(elements.get(name, ())):
            return value
        case ex.IndexSort(name=name), str() if value in elements.get(name, ()):
            return elements[name].index(value)
    raise ModelError(f"constant {symbol.name} is given {value!r}, which is no value of sort {symbol.sort}.", symbol.location)


def seconds_of(bound: ex.Bound, instance: Instance) -> Fraction:
    """A bound in seconds. KeyError if it is a symbol that the instance does not give."""
    return instance.durations[bound.name] if isinstance(bound, ex.DurationSymbol) else bound
