"""Runs of a system, and runs that it refuses at their last step, as strategies for Hypothesis.

Whatever reads, checks or shows runs of a model has two duties: to take every run, and to notice what is none. `runs` draws for
the first, `refused_runs` for the second. Both walk through the reference semantics, so what they draw is right by construction,
and both shrink towards fewer steps, earlier actions and shorter waits.
"""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import assume
from hypothesis import strategies as st

from udproof.counterexamples.trace import BadTrace, Move, Trace, Wait, run
from udproof.language import System
from udproof.language.semantics import Semantics, State


@dataclass(frozen=True, slots=True)
class Refused:
    """A run and a step that the model refuses after it; `reason` is the sentence of whoever replays the two."""

    run: Trace
    move: Move
    reason: str

    @property
    def moves(self) -> tuple[Move, ...]:
        """The steps of the run and the one that is refused."""
        return (*(step.move for step in self.run.steps), self.move)


@st.composite
def runs(draw: st.DrawFn, system: System, max_steps: int = 20) -> Trace:
    """A run of at most so many steps; shorter where nothing can happen any more. ModelError if the system cannot be run."""
    semantics = Semantics(system)
    state = start = draw(st.sampled_from(list(semantics.initial())))
    moves: list[Move] = []
    for _ in range(draw(st.integers(0, max_steps))):
        waits = _waits(semantics, state)
        choices: list[Move | None] = [*semantics.enabled(state), *([None] if waits else [])]
        if not choices:
            break
        move = draw(st.sampled_from(choices)) or Wait(draw(st.integers(1, waits)))
        state = semantics.passed(state, move.ticks) if isinstance(move, Wait) else semantics.fire(state, move)
        moves.append(move)
    return run(semantics, start, moves)


@st.composite
def refused_runs(draw: st.DrawFn, system: System, max_steps: int = 20) -> Refused:
    """A run of at most so many steps, and then an action whose guard is false, or a wait that a deadline forbids."""
    trace = draw(runs(system, max_steps))
    semantics, allowed = trace.semantics, set(trace.semantics.enabled(trace.last))
    choices: list[Move] = [firing for firing in semantics.firings if firing not in allowed]
    patience = semantics.patience(trace.last)
    if patience is not None:
        choices.append(Wait(patience + draw(st.integers(1, 3))))
    assume(choices)
    move = draw(st.sampled_from(choices))
    try:
        run(semantics, trace.start, [*(step.move for step in trace.steps), move])
    except BadTrace as refusal:
        return Refused(trace, move, str(refusal))
    raise AssertionError(f"the replay takes {move}, which the semantics does not allow")


def _waits(semantics: Semantics, state: State) -> int:
    """The longest wait that can matter, in ticks: up to a deadline, or until no comparison tells more; 0 if none is possible."""
    if not semantics.system.clocks:
        return 0
    longest = max(semantics.time.caps.values()) + 1
    patience = semantics.patience(state)
    return longest if patience is None else min(patience, longest)
