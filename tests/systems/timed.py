"""Systems with clocks. Each docstring says how many states there are in ticks, how deep the farthest is, and how we know."""

from __future__ import annotations

from fractions import Fraction
from math import gcd

from benchmarks.walk import walk

from udproof.language import (
    Bool,
    Clock,
    Index,
    Property,
    System,
    Variable,
    action,
    deadline,
    exists,
    implies,
    invariant,
    require,
)


def light(least: int, most: int) -> System:
    """A light that goes on at any time, and off after `least` to `most` seconds.

    Ticks are of gcd(least, most) seconds. Off, and on for 0, 1, ..., most ticks: most / gcd + 2 states. Two steps reach any of
    them: on, and one wait. At `most` seconds sharp it is on still, so "on for less than most" is broken by those two steps.
    """
    lit = Variable("lit", to=Bool, init=False)
    lit_for = Clock("lit_for", during=lambda: lit.value)

    @action
    def press() -> None:
        require(~lit.value)
        lit.value = True

    @action
    def go_off() -> None:
        require(lit.value)
        require(lit_for.value >= least)
        lit.value = False

    @invariant(premise=lambda: lit_for.value >= most)
    def not_longer() -> Bool:
        """The light is on for at most `most` seconds."""
        return lit_for.value <= most

    @invariant(premise=lambda: lit.value)
    def shorter() -> Bool:
        """It is on for less than `most` seconds: false."""
        return lit_for.value < most

    end = deadline("goes-off", during=lambda: lit.value, limit=lambda: lit_for.value <= most)
    return System("light", (press, go_off), (not_longer, shorter), (end,))


def light_states(least: int, most: int) -> int:
    """The closed form of `light`."""
    return most // gcd(least, most) + 2


def stopwatch(limit: int) -> System:
    """A clock that always runs and is read up to `limit` with >=, and to half of that: it saturates at the limit. That is 3 states,
    in one wait; the button, which may be pressed once from the limit on, adds the one in which it is pressed: 4, in 2 steps."""
    pressed = Variable("pressed", to=Bool, init=False)
    running = Clock("running")

    @action
    def press() -> None:
        require(~pressed.value)
        require(running.value >= limit)
        pressed.value = True

    @invariant(premise=lambda: pressed.value)
    def not_early() -> Bool:
        """It is never pressed before half of the limit."""
        return implies(pressed.value, running.value >= Fraction(limit, 2))

    @invariant()
    def unpressed() -> Bool:
        """It is never pressed: false, after a wait and a press."""
        return ~pressed.value

    return System("stopwatch", (press,), (not_early, unpressed))


def timelock() -> System:
    """Work must be done within 3 s, but the machine needs 5: time stops for good at 3 s.

    In ticks of 1 s: idle, and working for 0, 1, 2, 3 s: 5 states, 2 steps deep (begin, wait); there "time can pass" is broken.
    """
    working = Variable("working", to=Bool, init=False)
    worked = Clock("worked", during=lambda: working.value)

    @action
    def begin() -> None:
        require(~working.value)
        working.value = True

    @action
    def finish() -> None:
        require(working.value)
        require(worked.value >= 5)
        working.value = False

    @invariant(premise=lambda: working.value)
    def in_time() -> Bool:
        """Nothing takes more than 3 s; true, since time does not get there."""
        return worked.value <= 3

    @invariant(premise=lambda: worked.value >= 5)
    def after_five() -> Bool:
        """True of what is never reached: vacuous."""
        return implies(worked.value >= 5, working.value)

    return System(
        "timelock",
        (begin, finish),
        (in_time, after_five),
        (deadline("done", during=lambda: working.value, limit=lambda: worked.value <= 3),),
    )


