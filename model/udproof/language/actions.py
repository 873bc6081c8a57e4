"""Actions: ordinary Python functions, run once with symbolic arguments.

    @action(by="h", says=lambda h: f"{h} pauses its VMs")
    def freeze(h: Host) -> None:
        require(stage[h] == Stage.quiescing, "the host is quiescing")
        stage[h] = Stage.paused
        for v in each(Vm, lambda v: host_of[v] == h):
            run[v] = Run.paused

`require` adds a conjunct to the guard, with a label that explanations and mutants use. An assignment records an update; all
updates of an action happen at once and their right sides read the state before it (as in TLA+ and in a simultaneous
substitution), so the order of lines means nothing. `for v in each(...)` runs its body once, for a `v` that stands for every
element with that property.

An update writes to a variable at parameters of the action and at elements of an `each`, each at most once per action: that
makes the post-state a substitution, `ite(x = h, new, old)`, which is what the proofs for every size rest on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeVar, overload

from udproof.language import expressions as ex
from udproof.language.errors import Location, ModelError
from udproof.language.functions import location_of, names_of
from udproof.language.sentences import Sentence, sentence
from udproof.language.terms import Bool, Index, Term, classes, param, truth

Element = TypeVar("Element", bound=Index)


class Fairness(Enum):
    """What a liveness property may assume of an action. Safety never depends on it."""

    NONE = "none"
    WEAK = "weak"
    STRONG = "strong"


@dataclass(frozen=True, slots=True)
class Guard:
    """A conjunct of an action's guard, with the words that name it."""

    label: str
    condition: ex.Expr


@dataclass(frozen=True, slots=True)
class Update:
    """For every value of `binders` that satisfies `where`: target[index] := value. A clock is only ever set to 0."""

    target: ex.VariableSymbol | ex.ClockSymbol
    binders: tuple[ex.Param, ...]
    where: ex.Expr
    index: tuple[ex.Expr, ...]
    value: ex.Expr


@dataclass(frozen=True, slots=True)
class Action:
    """One named, instantaneous step of the system."""

    name: str
    params: tuple[ex.Param, ...]
    guards: tuple[Guard, ...]
    updates: tuple[Update, ...]
    by: str  # who acts: a word, or the name of a parameter
    says: Sentence | None
    summary: str
    fairness: Fairness
    location: Location | None = field(compare=False)


@dataclass(slots=True)
class Draft:
    """What a function has left behind while it is being traced."""

    name: str
    guards: list[Guard] = field(default_factory=list)
    updates: list[Update] = field(default_factory=list)
    binders: list[tuple[ex.Param, ex.Expr]] = field(default_factory=list)


_draft: ContextVar[Draft | None] = ContextVar("draft", default=None)


@contextmanager
def _tracing(name: str) -> Iterator[Draft]:
    draft = Draft(name)
    token = _draft.set(draft)
    try:
        yield draft
    finally:
        _draft.reset(token)


def _current(what: str) -> Draft:
    draft = _draft.get()
    if draft is None:
        raise ModelError(f"{what} belongs inside a function decorated with @action.")
    return draft


def require(condition: Bool, label: str = "") -> None:
    """Add a conjunct to the guard of the action. `label` says it in words; without one, the formula itself does."""
    draft = _current("require(...)")
    if draft.binders:
        raise ModelError("require(...) stands inside an each loop; write forall(...) for a guard about every element.")
    if not isinstance(label, str):
        raise ModelError(f"the label of a guard is a text, and {label!r} is none; join conditions with &.")
    draft.guards.append(Guard(label, truth(condition)))


def each(sort: type[Element], where: Callable[[Element], Bool] | None = None) -> Iterator[Element]:
    """Range over the elements that satisfy `where`: the loop's body runs once and its updates are for each of them."""
    draft = _current("each(...)")
    node, term = param("x" if where is None else names_of(where, 1, "the condition of each(...)")[0], sort)
    condition = ex.TRUE if where is None else truth(where(term))
    draft.binders.append((node, condition))
    yield term
    draft.binders.remove((node, condition))


