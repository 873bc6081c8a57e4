"""The manifest: what each known system must give, and how we know."""

from __future__ import annotations

import runpy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import comb, sqrt
from pathlib import Path

from tests.systems import timed, untimed
from tests.systems.search import levels

from udproof.language import Instance, System

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"

PROVED, VIOLATED, VACUOUS, UNKNOWN = "proved", "violated", "vacuous", "unknown"


@dataclass(frozen=True)
class Known:
    """A system, its reachable states, the steps to the farthest, the verdict of each check, and the steps of each violation.

    `plain` counts (states, depth) once more, in plain Python that shares nothing with the language; `orbits` are the states up to
    symmetry, where somebody has published them.
    """

    name: str
    build: Callable[[], System]
    states: int
    depth: int
    verdicts: Mapping[str, str]
    steps: Mapping[str, int] = field(default_factory=dict)
    reason: str = ""
    plain: Callable[[], tuple[int, int]] | None = None
    orbits: int | None = None


def example(name: str) -> System:
    """The system of a file of docs/examples."""
    system = runpy.run_path(str(EXAMPLES / f"{name}.py"))["system"]
    assert isinstance(system, System)
    return system


def fischer(write_within: int, check_after: int) -> System:
    """The example with other constants."""
    seconds = {"write_within": Fraction(write_within), "check_after": Fraction(check_after)}
    return example("fischer").at(Instance(durations=seconds))


def _fischer_count(write_within: int, check_after: int) -> tuple[int, int]:
    return levels([timed.fischer_start()], timed.fischer_steps(write_within, check_after))


def _walk_count(domains: int, hosts: int) -> tuple[int, int]:
    return levels([(-1, (("I", 0),) * (domains * hosts))], timed.walk_steps(domains, hosts))


def _walk(domains: int, hosts: int, states: int, orbits: int, depth: int) -> Known:
    return Known(
        f"walk-{domains}-{hosts}",
        lambda: timed.walk(domains, hosts),
        states,
        depth,
        {"one-domain": PROVED, "short": PROVED, "unfinished": VIOLATED},
        # a domain: open, notify all, 3 ticks, pause all, 1 tick, resume all, close; the last one need not be closed
        {"unfinished": domains * (3 * hosts + 6) - 1},
        "a walk published with its counts by ten independent tools; the shortest way: U*(3H + 6) steps, the last close not needed",
        lambda: _walk_count(domains, hosts),
        orbits,
    )


