"""What a user writes: symbolic values with Python's own operators.

A sort is a class and its symbolic values are the instances, so that an action can say `def freeze(h: Host)` and both Python
and a type checker know what `h` is. A term wraps one node of `expressions`; its operators build larger ones. Since the value
is unknown while the model is written, asking a term for its truth (`if`, `and`, `not`, a chained comparison) is an error
that says what to write instead.
"""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from math import isfinite
from types import FunctionType
from typing import Any, ClassVar, NoReturn, TypeVar, cast

from udproof.language import expressions as ex
from udproof.language.errors import ModelError
from udproof.language.functions import names_of
from udproof.language.sentences import mention

T = TypeVar("T", bound="Term")
C = TypeVar("C")
_serials = itertools.count()

ARITHMETIC = ("add", "radd", "sub", "rsub", "mul", "rmul", "truediv", "rtruediv", "floordiv", "rfloordiv", "mod", "rmod", "pow",
               "rpow", "neg", "pos", "abs")  # fmt: skip
_ORDER = ("lt", "le", "gt", "ge")
LOGIC = ("and", "rand", "or", "ror", "xor", "rxor", "invert")


def refuses(operators: Iterable[str], sentence: Callable[[Any], str]) -> Callable[[type[C]], type[C]]:
    """Class decorator: operators that the class does not have are refused in a sentence about the value.

    They are not written as methods, so that a type checker, which sees none, refuses them too.
    """

    def decorate(cls: type[C]) -> type[C]:
        def refuse(value: object, *_: object) -> NoReturn:
            raise ModelError(sentence(value))

        for operator in operators:
            setattr(cls, f"__{operator}__", refuse)
        return cls

    return decorate


class Sort(type):
    """What the classes of symbolic values are: such a class is itself no collection."""

    def __iter__(cls) -> NoReturn:
        raise ModelError(f"{cls.__name__} cannot be iterated; to range over a sort write: for x in each({cls.__name__}).")


def _no_number(value: Term) -> str:
    if isinstance(value, Int):
        return "integers can be added, subtracted and compared, and nothing else; write x + x for twice x."
    return f"{value!r} takes part in no arithmetic; only integers do."


def _no_truth(value: Term) -> str:
    return (
        f"& | ~ join truth values, and {value!r} is none; they bind more tightly than == and <=, so put every comparison in "
        "parentheses: (a == b) & (c <= d)."
    )


@refuses(ARITHMETIC, _no_number)
@refuses(_ORDER, lambda value: f"{value!r} has no order; only integers do, so compare it by == or !=, or write x.among(a, b).")
@refuses(LOGIC, _no_truth)
class Term(metaclass=Sort):
    """A symbolic value. Equality builds a formula; it does not answer."""

    __slots__ = ("node",)
    sort: ClassVar[ex.Sort]

    def __init__(self, node: ex.Expr) -> None:
        if not isinstance(node, ex.Expr):
            raise ModelError(f"{type(self).__name__} is a sort, and is not called; write the value itself, without it.")
        self.node = node

    @classmethod
    def domain(cls) -> ex.Sort:
        """The sort of this class's values. ModelError for a class that stands for no particular sort."""
        if "sort" not in {name for base in cls.__mro__ for name in vars(base)}:
            hint = "use Int.between(low, high)" if issubclass(cls, Int) else "subclass it and give it values"
            kind = "an unbounded integer" if issubclass(cls, Int) else f"a bare {cls.__name__}"
            raise ModelError(f"{kind} is not a sort, since a state must be finite; {hint}.")
        return cls.sort

    def __eq__(self, other: object) -> Bool:  # type: ignore[override]
        return Bool(ex.Eq(self.node, lift(other, self.node.sort)))

    def __ne__(self, other: object) -> Bool:  # type: ignore[override]
        return ~(self == other)

    def __hash__(self) -> int:
        raise ModelError("a symbolic value cannot be a key of a dict or a member of a set, since it is not known yet.")

    def __bool__(self) -> NoReturn:
        raise ModelError(
            "Python asks for the truth of a symbolic value here (by if, and, or, not, in, or a chained comparison), "
            "but it is known only when the model runs; write require(...) for a guard, ite(condition, a, b) for a choice, "
            "and & | ~ for and, or, not."
        )

    def __iter__(self) -> NoReturn:
        raise ModelError("a symbolic value cannot be iterated; to range over a sort write: for x in each(Sort, condition).")

    def __format__(self, spec: str) -> str:
        return mention(self.node)

    def __str__(self) -> str:
        return mention(self.node)

    def __repr__(self) -> str:
        return f"a value of sort {self.node.sort}"

    def among(self, *values: object) -> Bool:
        """Is this one of the values?"""
        return Bool(ex.Or(tuple(ex.Eq(self.node, lift(value, self.node.sort)) for value in values)))