def record(target: ex.VariableSymbol | ex.ClockSymbol, index: tuple[ex.Expr, ...], value: ex.Expr) -> None:
    """Note an update of the action that is being traced. ModelError if it is ambiguous or a second one."""
    draft = _current(f"an assignment to {target.name}")
    if any(update.target is target for update in draft.updates):
        raise ModelError(
            f"action {draft.name} updates {target.name} twice; the updates of an action happen at once, so write one: "
            f"{target.name}[x] = ite(condition, a, b), inside an each loop if it concerns several elements."
        )
    binders = tuple(node for node, _ in draft.binders)
    plain = [argument for argument in index if argument in binders]
    if len(plain) != len(binders) or len(set(plain)) != len(binders):
        raise ModelError(
            f"action {draft.name} updates {target.name} inside each loops, but not at exactly the elements of those loops, "
            f"each once; assign to {target.name}[...] with every loop variable as one of the arguments."
        )
    for argument in index:
        if argument not in binders and ex.free_params(argument) & set(binders):
            raise ModelError(
                f"action {draft.name} updates {target.name} at an index computed from a loop variable; use the variable itself."
            )
    if isinstance(value.sort, ex.IntSort) and isinstance(target, ex.VariableSymbol) and isinstance(target.sort, ex.IntSort):
        given, wanted = value.sort, target.sort
        if given.high < wanted.low or given.low > wanted.high:
            raise ModelError(
                f"action {draft.name} sets {target.name} to {given.low}..{given.high}, "
                f"outside its range {wanted.low}..{wanted.high}."
            )
    where = ex.conjunction([condition for _, condition in draft.binders])
    draft.updates.append(Update(target, binders, where, index, value))


@overload
def action(function: Callable[..., None], /) -> Action: ...


@overload
def action(
    *, by: str = ..., says: Callable[..., str] | None = ..., fairness: Fairness = ...
) -> Callable[[Callable[..., None]], Action]: ...


def action(
    function: Callable[..., None] | None = None,
    *,
    by: str = "system",
    says: Callable[..., str] | None = None,
    fairness: Fairness = Fairness.NONE,
) -> Action | Callable[[Callable[..., None]], Action]:
    """Decorator: trace a function as an action.

    `by` is who acts (a word, or the name of a parameter: that element acts); `says` a sentence over the parameters, for
    step tables; the docstring's first line is the summary. ModelError for anything that is not a guard or an update.
    """
    if function is None:
        return lambda body: _action(body, by, says, fairness)
    return _action(function, by, says, fairness)


def trace(function: Callable[..., None], terms: Sequence[Term]) -> Draft:
    """The guards and updates that a function leaves behind at some terms. ModelError for anything else that it does."""
    where = location_of(function)
    with _tracing(function.__name__) as draft:
        result: object = function(*terms)  # type: ignore[func-returns-value]  # a user may return something all the same
        if draft.binders:
            raise ModelError(f"action {draft.name} leaves an each loop by break or return; its body must run to its end.", where)
    if result is not None:
        kind = "a formula" if isinstance(result, Term) else repr(result)
        raise ModelError(f"action {draft.name} returns {kind}; write require(...) for a guard, and return nothing.", where)
    return draft


def _action(function: Callable[..., None], by: str, says: Callable[..., str] | None, fairness: Fairness) -> Action:
    where = location_of(function)
    pairs = [param(name, sort) for name, sort in classes(function)]
    terms = [term for _, term in pairs]
    if not isinstance(by, str):
        raise ModelError(f"action {function.__name__} is by {by!r}; give a word, or the name of a parameter as a text.", where)
    if not isinstance(fairness, Fairness):
        raise ModelError(f"the fairness of action {function.__name__} is {fairness!r}; give Fairness.WEAK or another.", where)
    draft = trace(function, terms)
    if not draft.updates:
        raise ModelError(
            f"action {draft.name} updates nothing; an action must change something, by name[...] = x or name.value = x.",
            where,
        )
    summary = (function.__doc__ or "").strip().split("\n")[0]
    said = None if says is None else sentence(says, terms)
    return Action(
        draft.name, tuple(node for node, _ in pairs), tuple(draft.guards), tuple(draft.updates), by, said, summary, fairness, where
    )
