"""A random run through the reference semantics, to get to know a system: the same seed makes the same run.

In each state one of the enabled actions happens or, as likely as one of them, time passes. How long is drawn from 1, 2, 4, ...
ticks, so that both short and long stages are met; a deadline ends a wait earlier.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import islice
from random import Random

from udproof.cli.console import clean, note, say
from udproof.cli.exits import Code
from udproof.cli.report_text import title
from udproof.cli.sources import load
from udproof.cli.traces import length, tell
from udproof.counterexamples.trace import Move, Wait
from udproof.counterexamples.trace import run as replay
from udproof.language.semantics import Semantics, State

_STARTS = 1000  # initial states to choose from, if there are more
_PATIENCE = 10.0  # seconds between two words about how far the run is
_LONGEST = 10  # a wait is drawn from up to 2 to the power of this, in ticks


def simulate(source: str | None, mutant: str | None, steps: int, seed: int) -> Code:
    """Make a run of at most `steps` steps and show it; it ends early where nothing can happen or a property breaks."""
    subject = load(source, mutant)
    random = Random(seed)
    with subject.blamed():
        semantics = Semantics(subject.system)
        start = random.choice(list(islice(semantics.initial(), _STARTS)))
        trace = replay(semantics, start, _moves(semantics, start, random, steps))
    say(title(subject))
    say()
    broken = tell(trace, subject.system.checks)
    ended = "" if broken or len(trace.steps) == steps else "; then nothing more can happen"
    holds = "" if broken else ", and no property is broken"
    say(f"random run with seed {seed} of {clean(subject.source)}: {length(trace)}{ended}{holds}.")
    return Code.VIOLATED if broken else Code.HOLDS


def _moves(semantics: Semantics, state: State, random: Random, steps: int) -> Iterator[Move]:
    told = time.monotonic()
    for number in range(steps):
        if time.monotonic() - told > _PATIENCE:  # the reference semantics is written to be read, and slow on large fleets
            told = time.monotonic()
            note(f"{clean(semantics.system.name)}: {number} of {steps} steps")
        if any(semantics.breaking(prop, state) is not None for prop in semantics.system.checks):
            return
        move, state = _chosen(semantics, state, random)
        if move is None:
            return
        yield move


def _chosen(semantics: Semantics, state: State, random: Random) -> tuple[Move | None, State]:
    """A move and the state after it; None where nothing can happen any more."""
    enabled = semantics.enabled(state)
    later = semantics.wait(state)
    can_wait = later is not None and later != state
    if not enabled and not can_wait:
        return None, state
    choice = random.randrange(len(enabled) + can_wait)
    if choice < len(enabled):
        return enabled[choice], semantics.fire(state, enabled[choice])
    ticks, most = 0, 2 ** random.randrange(_LONGEST + 1)
    while ticks < most and later is not None and later != state:
        state, ticks = later, ticks + 1
        later = semantics.wait(state)
    return Wait(ticks), state
