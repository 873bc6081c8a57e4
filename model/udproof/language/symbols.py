"""Declarations: constants, variables, clocks, timing constants and definitions.

Each is written once at the top of a file and read like a function: `stage[h]`, `host_of[v]`; a variable or clock without
arguments is read as `turn.value`. Assigning to one inside an action records an update (`actions`), it changes nothing now.
Which elements the index sorts have, and what the constants are, is no business of a declaration: an `Instance` says so
(`system`), or nobody does, in a proof for every size.
"""

from __future__ import annotations

import inspect
import keyword
from collections.abc import Callable
from typing import Any, Generic, NoReturn, TypeVar

from udproof.language import actions
from udproof.language import expressions as ex
from udproof.language.errors import ModelError, caller
from udproof.language.functions import location_of, names_of
from udproof.language.terms import (
    ARITHMETIC,
    LOGIC,
    Bool,
    Declared,
    Index,
    Term,
    classes,
    lift,
    param,
    refuses,
    seconds,
    sort_of,
    truth,
)

T = TypeVar("T", bound=Term)
T_co = TypeVar("T_co", bound=Term, covariant=True)


class Anything:
    """The initial value of a variable that may start with any value of its sort: write `ANYTHING`."""


ANYTHING = Anything()


def _name(name: str) -> str:
    if not (isinstance(name, str) and name.isidentifier() and not keyword.iskeyword(name)):
        raise ModelError(f"{name!r} cannot name a declaration; use a word of letters, digits and _ that Python does not reserve.")
    return name


def _domain(sorts: tuple[type[Index], ...], name: str) -> tuple[ex.IndexSort, ...]:
    for sort in sorts:
        if not (isinstance(sort, type) and issubclass(sort, Index)):
            raise ModelError(
                f"the arguments of {name} must be index sorts, and {getattr(sort, '__name__', repr(sort))} is not one."
            )
    return tuple(sort.domain() for sort in sorts)  # type: ignore[misc]


def _sort_of(to: object, name: str) -> ex.Sort:
    return sort_of(to, f"the values of {name} (to=...) are of")


def _arguments(key: Any, domain: tuple[ex.IndexSort, ...], name: str) -> tuple[ex.Expr, ...]:
    given = key if isinstance(key, tuple) else (key,)
    if len(given) != len(domain):
        wanted = ", ".join(sort.name for sort in domain) or "none: read it as .value"
        raise ModelError(f"{name} was given {len(given)} argument(s); it takes {len(domain)} ({wanted}).")
    return tuple(lift(argument, sort) for argument, sort in zip(given, domain, strict=True))


def _over(domain: tuple[type[Index], ...], function: Callable[..., object], name: str) -> tuple[tuple[ex.Param, ...], Any]:
    """Parameters for the domain and what the function makes of them."""
    _domain(domain, name)
    names = names_of(function, len(domain), f"a value of {name}")
    pairs = [param(label, sort) for label, sort in zip(names, domain, strict=True)]
    return tuple(node for node, _ in pairs), function(*(term for _, term in pairs))


class _Readable(Declared, Generic[T_co]):
    """What constants and variables share: reading at arguments."""

    symbol: ex.ConstantSymbol | ex.VariableSymbol
    _to: type[T_co]

    def __getitem__(self, key: object) -> T_co:
        return self._to(ex.Read(self.symbol, _arguments(key, self.symbol.domain, self.symbol.name)))

    @property
    def value(self) -> T_co:
        """The value, of a declaration that takes no arguments."""
        return self[()]

    def __iter__(self) -> Any:
        raise ModelError(f"{self.symbol.name} cannot be iterated; to range over a sort write: for x in each(Sort, condition).")


