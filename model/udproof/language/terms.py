"""What a user writes: symbolic values with Python's own operators.

A sort is a class and its symbolic values are the instances, so that an action can say `def freeze(h: Host)` and both Python
and a type checker know what `h` is. A term wraps one node of `expressions`; its operators build larger ones. Since the value
is unknown while the model is written, asking a term for its truth (`if`, `and`, `not`, a chained comparison) is an error
that says what to write instead.
"""

from __future__ import annotations

import inspect
import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from fractions import Fraction
from math import isfinite
from typing import Any, ClassVar, NoReturn, TypeVar, cast

from udproof.language import expressions as ex
from udproof.language.errors import ModelError

T = TypeVar("T", bound="Term")
_serials = itertools.count()

_PLACE = re.compile("\x00(\\d+)\x00")  # stands in a traced sentence where an expression was; see `sentence`


class Term:
    """A symbolic value. Equality builds a formula; it does not answer."""

    __slots__ = ("node",)
    sort: ClassVar[ex.Sort]

    def __init__(self, node: ex.Expr) -> None:
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
        return _mention(self.node)

    def among(self, *values: object) -> Bool:
        """Is this one of the values?"""
        return Bool(ex.Or(tuple(ex.Eq(self.node, lift(value, self.node.sort)) for value in values)))


class Bool(Term):
    """A truth value."""

    __slots__ = ()
    sort = ex.BOOL

    def __and__(self, other: Bool | bool) -> Bool:
        return Bool(ex.conjunction([self.node, lift(other, ex.BOOL)]))

    def __or__(self, other: Bool | bool) -> Bool:
        return Bool(ex.Or((self.node, lift(other, ex.BOOL))))

    def __xor__(self, other: Bool | bool) -> Bool:
        return Bool(ex.Not(ex.Eq(self.node, lift(other, ex.BOOL))))

    def __invert__(self) -> Bool:
        return Bool(ex.Not(self.node))

    __rand__ = __and__
    __ror__ = __or__
    __rxor__ = __xor__


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
            if not isinstance(size, int) or size < 1:
                raise ModelError(f"index sort {cls.__name__} has size {size!r}; a size is a whole number from 1.")
            elements = tuple(f"{cls.__name__.lower()}{number}" for number in range(size))
        if elements is not None and (not elements or len(set(elements)) < len(elements)):
            raise ModelError(f"index sort {cls.__name__} needs at least one element, and each name once.")
        cls.sort = ex.IndexSort(cls.__name__, elements)


class Enumeration(Term):
    """A named value out of a few: `class Phase(Enumeration): working = member(); prepared = member()`."""

    __slots__ = ()

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        names = tuple(name for name, value in vars(cls).items() if isinstance(value, _Member))
        if not names:
            raise ModelError(f"enumeration {cls.__name__} has no values; write one as: name = member().")
        sort = ex.EnumSort(cls.__name__, names)
        cls.sort = sort
        for code, name in enumerate(names):
            setattr(cls, name, cls(ex.Lit(code, sort)))


class _Member:
    """A value of an enumeration, before its class has given it a place."""


def member() -> Enumeration:
    """One value of an enumeration; its name is the attribute that it is assigned to."""
    return cast(Enumeration, _Member())  # the class puts the value itself in this place when it is made


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
    raise ModelError(f"{value!r} ({type(value).__name__}) stands where a value of sort {sort} is needed.")


def truth(value: object) -> ex.Expr:
    """A formula. ModelError if the value is not one; a plain True or False is not, since Python has computed it already."""
    if isinstance(value, bool):
        raise ModelError(
            f"a formula is needed here, and Python has already computed plain {value}; compare symbolic values "
            "(a variable without arguments is read as name.value, a definition is called), not the declarations themselves."
        )
    return lift(value, ex.BOOL)