class Bool(Term):
    """A truth value."""

    __slots__ = ()
    sort = ex.BOOL

    def __and__(self, other: Bool | bool) -> Bool:
        return Bool(ex.conjunction([self.node, _joined(other)]))

    def __or__(self, other: Bool | bool) -> Bool:
        return Bool(ex.Or((self.node, _joined(other))))

    def __xor__(self, other: Bool | bool) -> Bool:
        return Bool(ex.Not(ex.Eq(self.node, _joined(other))))

    def __invert__(self) -> Bool:
        return Bool(ex.Not(self.node))

    __rand__ = __and__
    __ror__ = __or__
    __rxor__ = __xor__


def _joined(value: object) -> ex.Expr:
    if not isinstance(value, Bool | bool):
        raise ModelError(_no_truth(cast(Term, value)))
    return lift(value, ex.BOOL)


class Int(Term):
    """An integer within a range. `Int.between(0, 3)` is a sort; `Int` alone is not, since a state must be finite."""

    __slots__ = ()

    @staticmethod
    def between(low: int, high: int) -> type[Int]:
        """The sort of the integers from `low` to `high`, both included."""
        if not (isinstance(low, int) and isinstance(high, int)) or low > high:
            raise ModelError(f"Int.between({low!r}, {high!r}) is empty or not of whole numbers; give the lower end first.")
        return type(f"Int_{low}_{high}", (Int,), {"__slots__": (), "sort": ex.IntSort(low, high)})

    def _plus(self, other: Int | int, factor: Any) -> Int:
        right = lift(other, self.node.sort)
        a, b = self.node.sort, right.sort
        assert isinstance(a, ex.IntSort)
        assert isinstance(b, ex.IntSort)
        ends = (factor * b.low, factor * b.high)
        return Int(ex.Sum(self.node, right, factor, ex.IntSort(a.low + min(ends), a.high + max(ends))))

    def __add__(self, other: Int | int) -> Int:
        return self._plus(other, 1)

    def __sub__(self, other: Int | int) -> Int:
        return self._plus(other, -1)

    __radd__ = __add__

    def __rsub__(self, other: int) -> Int:
        return Int(lift(other, self.node.sort)) - self

    def __le__(self, other: Int | int) -> Bool:
        return Bool(ex.Le(self.node, lift(other, self.node.sort)))

    def __ge__(self, other: Int | int) -> Bool:
        return Bool(ex.Le(lift(other, self.node.sort), self.node))

    def __lt__(self, other: Int | int) -> Bool:
        return ~(self >= other)

    def __gt__(self, other: Int | int) -> Bool:
        return ~(self <= other)


class Index(Term):
    """An individual: a host, a VM, a process.

    `class Host(Index)` declares a sort whose size a concrete system gives; `class Rm(Index, size=3)` one of three
    elements rm0, rm1, rm2; `class Side(Index, elements=("left", "right"))` names them.
    """

    __slots__ = ()

    def __init_subclass__(cls, size: int | None = None, elements: tuple[str, ...] | None = None) -> None:
        super().__init_subclass__()
        if size is not None:
            if elements is not None:
                raise ModelError(f"index sort {cls.__name__} has a size and elements; give one of the two.")
            if not isinstance(size, int) or size < 1:
                raise ModelError(f"index sort {cls.__name__} has size {size!r}; a size is a whole number from 1.")
            elements = tuple(f"{cls.__name__.lower()}{number}" for number in range(size))
        cls.sort = ex.IndexSort(cls.__name__, None if elements is None else element_names(cls.__name__, elements))


def element_names(sort: str, names: object) -> tuple[str, ...]:
    """The names of the elements of a sort. ModelError unless there is one at least, each is a text, and each is there once."""
    if isinstance(names, str) or not isinstance(names, Iterable):
        raise ModelError(f'the elements of index sort {sort} are given as {names!r}; give a tuple of names, such as ("a", "b").')
    found: dict[str, None] = {}
    for name in names:
        if not isinstance(name, str):
            raise ModelError(f"{name!r} is given as an element of index sort {sort}; an element is called by a text.")
        if name in found:
            raise ModelError(f"two elements of {sort} are called {name!r}; give each its own name.")
        found[name] = None
    if not found:
        raise ModelError(f"index sort {sort} is empty; give it at least one element.")
    return tuple(found)