class Constant(_Readable[T_co]):
    """A function over index sorts, fixed for a run: `host_of = Constant("host_of", Vm, to=Host)`.

    `values`, where given, computes it from element positions (0, 1, ...): an element's position or name for an index sort, a
    member's name for an enumeration, else a plain value. An `Instance` may give it instead.
    """

    def __init__(self, name: str, *domain: type[Index], to: type[T_co], values: Callable[..., object] | None = None) -> None:
        self._to = to
        if values is not None:
            names_of(values, len(domain), f"the values of constant {name}")
        self.symbol = ex.ConstantSymbol(_name(name), _domain(domain, name), _sort_of(to, name), values, caller())


class Variable(_Readable[T]):
    """A function over index sorts that actions change: `stage = Variable("stage", Host, to=Stage, init=Stage.serving)`.

    `init` is a value, a function of the indices that reads constants only, or `ANYTHING`.
    """

    symbol: ex.VariableSymbol

    def __init__(self, name: str, *domain: type[Index], to: type[T], init: object) -> None:
        self._to = to
        sort = _sort_of(to, name)
        computed = init if callable(init) and not isinstance(init, Term) else (lambda *_: init)
        params, term = _over(domain, computed, name)
        initial = None if isinstance(term, Anything) else lift(term, sort)
        if initial is not None:
            check_range(initial, sort, f"the initial value of {name}")
        if initial is not None and any(_changes(node) for node in ex.walk(initial)):
            raise ModelError(f"the initial value of {name} reads a variable or a clock; only constants are known at the start.")
        self.symbol = ex.VariableSymbol(_name(name), _domain(domain, name), sort, params, initial, caller())

    def __setitem__(self, key: object, value: object) -> None:
        target = self.symbol
        actions.record(target, _arguments(key, target.domain, target.name), lift(value, target.sort))

    @property
    def value(self) -> T:
        """The value, of a variable that takes no arguments; assigning to it in an action is an update."""
        return self[()]

    @value.setter
    def value(self, value: object) -> None:
        self[()] = value


def check_range(value: ex.Expr, sort: ex.Sort, what: str) -> None:
    """ModelError if an integer is known to lie outside its sort."""
    given = value.sort
    if isinstance(sort, ex.IntSort) and isinstance(given, ex.IntSort) and (given.high < sort.low or given.low > sort.high):
        raise ModelError(f"{what} is {given.low}..{given.high}, outside its range {sort.low}..{sort.high}.")


def _changes(node: ex.Expr) -> bool:
    return isinstance(node, ex.ClockIs) or (isinstance(node, ex.Read) and not isinstance(node.symbol, ex.ConstantSymbol))


class Duration(Declared):
    """A timing constant in seconds: `watchdog = Duration("watchdog")`, or with a default, `Duration("watchdog", 15)`."""

    def __init__(self, name: str, default: object = None) -> None:
        self.symbol = ex.DurationSymbol(_name(name), None if default is None else seconds(default), caller())

    @property
    def misuse(self) -> str:
        """What to say when the duration stands where a value belongs."""
        return (
            f"{self!r} is a duration: a clock is compared with it, as in clock[...] >= {self!r}, and it takes part in nothing else."
        )

    def __format__(self, spec: str) -> str:
        return format(Term(ex.DurationValue(self.symbol)), spec)


def _bound(value: object) -> ex.Bound:
    return value.symbol if isinstance(value, Duration) else seconds(value)


