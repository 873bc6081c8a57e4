"""What is said about a system: properties to prove, deadlines that time keeps, axioms that constants satisfy.

    @invariant(source="seed text of 2017", premise=lambda v: paused(v), cause=lambda v: f"{v} has been paused too long")
    def pause_bounded(v: Vm) -> Bool:
        "No VM stays paused for the pause limit or longer."
        return implies(paused(v), paused_for[host_of[v]] < pause_limit)

A property holds for every value of its parameters in every reachable state. Its *premise* is what must be reached at least
once for "holds" to mean anything: a property whose premise is never reached is reported as vacuous (Beer et al. 1997).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from udproof.language import expressions as ex
from udproof.language.errors import Location, ModelError
from udproof.language.terms import Bool, Index, Sentence, call, classes, names_of, param, sentence, truth


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


TIME_CAN_PASS = Property(
    name="time-can-pass",
    statement="Whenever a deadline stops time, some action can still happen.",
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


@dataclass(frozen=True, slots=True)
class Axiom:
    """A condition on constants that every instance satisfies, for every value of `params`."""

    name: str
    statement: str
    params: tuple[ex.Param, ...]
    body: ex.Expr


def invariant(
    *,
    source: str = "",
    premise: Callable[..., Bool] | None = None,
    cause: Callable[..., str] | None = None,
    name: str | None = None,
) -> Callable[[Callable[..., Bool]], Property]:
    """Decorator: the function's formula, for every value of its parameters, as a property.

    The name is the function's with hyphens, unless `name` is given; the docstring's first paragraph is the statement.
    `premise` and `cause` take the same parameters. Without a premise, reaching any state is enough.
    """

    def declare(function: Callable[..., Bool]) -> Property:
        where = Location(function.__code__.co_filename, function.__code__.co_firstlineno)
        statement = _statement(function)
        if not statement:
            raise ModelError(
                f"property {function.__name__} has no docstring; its first paragraph is the statement for people.", where
            )
        if (name or function.__name__.replace("_", "-")) == TIME_CAN_PASS.name:
            raise ModelError(f"{TIME_CAN_PASS.name} is the name of the check that every timed system gets; use another.", where)
        pairs = [param(label, sort) for label, sort in classes(function)]
        terms = [term for _, term in pairs]
        return Property(
            name or function.__name__.replace("_", "-"),
            statement,
            source,
            tuple(node for node, _ in pairs),
            truth(function(*terms)),
            ex.TRUE if premise is None else truth(call(premise, terms, "a premise")),
            None if cause is None else sentence(cause, list(terms)),
            where,
        )

    return declare


def axiom(function: Callable[..., Bool]) -> Axiom:
    """Decorator: the function's formula over constants, for every value of its parameters, as an axiom."""
    pairs = [param(label, sort) for label, sort in classes(function)]
    body = truth(function(*(term for _, term in pairs)))
    return Axiom(function.__name__.replace("_", "-"), _statement(function), tuple(node for node, _ in pairs), body)


def deadline(name: str, *sorts: type[Index], during: Callable[..., Bool], limit: Callable[..., Bool]) -> Deadline:
    """While `during(...)` holds, time may not pass beyond `limit(...)`, which must read: clock[...] <= duration."""
    labels = names_of(during, len(sorts), f"the condition of deadline {name!r}")
    pairs = [param(label, sort) for label, sort in zip(labels, sorts, strict=True)]
    terms = [term for _, term in pairs]
    bound = call(limit, terms, f"the limit of deadline {name!r}")
    if not (isinstance(bound, Bool) and isinstance(bound.node, ex.ClockIs) and bound.node.comparison == "<="):
        raise ModelError(
            f"the limit of deadline {name!r} must be of the form clock[...] <= duration, so that its last instant is allowed."
        )
    return Deadline(name, tuple(node for node, _ in pairs), truth(during(*terms)), bound.node)


def _statement(function: Callable[..., object]) -> str:
    return " ".join((function.__doc__ or "").strip().split("\n\n")[0].split())