class Enumeration(Term):
    """A named value out of a few: `class Phase(Enumeration): working = member(); prepared = member()`."""

    __slots__ = ()

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        members = {name: value for name, value in vars(cls).items() if isinstance(value, _Member)}
        for name, value in vars(cls).items():
            if value is member or not (name.startswith("_") or isinstance(value, _Member | FunctionType)):
                raise ModelError(f"{name} of enumeration {cls.__name__} is no member; write it as: {name} = member().")
        if not members:
            raise ModelError(f"enumeration {cls.__name__} has no values; write one as: name = member().")
        sort = ex.EnumSort(cls.__name__, tuple(members), tuple(value.words or name for name, value in members.items()))
        cls.sort = sort
        for code, name in enumerate(members):
            setattr(cls, name, cls(ex.Lit(code, sort)))


@dataclass(frozen=True, slots=True, eq=False)
class _Member:
    """A value of an enumeration, before its class has given it a place."""

    words: str


def member(words: str = "") -> Enumeration:
    """One value of an enumeration; its name is the attribute that it is assigned to.

    `words` are what sentences say in its place, where the name alone reads badly: `rollback = member("rolling back")`.
    """
    return cast(Enumeration, _Member(words))  # the class puts the value itself in this place when it is made


def lift(value: object, sort: ex.Sort) -> ex.Expr:
    """A Python value or a term, as a node of the sort. ModelError if it is of another sort."""
    if isinstance(value, Term):
        given = value.node.sort
        if given == sort or (isinstance(given, ex.IntSort) and isinstance(sort, ex.IntSort)):
            return value.node
        raise ModelError(f"a value of sort {given} stands where one of sort {sort} is needed.")
    if isinstance(sort, ex.BoolSort) and isinstance(value, bool):
        return ex.Lit(int(value), sort)
    if isinstance(sort, ex.IntSort) and isinstance(value, int) and not isinstance(value, bool):
        return ex.Lit(value, ex.IntSort(value, value))
    if isinstance(sort, ex.EnumSort) and isinstance(value, str) and value in sort.members:
        return ex.Lit(sort.members.index(value), sort)
    if isinstance(sort, ex.IndexSort) and isinstance(value, str):
        if sort.elements is not None and value not in sort.elements:
            raise ModelError(f"sort {sort} has no element {value!r}; it has {', '.join(sort.elements)}.")
        return ex.Lit(value, sort)
    hint = "; an element is called by its name" if isinstance(sort, ex.IndexSort) and isinstance(value, int) else ""
    raise ModelError(f"{value!r} ({type(value).__name__}) stands where a value of sort {sort} is needed{hint}.")


def truth(value: object) -> ex.Expr:
    """A formula. ModelError if the value is not one; a plain True or False is not, since Python has computed it already."""
    if isinstance(value, bool):
        raise ModelError(
            f"a formula is needed here, and Python has already computed plain {value}; compare symbolic values "
            "(a variable without arguments is read as name.value, a definition is called), not the declarations themselves."
        )
    if value is None:
        raise ModelError("a formula is needed here, and the function returns nothing; is its return missing?")
    return lift(value, ex.BOOL)


@refuses((*ARITHMETIC, *_ORDER, *LOGIC, "call", "getitem"), lambda value: value.misuse)
class Declared:
    """What declarations share: one is a function, not a value, so Python must not compare it or take it for a truth."""

    @property
    def misuse(self) -> str:
        """What to say when the declaration stands where a value belongs."""
        name = repr(self)
        return (
            f"{name} is a declaration, not a value: read it at its arguments as {name}[...], without arguments as {name}.value, "
            f"and a definition by calling it."
        )

    def __repr__(self) -> str:
        return str(getattr(getattr(self, "symbol", None), "name", type(self).__name__))

    def _refuse(self) -> NoReturn:
        raise ModelError(self.misuse)

    def __bool__(self) -> NoReturn:  # noqa: PLE0304 - it never returns
        self._refuse()

    def __eq__(self, other: object) -> Any:
        self._refuse()

    def __ne__(self, other: object) -> Any:
        self._refuse()

    __hash__ = object.__hash__