@refuses((*ARITHMETIC, *LOGIC), lambda reading: f"{reading!r} can be compared with a duration, and takes part in nothing else.")
class Reading:
    """A clock read at some arguments: good for comparing with a duration and for nothing else."""

    def __init__(self, clock: ex.ClockSymbol, args: tuple[ex.Expr, ...]) -> None:
        self._clock = clock
        self._args = args

    def _is(self, comparison: ex.Comparison, bound: object) -> Bool:
        if isinstance(bound, Reading):
            raise ModelError("two clocks cannot be compared with each other, only a clock with a duration.")
        return Bool(ex.ClockIs(self._clock, self._args, comparison, _bound(bound)))

    def __le__(self, bound: object) -> Bool:
        return self._is("<=", bound)

    def __ge__(self, bound: object) -> Bool:
        return self._is(">=", bound)

    def __lt__(self, bound: object) -> Bool:
        return self._is("<", bound)

    def __gt__(self, bound: object) -> Bool:
        return self._is(">", bound)

    def __eq__(self, bound: object) -> Bool:  # type: ignore[override]
        return (self <= bound) & (self >= bound)

    def __ne__(self, bound: object) -> Bool:  # type: ignore[override]
        return ~(self == bound)

    __hash__ = None  # type: ignore[assignment]

    def __bool__(self) -> NoReturn:
        raise ModelError(f"the clock {self._clock.name} is read as a truth value; compare it with a duration.")

    def __format__(self, spec: str) -> str:
        return format(Term(ex.ClockValue(self._clock, self._args)), spec)

    def __repr__(self) -> str:
        return f"the clock {self._clock.name}"


class Clock(Declared):
    """A real-valued clock per index: `paused_for = Clock("paused_for", Vm, during=lambda v: run[v] == Run.paused)`.

    It runs at rate one while `during` holds, starting from zero when that becomes true, and stands at zero otherwise; so it
    tells how long its condition has been true. Assigning 0 in an action starts it anew. Without `during` it always runs.
    """

    def __init__(self, name: str, *domain: type[Index], during: Callable[..., Bool] | None = None) -> None:
        params, term = _over(domain, during or (lambda *_: Bool(ex.TRUE)), name)
        condition = truth(term)
        self.symbol = ex.ClockSymbol(_name(name), _domain(domain, name), params, condition, caller())

    def __getitem__(self, key: object) -> Reading:
        return Reading(self.symbol, _arguments(key, self.symbol.domain, self.symbol.name))

    def __setitem__(self, key: object, value: object) -> None:
        args = _arguments(key, self.symbol.domain, self.symbol.name)
        if isinstance(value, bool) or not isinstance(value, int) or value != 0:
            raise ModelError(f"clock {self.symbol.name} can only be set to 0, which starts it anew.")
        actions.record(self.symbol, args, ex.Lit(0, ex.IntSort(0, 0)))

    @property
    def value(self) -> Reading:
        """The reading, of a clock that takes no arguments; assigning 0 to it in an action starts it anew."""
        return self[()]

    @value.setter
    def value(self, value: object) -> None:
        self[()] = value


class Definition(Declared, Generic[T_co]):
    """A named expression; see `definition`."""

    def __init__(self, symbol: ex.DefinitionSymbol, to: type[T_co]) -> None:
        self.symbol = symbol
        self._to = to
        # A definition may be given wherever a function of its arguments is wanted: premise=paused.
        kind = inspect.Parameter.POSITIONAL_ONLY
        self.__signature__ = inspect.Signature([inspect.Parameter(node.name, kind) for node in symbol.params])

    def __call__(self, *arguments: object) -> T_co:
        """The definition at some arguments. ModelError if they do not fit."""
        domain = tuple(node.sort for node in self.symbol.params)
        return self._to(ex.Read(self.symbol, _arguments(arguments, domain, self.symbol.name)))


def definition(function: Callable[..., T]) -> Definition[T]:
    """Decorator: names an expression over index parameters, `def paused(v: Vm) -> Bool: return run[v] == Run.paused`.

    The name is kept in the model, so that lemmas, pictures and mutants can speak of it.
    """
    where = location_of(function)
    pairs = [param(name, sort) for name, sort in classes(function)]
    result = function(*(term for _, term in pairs))
    if not isinstance(result, Term):
        raise ModelError(f"definition {function.__name__} returned {result!r}, which is not a symbolic value.")
    symbol = ex.DefinitionSymbol(function.__name__, tuple(node for node, _ in pairs), result.node.sort, result.node, where)
    return Definition(symbol, type(result))
