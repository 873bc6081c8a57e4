"""What else could happen: for each state of a run every action that is possible there, with what it would change.

The idea: a reader of a counterexample asks "and if the host had resumed here?". A page in which the model runs (`runnable`) answers
by itself. Of a model that is too large for a page, the answers are computed beforehand by the reference semantics, for the states
of the run and one step beyond them, and no further; the page says so.
"""

from __future__ import annotations

from dataclasses import dataclass

from udproof.counterexamples.explain import actor, changes, duration, fill
from udproof.counterexamples.trace import Trace, Wait, describe
from udproof.language import Property
from udproof.language.semantics import Firing, Semantics, State

MOST = 40  # actions told of one state; of more, the rest is counted


@dataclass(frozen=True, slots=True)
class Possible:
    """An action that is possible in a state. `holds`: the property after it; `taken`: is it the run's next step?"""

    who: str
    action: str
    changed: tuple[str, ...]
    holds: bool
    taken: bool


@dataclass(frozen=True, slots=True)
class Choices:
    """All that can happen in a state: how long time may pass, the actions, and how many more there are."""

    time: str
    actions: tuple[Possible, ...]
    more: int


def choices(trace: Trace, prop: Property | None) -> tuple[Choices, ...]:
    """What can happen in each state of the run, the initial one first. Without a property, everything is said to hold."""
    taken = [None if isinstance(step.move, Wait) else step.move for step in trace.steps]
    return tuple(_choices(trace.semantics, state, prop, move) for state, move in zip(trace.states, [*taken, None], strict=True))


def _choices(semantics: Semantics, state: State, prop: Property | None, taken: Firing | None) -> Choices:
    enabled = semantics.enabled(state)
    # What the run does is told first, and is never among those that are only counted.
    ordered = sorted(enabled, key=lambda firing: firing != taken)
    acts = tuple(_possible(semantics, state, prop, firing, firing == taken) for firing in ordered[:MOST])
    return Choices(_time(semantics, state), acts, max(0, len(enabled) - MOST))


def _possible(semantics: Semantics, state: State, prop: Property | None, firing: Firing, taken: bool) -> Possible:
    after, says = semantics.fire(state, firing), firing.action.says
    text = describe(semantics, firing) if says is None else fill(says, semantics, state, semantics.env(firing))
    holds = prop is None or semantics.breaking(prop, after) is None
    return Possible(actor(semantics, firing), text, tuple(changes(semantics, state, after)), holds, taken)


def _time(semantics: Semantics, state: State) -> str:
    """How long time may pass in a state, and what ends it."""
    if not semantics.system.clocks:
        return ""
    patience = semantics.patience(state)
    if patience is None:
        return "Time may pass without end."
    deadline, env = semantics.blocked_by(semantics.passed(state, patience))[0]
    names = ", ".join(semantics.system.elements(node.sort)[place] for node, place in env.items())
    held = f"the deadline {deadline.name}({names})" if names else f"the deadline {deadline.name}"
    return (
        f"Time may pass for {duration(patience * semantics.time.unit)}, up to {held}." if patience else f"Time is held by {held}."
    )