def two_timers() -> System:
    """Two timers that start together and ring after 0.5 s and 0.75 s; ticks are of 0.25 s.

    The state is how long they run and who has rung. None rung: 0, 1, 2 ticks. First rung (at 2 ticks): the second at 2 or 3. Both
    rung: clocks at rest. 3 + 2 + 1 = 6 states; the last is wait, ring, wait, ring: 4 steps.
    """

    class Timer(Index, elements=("short", "long")):
        pass

    rung = Variable("rung", Timer, to=Bool, init=False)
    running = Clock("running", Timer, during=lambda t: ~rung[t])

    def ringing(name: str, after: float) -> None:
        require(~rung[name])
        require(running[name] >= after)
        rung[name] = True

    @action
    def ring_short() -> None:
        ringing("short", 0.5)

    @action
    def ring_long() -> None:
        ringing("long", Fraction(3, 4))

    @invariant(premise=lambda: rung["long"])
    def in_order() -> Bool:
        """The long one never rings first."""
        return implies(rung["long"], rung["short"])

    @invariant()
    def some_silent() -> Bool:
        """Never have both rung: false, after four steps."""
        return exists(Timer, lambda t: ~rung[t])

    return System(
        "two-timers",
        (ring_short, ring_long),
        (in_order, some_silent),
        (
            deadline("short", during=lambda: ~rung["short"], limit=lambda: running["short"] <= 0.5),
            deadline("long", during=lambda: ~rung["long"], limit=lambda: running["long"] <= 0.75),
        ),
    )


def fischer_start(size: int = 3) -> tuple[tuple[tuple[str, int], ...], int]:
    """Fischer's initial state in plain Python: for each process its place and clock, and who is named (-1: nobody)."""
    return (("idle", 0),) * size, -1


def fischer_steps(write_within: int, check_after: int):  # type: ignore[no-untyped-def]
    """The successors of Fischer's protocol in plain Python, in whole seconds; clocks count to one beyond their bounds.

    The example's names are all false but for at most one: a number from -1. A wait of any length is one step.
    """
    cap = max(write_within + 1, check_after)

    def successors(state):  # type: ignore[no-untyped-def]
        processes, named = state
        out = []
        for me, (place, clock) in enumerate(processes):
            changes = []
            if place == "idle" and named < 0:
                changes = [("writing", 0, named)]
            elif place == "writing":
                changes = [("waiting", 0, me)]
            elif place == "waiting" and clock >= check_after:
                changes = [("critical", 0, named) if named == me else ("idle", 0, named)]
            elif place == "critical":
                changes = [("idle", 0, -1)]
            for new, reading, name in changes:
                out.append(((*processes[:me], (new, reading), *processes[me + 1 :]), name))
        here = processes
        while all(place != "writing" or clock < write_within for place, clock in here):
            later = tuple((p, min(c + 1, cap) if p in ("writing", "waiting") else 0) for p, c in here)
            if later == here:
                break
            here = later
            out.append((here, named))
        return out

    return successors


# --- the reference walk, whose system stands in `benchmarks`


def walk_steps(domains: int, hosts: int):  # type: ignore[no-untyped-def]
    """The successors of the reference walk in plain Python: (active or -1, then (phase, counter) of each host)."""

    def successors(state):  # type: ignore[no-untyped-def]
        active, rows = state
        out = []
        of = [rows[d * hosts : (d + 1) * hosts] for d in range(domains)]
        if active < 0:
            out += [(d, rows) for d in range(domains) if any(phase == "I" for phase, _ in of[d])]
        elif all(phase == "U" for phase, _ in of[active]):
            out.append((-1, rows))
        for h, (phase, counter) in enumerate(rows):
            new = None
            if phase == "I" and active == h // hosts:
                new = ("N", 0)
            elif phase == "N" and counter == 3 and active == h // hosts:
                new = ("P", 0)
            elif phase == "P" and counter >= 1:
                new = ("U", 0)
            if new is not None:
                out.append((active, (*rows[:h], new, *rows[h + 1 :])))
        if ("P", 3) not in rows:
            moved = {"N": lambda c: min(c + 1, 3), "P": lambda c: c + 1}
            out.append((active, tuple((phase, moved[phase](c)) if phase in moved else (phase, c) for phase, c in rows)))
        return out

    return successors


def irrelevant(clock: Clock, bound: Fraction) -> Property:
    """A property that is always true and does nothing but compare a clock with `bound`, which may make ticks finer."""

    @invariant(name="irrelevant")
    def always() -> Bool:
        """Compares a clock and is true anyway."""
        return implies(clock.value >= bound, clock.value >= bound)

    return always


__all__ = [
    "fischer_start",
    "fischer_steps",
    "irrelevant",
    "light",
    "light_states",
    "stopwatch",
    "timelock",
    "two_timers",
    "walk",
    "walk_steps",
]
