"""How a run of a system is drawn: lanes and bars, declared beside the model so that pictures read the one definition.

    picture = lanes(Vm, group=domain_of, bars=[
        bar("notified", "notified", lambda v: event[event_of[v]] == Status.scheduled),
        bar("paused", "paused", paused, limit=pause_limit),
    ])

There is a lane per element of one index sort; a bar covers each stretch of time in which its condition holds, and the first
bar of the list that applies wins. A system without a picture is drawn from the values of its enumerations.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from udproof.language import expressions as ex
from udproof.language.errors import ModelError
from udproof.language.functions import call
from udproof.language.symbols import Constant, Definition, Duration
from udproof.language.terms import Bool, Index, param, truth

KINDS = ("notified", "paused", "running", "late", "ahead", "down", "torn", "working", *(f"kind{number}" for number in range(8)))
"""The styles that a bar may have: some with a meaning of their own, and eight for any other system."""


@dataclass(frozen=True, slots=True)
class BarRule:
    """A bar labelled `label` and drawn in the style `kind` wherever `condition` holds; `limit` marks how long it may be."""

    label: str
    kind: str
    condition: ex.Expr
    limit: ex.DurationSymbol | None


@dataclass(frozen=True, slots=True)
class Lanes:
    """A lane per element of `lane.sort`, gathered by `group`, with bars by rules over `lane`."""

    lane: ex.Param
    group: ex.Expr | None
    bars: tuple[BarRule, ...]


Bar = tuple[str, str, Callable[..., Bool] | Definition[Bool], Duration | None]


def bar(label: str, kind: str, condition: Callable[..., Bool] | Definition[Bool], limit: Duration | None = None) -> Bar:
    """A rule for `lanes`: where `condition(element)` holds, draw a bar of that kind. ModelError for an unknown kind."""
    if kind not in KINDS:
        raise ModelError(f"bar {label!r} has the unknown kind {kind!r}; the kinds are {', '.join(KINDS)}.")
    if not isinstance(limit, Duration | None):
        raise ModelError(f"the limit of bar {label!r} is a Duration, and {limit!r} is none.")
    return label, kind, condition, limit


def lanes(sort: type[Index], *, group: Constant[Index] | None = None, bars: list[Bar]) -> Lanes:
    """A lane per element of the sort, gathered by the value of the constant `group`. ModelError for anything else."""
    if not isinstance(bars, list | tuple) or not all(isinstance(one, tuple) for one in bars):
        raise ModelError("bars=... of lanes takes a list of bar(...), even of one.")
    if not isinstance(group, Constant | None):
        raise ModelError(f"group=... of lanes takes a constant, by whose value lanes are gathered, and {group!r} is none.")
    node, term = param("lane", sort)
    rules: list[BarRule] = []
    for label, kind, condition, limit in bars:
        holds = truth(call(condition, [term], f"the condition of bar {label!r}"))
        rules.append(BarRule(label, kind, holds, None if limit is None else limit.symbol))
    return Lanes(node, None if group is None else group[term].node, tuple(rules))
