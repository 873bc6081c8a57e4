"""What is said about a system: properties to prove, deadlines that time keeps, axioms that constants satisfy.

    @invariant(source="seed text of 2017", premise=lambda v: paused(v), cause=lambda v: f"{v} has been paused too long")
    def pause_bounded(v: Vm) -> Bool:
        "No VM stays paused for the pause limit or longer."
        return implies(paused(v), paused_for[host_of[v]] < pause_limit)

A property holds for every value of its parameters in every reachable state. Its *premise* is what must be reached at least
once for "holds" to mean anything: a property whose premise is never reached is reported as vacuous (Beer et al. 1997).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import overload

from udproof.language import expressions as ex
from udproof.language.errors import Location, ModelError, caller
from udproof.language.functions import call, location_of, names_of
from udproof.language.sentences import Sentence, sentence
from udproof.language.terms import Bool, Index, classes, param, truth


@dataclass(frozen=True, slots=True)
class Property:
    """A state invariant: `body` holds for every value of `params` in every reachable state."""

    name: str
    statement: str
    source: str
    params: tuple[ex.Param, ...]
    body: ex.Expr
    premise: ex.Expr  # over the same parameters: reached when some values satisfy it
    cause: Sentence | None
    location: Location | None = field(compare=False)
    watches_time: bool = False  # true of TIME_CAN_PASS alone, whose body is about steps, not about a state's values
    lemmas: tuple[Property, ...] = field(default=(), compare=False)  # hints for a proof; no part of what is claimed


def mentioned(prop: Property) -> Iterator[ex.Symbol | ex.IndexSort]:
    """What a property's formula speaks of: symbols as they stand there, definitions not opened, and sorts."""
    yield from (node.sort for node in prop.params)
    for part in ex.walk(prop.body):
        match part:
            case ex.Read(symbol=symbol):
                yield symbol
            case ex.ClockIs(clock=clock, bound=bound):
                yield clock
                if isinstance(bound, ex.DurationSymbol):
                    yield bound
            case ex.ForAll(param=param) | ex.Exists(param=param):
                yield param.sort


TIME_CAN_PASS = Property(
    name="time-can-pass",
    statement="Whenever a deadline stops time, some action can still happen; that time then goes on is not claimed.",
    source="a model in which time stops with nothing left to do proves too much",
    params=(),
    body=ex.TRUE,
    premise=ex.TRUE,
    cause=None,
    location=None,
    watches_time=True,
)


@dataclass(frozen=True, slots=True)
class Deadline:
    """While `condition` holds, time may not pass beyond `limit` (a clock that is at most a duration)."""

    name: str
    params: tuple[ex.Param, ...]
    condition: ex.Expr
    limit: ex.ClockIs
    location: Location | None = field(compare=False)


@dataclass(frozen=True, slots=True)
class Axiom:
    """A condition on constants that every instance satisfies, for every value of `params`."""

    name: str
    statement: str
    params: tuple[ex.Param, ...]
    body: ex.Expr
    location: Location | None = field(compare=False)


@overload
def invariant(function: Callable[..., Bool], /) -> Property: ...


@overload
def invariant(
    *,
    source: str = ...,
    premise: Callable[..., Bool] | None = ...,
    cause: Callable[..., str] | None = ...,
    name: str | None = ...,
    lemmas: Iterable[Property] = ...,
) -> Callable[[Callable[..., Bool]], Property]: ...


def invariant(
    function: Callable[..., Bool] | None = None,
    *,
    source: str = "",
    premise: Callable[..., Bool] | None = None,
    cause: Callable[..., str] | None = None,
    name: str | None = None,
    lemmas: Iterable[Property] = (),
) -> Property | Callable[[Callable[..., Bool]], Property]:
    """Decorator: the function's formula, for every value of its parameters, as a property.

    The name is the function's with hyphens, unless `name` is given; the docstring's first paragraph is the statement.
    `premise` and `cause` take the same parameters. Without a premise, reaching any state is enough.

    `lemmas` are hints for a proof for every size: further properties, written like this one, that are tried as lemmas before any
    that are found. A proof that needs one says so. They are not believed, not checked by a search, and no part of the system.
    """

    def declare(function: Callable[..., Bool]) -> Property:
        where = location_of(function)
        statement = _statement(function)
        if not statement:
            raise ModelError(
                f"property {function.__name__} has no docstring; its first paragraph is the statement for people.", where
            )
        if not isinstance(name, str | None):
            raise ModelError(f"property {function.__name__} is given the name {name!r}, which is no text.", where)
        if (name or function.__name__.replace("_", "-")) == TIME_CAN_PASS.name:
            raise ModelError(f"{TIME_CAN_PASS.name} is the name of the check that every timed system gets; use another.", where)
        if isinstance(lemmas, Property):
            raise ModelError(f"the lemmas of property {function.__name__} are a tuple, even of one: lemmas=(x,).", where)
        hints = tuple(lemmas)
        if odd := [hint for hint in hints if not isinstance(hint, Property)]:
            raise ModelError(
                f"the lemmas of property {function.__name__} are properties, made by @invariant; {odd[0]!r} is none.", where
            )
        pairs = [param(label, sort) for label, sort in classes(function)]
        terms = [term for _, term in pairs]
        return Property(
            name or function.__name__.replace("_", "-"),
            statement,
            source,
            tuple(node for node, _ in pairs),
            truth(function(*terms)),
            ex.TRUE if premise is None else truth(call(premise, terms, "a premise")),
            None if cause is None else sentence(cause, terms),
            where,
            lemmas=hints,
        )

    return declare if function is None else declare(function)


def axiom(function: Callable[..., Bool]) -> Axiom:
    """Decorator: the function's formula over constants, for every value of its parameters, as an axiom."""
    where = location_of(function)
    pairs = [param(label, sort) for label, sort in classes(function)]
    body = truth(function(*(term for _, term in pairs)))
    return Axiom(function.__name__.replace("_", "-"), _statement(function), tuple(node for node, _ in pairs), body, where)


def deadline(name: str, *sorts: type[Index], during: Callable[..., Bool], limit: Callable[..., Bool]) -> Deadline:
    """While `during(...)` holds, time may not pass beyond `limit(...)`, which must read: clock[...] <= duration."""
    if not isinstance(name, str):
        raise ModelError("the first argument of deadline(...) is its name, a text.")
    labels = names_of(during, len(sorts), f"the condition of deadline {name!r}")
    pairs = [param(label, sort) for label, sort in zip(labels, sorts, strict=True)]
    terms = [term for _, term in pairs]
    bound = call(limit, terms, f"the limit of deadline {name!r}")
    if not (isinstance(bound, Bool) and isinstance(bound.node, ex.ClockIs) and bound.node.comparison == "<="):
        raise ModelError(
            f"the limit of deadline {name!r} must be of the form clock[...] <= duration, so that its last instant is allowed."
        )
    return Deadline(name, tuple(node for node, _ in pairs), truth(during(*terms)), bound.node, caller())


def _statement(function: Callable[..., object]) -> str:
    return " ".join((function.__doc__ or "").strip().split("\n\n")[0].split())