KNOWN: tuple[Known, ...] = (
    Known(
        "bounded-counter",
        lambda: untimed.bounded_counter(9),
        10,
        9,
        {"in-range": PROVED, "not-full": VIOLATED},
        {"not-full": 9},
        "a path of 9 + 1 states",
    ),
    Known(
        "independent-bits",
        lambda: untimed.independent_bits(7),
        2**7,
        7,
        {"real": PROVED, "some-down": VIOLATED},
        {"some-down": 7},
        "the corners of a cube: 2^n",
    ),
    Known(
        "two-phase-commit",
        lambda: example("two_phase_commit"),
        288,
        10,
        {"consistent": PROVED},
        reason="288 is published (Gray and Lamport 2006); the farthest: prepare, hear and learn for each of 3, and one decision",
    ),
    Known(
        "peterson",
        untimed.peterson,
        20,
        6,
        {"alone": PROVED, "never-inside": VIOLATED},
        {"never-inside": 3},
        "counted by hand, see its docstring",
        lambda: levels([(0, 0, 0)], untimed.peterson_plain),
    ),
    Known(
        "light",
        lambda: timed.light(4, 6),
        timed.light_states(4, 6),
        2,
        {"not-longer": PROVED, "shorter": VIOLATED, "time-can-pass": PROVED},
        {"shorter": 2},
        "most / gcd + 2 = 6/2 + 2",
    ),
    Known(
        "light-even",
        lambda: timed.light(5, 5),
        timed.light_states(5, 5),
        2,
        {"not-longer": PROVED, "shorter": VIOLATED, "time-can-pass": PROVED},
        {"shorter": 2},
        "most / gcd + 2 = 5/5 + 2",
    ),
    Known(
        "stopwatch",
        lambda: timed.stopwatch(10),
        4,
        2,
        {"not-early": PROVED, "unpressed": VIOLATED},
        {"unpressed": 2},
        "0, 5 and 10 s and later, unpressed; pressed at 10 s and later",
    ),
    Known(
        "timelock",
        timed.timelock,
        5,
        2,
        {"in-time": PROVED, "after-five": VACUOUS, "time-can-pass": VIOLATED},
        {"time-can-pass": 2},
        "idle, and working for 0, 1, 2, 3 s",
    ),
    Known(
        "two-timers",
        timed.two_timers,
        6,
        4,
        {"in-order": PROVED, "some-silent": VIOLATED, "time-can-pass": PROVED},
        {"some-silent": 4},
        "3 before the first rings, 2 after, 1 at the end",
    ),
    Known(
        "fischer",
        lambda: fischer(1, 2),
        237,
        12,
        {"alone": PROVED, "time-can-pass": PROVED},
        reason="counted by a plain Python search of the same protocol; it excludes, since write_within < check_after",
        plain=lambda: _fischer_count(1, 2),
    ),
    Known(
        "fischer-wrong-way-round",
        lambda: fischer(2, 1),
        1_153,
        15,
        {"alone": VIOLATED, "time-can-pass": PROVED},
        # both see it free; one writes, waits 1 s, enters; the other writes over it, waits 1 s, enters
        {"alone": 8},
        "counted by a plain Python search; it must fail, since check_after <= write_within",
        lambda: _fischer_count(2, 1),
    ),
    _walk(2, 2, 404, 113, 24),
    _walk(3, 3, 12_008, 664, 45),
    _walk(5, 2, 8_032, 281, 60),
    _walk(2, 4, 40_004, 1_433, 36),
    Known(
        "wolf-goat-cabbage",
        untimed.wolf_goat_cabbage,
        10,
        7,
        {"nobody-eats": PROVED, "unsolved": VIOLATED},
        {"unsolved": 7},
        "the puzzle's 10 legal states; 7 crossings",
        lambda: levels([(False,) * 4], untimed.wolf_goat_cabbage_plain),
    ),
    Known(
        "philosophers",
        lambda: untimed.philosophers(5),
        round((1 + sqrt(2)) ** 5 + (1 - sqrt(2)) ** 5),
        5,
        {"fork-once": PROVED, "somebody-free": VIOLATED},
        {"somebody-free": 5},
        "(1 + sqrt 2)^n + (1 - sqrt 2)^n = 82, OEIS A002203",
    ),
    Known(
        "any-start",
        untimed.any_start,
        24,
        1,
        {"rightly": PROVED, "flag-up": VIOLATED},
        {"flag-up": 0},
        "5*2*2 to begin with, and 4 more",
    ),
    Known(
        "lamps",
        lambda: untimed.lamps(6, 3),
        sum(comb(6, k) for k in range(4)),
        3,
        {"few": PROVED, "fewer": VIOLATED},
        {"fewer": 3},
        "1 + 6 + 15 + 20",
    ),
    Known(
        "round-trip",
        lambda: untimed.round_trip(6),
        12,
        11,
        {"behind": PROVED, "unmarked-somewhere": VIOLATED},
        {"unmarked-somewhere": 6},
        "a path of n states into a circle of n",
    ),
    Known(
        "grid",
        lambda: untimed.grid(3, 3),
        2**5,
        3,
        {"rectangles": PROVED, "somewhere-dark": VIOLATED},
        {"somewhere-dark": 3},
        "2^(rows + columns - 1); half of the switches",
    ),
    Known(
        "cyclic-shift",
        untimed.cyclic_shift,
        3,
        2,
        {"all-different": PROVED, "unturned": VIOLATED},
        {"unturned": 2},
        "the rotations of three digits",
    ),
    Known(
        "two-registers",
        untimed.two_registers,
        3,
        1,
        {"two-somewhere": PROVED, "unequal": VIOLATED},
        {"unequal": 1},
        "(0,2), (2,0), (2,2)",
    ),
)


def known(name: str) -> Known:
    """The entry of that name. KeyError if there is none."""
    for entry in KNOWN:
        if entry.name == name:
            return entry
    raise KeyError(name)