def call(function: Callable[..., Any], terms: Sequence[object], what: str) -> Any:
    """The function at some terms. ModelError if it does not take that many."""
    try:
        inspect.signature(function).bind(*terms)
    except TypeError:
        raise ModelError(f"the function given as {what} must take exactly {len(terms)} argument(s).") from None
    return function(*terms)


def names_of(function: Callable[..., object], how_many: int, what: str) -> list[str]:
    """Names for the arguments of a function: its own where it has them. ModelError if it takes another number of them."""
    parameters = list(inspect.signature(function).parameters.values())
    if any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters):
        return [f"x{place}" for place in range(how_many)]
    if len(parameters) != how_many:
        raise ModelError(f"the function given as {what} takes {len(parameters)} argument(s), and {how_many} are needed.")
    return [parameter.name for parameter in parameters]


class Declared:
    """What declarations share: one is a function, not a value, so Python must not compare it or take it for a truth."""

    def _refuse(self) -> NoReturn:
        name = getattr(getattr(self, "symbol", None), "name", type(self).__name__)
        raise ModelError(
            f"{name} is a declaration, not a value: read it at its arguments as {name}[...], without arguments as {name}.value, "
            f"and a definition by calling it."
        )

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
        hints = inspect.get_annotations(function, eval_str=True, locals=_closure(function))
    except NameError as problem:
        raise ModelError(f"{function.__name__}: {problem}; annotate each parameter with an index sort.") from None
    found: list[tuple[str, type[Index]]] = []
    for name in inspect.signature(function).parameters:
        hint = hints.get(name)
        if not (isinstance(hint, type) and issubclass(hint, Index) and hint is not Index):
            given = "has no annotation" if hint is None else f"is annotated with {hint!r}"
            raise ModelError(f"parameter {name} of {function.__name__} {given}; annotate it with an index sort, as in h: Host.")
        found.append((name, hint))
    return found


def _closure(function: Callable[..., object]) -> dict[str, object]:
    """Names that annotations written inside a function can mean: those of the frames now on the stack, outermost last."""
    frame = inspect.currentframe()
    names: dict[str, object] = {}
    while frame is not None:
        for name, value in list(frame.f_locals.items()):
            names.setdefault(name, value)
        frame = frame.f_back
    return names


def param(name: str, sort: type[T]) -> tuple[ex.Param, T]:
    """A fresh parameter and the term that reads it."""
    domain = sort.domain()
    if not isinstance(domain, ex.IndexSort):
        raise ModelError(f"only an index sort can be ranged over, and {domain} is not one; declare it as: class Name(Index).")
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


# --- Sentences for people, traced like formulas: `lambda v: f"{v} is paused on {host_of[v]}"`.


@dataclass(frozen=True, slots=True)
class Sentence:
    """Text with expressions in it: `texts[0]`, value of `parts[0]`, `texts[1]`, ... There is one text more than parts."""

    texts: tuple[str, ...]
    parts: tuple[ex.Expr, ...]


@dataclass(slots=True)
class _Mentions:
    nodes: list[ex.Expr] = field(default_factory=list)


_mentions: ContextVar[_Mentions | None] = ContextVar("mentions", default=None)


def _mention(node: ex.Expr) -> str:
    open_sentence = _mentions.get()
    if open_sentence is None:
        raise ModelError("a symbolic value has no text yet; only the sentences of actions and properties may contain one.")
    open_sentence.nodes.append(node)
    return f"\x00{len(open_sentence.nodes) - 1}\x00"


@contextmanager
def _listening() -> Iterator[_Mentions]:
    heard = _Mentions()
    token = _mentions.set(heard)
    try:
        yield heard
    finally:
        _mentions.reset(token)


def sentence(write: Callable[..., str], terms: list[Any]) -> Sentence:
    """The sentence that `write` makes of the terms, each `{...}` of its f-string kept as an expression."""
    with _listening() as heard:
        text = call(write, terms, "a sentence")
    pieces = _PLACE.split(text)
    return Sentence(tuple(pieces[0::2]), tuple(heard.nodes[int(number)] for number in pieces[1::2]))


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
