"""What a violation leaves to ask: which part of the property is false, with which values, and what the right model does there.

The idea: the cause says in the model's words what is wrong at the end. A reviewer then asks for the formula, and for the step at
which things went wrong, which is seldom the last one. Where the system is a right one with a mistake in it, that step can be told
exactly: the run is taken through the right system too, step by step, up to the first step that it refuses (a guard of it, or a
deadline) or in which it does something else. What it allows there instead is what would have been legal.

Everything here is decided by the reference semantics.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from udproof.counterexamples.explain import duration, false_part, place_name, readings, word
from udproof.counterexamples.trace import Trace, Wait, describe
from udproof.language import Property, System
from udproof.language import expressions as ex
from udproof.language.evaluation import Env, Structure, evaluate
from udproof.language.printing import show
from udproof.language.semantics import Firing, Semantics, State

_LISTED = 6  # so many of the things that could happen instead are told; of more, the rest is counted


@dataclass(frozen=True, slots=True)
class Failing:
    """The part of a property that is false: its formula with the elements' names, and each value that it reads."""

    formula: str
    values: tuple[tuple[str, str], ...]


def failing(trace: Trace, prop: Property) -> Failing | None:
    """The part that is false in the last state; None where there is no formula (time has stopped). ValueError if it holds."""
    env = trace.semantics.breaking(prop, trace.last)
    if env is None:
        raise ValueError(f"property {prop.name} holds in the last state of this run, so no part of it is false.")
    if prop.watches_time:
        return None
    world = trace.semantics.world(readings(trace)[-1])
    node, env = _false_inside(prop.body, env, world)
    names = {param: trace.system.elements(param.sort)[place] for param, place in env.items()}
    values = dict.fromkeys((show(part, names), _said(trace, part, env, world)) for part in _read(node) if _known(part, env))
    return Failing(show(node, names), tuple(values))


def _false_inside(node: ex.Expr, env: Env, world: Structure) -> tuple[ex.Expr, Env]:
    """`false_part`, also inside a conclusion or a definition."""
    node, env = false_part(node, env, world)
    match node:
        case ex.Or(parts=(ex.Not() as premise, conclusion)):
            inner, chosen = _false_inside(conclusion, env, world)
            return ex.Or((premise, inner)), chosen
        case ex.Read(symbol=ex.DefinitionSymbol() as meant, args=args) if meant.params:
            inside = {param: evaluate(arg, env, world) for param, arg in zip(meant.params, args, strict=True)}
            return _false_inside(meant.body, {**env, **inside}, world)
        case _:
            return node, env


def _read(node: ex.Expr) -> Iterator[ex.Expr]:
    """What a formula reads: variables, constants, definitions and clocks, outermost first."""
    return (part for part in ex.walk(node) if isinstance(part, ex.Read | ex.ClockIs | ex.ClockValue | ex.DurationValue))


def _known(node: ex.Expr, env: Env) -> bool:
    return ex.free_params(node) <= set(env)


def _said(trace: Trace, node: ex.Expr, env: Env, world: Structure) -> str:
    value, unit = evaluate(node, env, world), trace.semantics.time.unit
    match node:
        case ex.ClockValue() | ex.DurationValue():
            return duration(value * unit)
        case ex.ClockIs(clock=clock, args=args, bound=bound):
            reading = world.clock(clock, tuple(evaluate(arg, env, world) for arg in args))
            limit = f", and {bound.name} is {duration(world.ticks(bound) * unit)}" if isinstance(bound, ex.DurationSymbol) else ""
            return f"{'true' if value else 'false'}: the clock reads {duration(reading * unit)}{limit}"
    return word(trace.semantics, node.sort, value)


# --- The right system beside it.


@dataclass(frozen=True, slots=True)
class Parting:
    """Where the run and the right system part: at which step, why, and what the right system allows there if it refuses it.

    Step 0: they never part, and what the mistake changes is what the model says of the states.
    """

    step: int
    why: str
    instead: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """All of it in a sentence or two."""
        if not self.step:
            return "Without the mistake the same steps are possible; what the mistake changes is what the model says of the states."
        if not self.instead:
            return f"Without the mistake, step {self.step} {self.why}."
        return f"Without the mistake, step {self.step} is not possible: {self.why}. What is legal there: {'; '.join(self.instead)}."


def parting(trace: Trace, right: System) -> Parting:
    """The first step of the run that the right system cannot make in the same way. ValueError if it does not begin in it.

    The right system makes the same moves from a start of its own; states are compared where both have the same variables.
    """
    semantics, own = Semantics(right), trace.semantics.layout.position
    shared = [
        (place, own[slot.symbol, slot.args]) for place, slot in enumerate(semantics.layout.slots) if (slot.symbol, slot.args) in own
    ]
    alike = (state for state in semantics.initial() if all(state[here] == trace.start[there] for here, there in shared))
    state = next(alike, None)
    if state is None:
        raise ValueError(
            f"the run starts in no initial state of {right.name}, so it is no run of a system with a mistake in that one."
        )
    for number, step in enumerate(trace.steps, 1):
        why, after = _tried(semantics, state, step.move)
        if why:
            return Parting(number, why, tuple(_allowed(semantics, state)) or ("nothing",))
        if apart := next((pair for pair in shared if after[pair[0]] != step.state[pair[1]]), None):
            return Parting(number, f"leads {_difference(semantics, apart[0], after, step.state[apart[1]])}", ())
        state = after
    return Parting(0, "", ())


def _tried(semantics: Semantics, state: State, move: Firing | Wait) -> tuple[str, State]:
    """Why the system refuses the move ("" if it does not), and the state after it."""
    if isinstance(move, Wait):
        allowed = semantics.patience(state)
        if allowed is None or allowed >= move.ticks:
            return "", semantics.passed(state, move.ticks)
        deadline, env = semantics.blocked_by(semantics.passed(state, allowed))[0]
        names = ", ".join(semantics.system.elements(node.sort)[place] for node, place in env.items())
        return f"after {duration(allowed * semantics.time.unit)}, time is held by the deadline {deadline.name}({names})", state
    act = next((act for act in semantics.system.actions if act.name == move.action.name), None)
    if act is None or len(act.params) != len(move.args):
        return f"there is no action {describe(semantics, move)}", state
    firing = Firing(act, move.args)
    if refused := semantics.refused(state, firing):
        labels = "; ".join(guard.label or "an unnamed condition" for guard in refused)
        return f"{describe(semantics, firing)} requires that {labels}", state
    return "", semantics.fire(state, firing)


def _difference(semantics: Semantics, place: int, after: State, wrong: int) -> str:
    slot = semantics.layout.slots[place]
    if isinstance(slot.symbol, ex.ClockSymbol):
        return f"to another reading of {place_name(semantics, slot)}"
    values = [word(semantics, slot.symbol.sort, value) for value in (after[place], wrong)]
    return f"to {place_name(semantics, slot)} = {values[0]} and not {values[1]}"


def _allowed(semantics: Semantics, state: State) -> Iterator[str]:
    """What can happen in a state, the passing of time first."""
    patience = semantics.patience(state)
    if patience is None:
        yield "time may pass"
    elif patience:
        yield f"up to {duration(patience * semantics.time.unit)} may pass"
    enabled = [describe(semantics, firing) for firing in semantics.enabled(state)]
    yield from enabled[:_LISTED]
    if len(enabled) > _LISTED:
        yield f"{len(enabled) - _LISTED} more actions"
