"""The nearest run that passes: as far as the right system goes along with a counterexample, and then on in the shortest way.

The idea: beside a run that breaks a property belongs one that does not. It makes the same steps up to where the right system
parts from the run (`instead.parting`). From there it goes on, with as few steps as possible, to where the property is put to the
test and passes: if the elements of the violation did not meet its premise yet, until they do (the pause, but a rightly announced
one); if they did, until they do so no more (the end of the pause, in time).

The search is breadth first and small. A wait goes on until something else becomes possible, or as long as deadlines allow. What
is not found within some looks (`LOOKS`) is not looked for further, and the reports show no such run then.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from udproof.counterexamples.instead import Parting
from udproof.counterexamples.trace import Move, Trace, Wait, run
from udproof.language import Property, System
from udproof.language.evaluation import Env, evaluate
from udproof.language.semantics import Firing, Semantics, State
from udproof.language.time import comparisons_of

LOOKS = 15_000  # so often it is worked out whether an action is possible in a state


def passing(trace: Trace, prop: Property, right: System, parting: Parting) -> Trace | None:
    """The run that passes, or None if none was found. `parting` is where the counterexample and the right system part."""
    env = trace.semantics.breaking(prop, trace.last)
    if env is None or prop.watches_time or not parting.step:
        return None
    semantics = Semantics(right)
    same = [_same(right, step.move) for step in trace.steps[: parting.step - (1 if parting.instead else 0)]]
    begun = run(semantics, next(semantics.initial()), same)
    found = _on(semantics, begun.last, prop, env)
    return None if found is None else run(semantics, begun.start, _joined([*same, *found]))


def _same(right: System, move: Move) -> Move:
    if isinstance(move, Wait):
        return move
    return Firing(next(act for act in right.actions if act.name == move.action.name), move.args)


def _joined(moves: list[Move]) -> Iterator[Move]:
    """The moves, where waits that follow one another are one."""
    ticks = 0
    for move in moves:
        if isinstance(move, Wait):
            ticks += move.ticks
            continue
        if ticks:
            yield Wait(ticks)
        ticks = 0
        yield move
    if ticks:
        yield Wait(ticks)


def _on(semantics: Semantics, start: State, prop: Property, env: Env) -> list[Move] | None:
    """The fewest moves to where the premise has changed, with the property kept on the way."""
    met = evaluate(prop.premise, env, semantics.world(start))
    before: dict[State, tuple[State, Move] | None] = {start: None}
    waiting, looks = deque([start]), 0
    while waiting and looks * len(semantics.firings) < LOOKS:
        state = waiting.popleft()
        enabled = semantics.enabled(state)
        wait, looked = _wait(semantics, state, enabled)
        looks += 1 + looked
        moves: list[tuple[Move, State]] = [(firing, semantics.fire(state, firing)) for firing in enabled]
        moves += [(wait, semantics.passed(state, wait.ticks))] if wait else []
        for move, after in moves:
            if after in before or semantics.breaking(prop, after) is not None:
                continue
            before[after] = state, move
            if evaluate(prop.premise, env, semantics.world(after)) != met:
                return _back(before, after)
            waiting.append(after)
    return None


def _wait(semantics: Semantics, state: State, enabled: list[Firing]) -> tuple[Wait | None, int]:
    """The wait until something else is possible, or as long as it may be; and how many states were looked at for it.

    Only when a clock reaches a bound, or has just passed it, can another action become possible.
    """
    most, slots = semantics.patience(state), semantics.layout.slots
    bounds = [(node.clock, semantics.time.ticks(node.bound)) for node in comparisons_of(semantics.system)]
    left = {
        bound + beyond - state[place]
        for place in semantics.running(state)
        for clock, bound in bounds
        for beyond in (0, 1)
        if clock == slots[place].symbol
    }
    instants = sorted(ticks for ticks in left if ticks > 0 and (most is None or ticks < most))
    for looked, ticks in enumerate(instants, 1):
        if semantics.enabled(semantics.passed(state, ticks)) != enabled:
            return Wait(ticks), looked
    return (Wait(most) if most else None), len(instants)


def _back(before: dict[State, tuple[State, Move] | None], state: State) -> list[Move]:
    moves: list[Move] = []
    while (step := before[state]) is not None:
        state, move = step
        moves.append(move)
    return moves[::-1]