def classes(function: Callable[..., object]) -> list[tuple[str, type[Index]]]:
    """The parameters of a function with their index sorts, from its annotations. ModelError for any other."""
    try:
        inside = "." in function.__qualname__  # of a function or class, whose names its annotations can mean
        hints = inspect.get_annotations(function, eval_str=True, locals=_around() if inside else None)
    except NameError as problem:
        raise ModelError(f"{function.__name__}: {problem}; annotate each parameter with an index sort.") from None
    found: list[tuple[str, type[Index]]] = []
    for name, parameter in inspect.signature(function).parameters.items():
        hint = hints.get(name)
        if parameter.kind not in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
            raise ModelError(f"{function.__name__} must take plain parameters; {parameter} is none.")
        if not (isinstance(hint, type) and issubclass(hint, Index) and hint is not Index):
            given = "has no annotation" if hint is None else f"is annotated with {hint!r}"
            raise ModelError(f"parameter {name} of {function.__name__} {given}; annotate it with an index sort, as in h: Host.")
        found.append((name, hint))
    return found


def _around() -> dict[str, object]:
    """Names that annotations written inside a function can mean: those of the frames now on the stack, outermost last."""
    frame = inspect.currentframe()
    names: dict[str, object] = {}
    while frame is not None:
        for name, value in list(frame.f_locals.items()):
            names.setdefault(name, value)
        frame = frame.f_back
    return names


def sort_of(given: object, what: str) -> ex.Sort:
    """The sort of a class. ModelError if it is not the class of a sort."""
    if not isinstance(given, Sort):
        shown = given.__name__ if isinstance(given, type) else repr(given)
        raise ModelError(f"{what} a sort (Bool, Int.between(low, high), an Enumeration or an Index), and {shown} is none.")
    return cast(type[Term], given).domain()


def param(name: str, sort: type[T]) -> tuple[ex.Param, T]:
    """A fresh parameter and the term that reads it."""
    domain = sort.domain() if isinstance(sort, Sort) else None
    if not isinstance(domain, ex.IndexSort):
        shown = domain or repr(sort)
        raise ModelError(f"only an index sort can be ranged over, and {shown} is not one; declare it as: class Name(Index).")
    node = ex.Param(name, domain, next(_serials))
    return node, sort(node)


def _bound(sort: type[T], function: Callable[[T], object]) -> tuple[ex.Param, ex.Expr]:
    node, term = param(names_of(function, 1, "a condition")[0], sort)
    return node, truth(function(term))


def forall(sort: type[T], condition: Callable[[T], Bool]) -> Bool:
    """Does the condition hold for every element of the index sort?"""
    return Bool(ex.ForAll(*_bound(sort, condition)))


def exists(sort: type[T], condition: Callable[[T], Bool]) -> Bool:
    """Does the condition hold for some element of the index sort?"""
    return Bool(ex.Exists(*_bound(sort, condition)))


def count(sort: type[T], condition: Callable[[T], Bool]) -> Int:
    """How many elements of the index sort satisfy the condition?"""
    return Int(ex.Count(*_bound(sort, condition), sort=ex.IntSort(0, 10**6)))


def implies(premise: Bool, conclusion: Bool) -> Bool:
    """Whenever the premise holds, so does the conclusion."""
    return Bool(ex.Or((ex.Not(truth(premise)), truth(conclusion))))


def ite(condition: Bool, then: T | bool | int | str, other: T | bool | int | str) -> T:
    """`then` if the condition holds, `other` if not. At least one of the two must be a term, so that the sort is known."""
    known = then if isinstance(then, Term) else other if isinstance(other, Term) else None
    if known is None:
        raise ModelError("ite(condition, a, b) cannot tell the sort of a and b; give at least one of them as a term.")
    sort = known.node.sort
    a, b = lift(then, sort), lift(other, sort)
    if isinstance(a.sort, ex.IntSort) and isinstance(b.sort, ex.IntSort):
        sort = ex.IntSort(min(a.sort.low, b.sort.low), max(a.sort.high, b.sort.high))
    return type(known)(ex.Ite(truth(condition), a, b, sort))


def seconds(value: object) -> Fraction:
    """A time in seconds, exactly. Accepts int, Fraction, and float by its shortest decimal (0.1 is one tenth)."""
    if isinstance(value, bool) or not isinstance(value, int | float | Fraction):
        raise ModelError(f"{value!r} is not a time; give a number of seconds or a Duration.")
    if isinstance(value, float) and not isfinite(value):
        raise ModelError(f"{value!r} is not a time; a duration is finite.")
    exact = Fraction(str(value)) if isinstance(value, float) else Fraction(value)
    if exact < 0:
        raise ModelError(f"{value!r} seconds is negative; a duration is at least 0.")
    return exact
