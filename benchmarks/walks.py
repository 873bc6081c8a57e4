"""The reference walk without reductions, in growing sizes: udproof, SPIN, plain Python, and the physical limit.

One core each. Targets on time are judged by processor time, which a busy machine disturbs least; wall-clock time stands beside
it in the table, and on a quiet machine the two are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from benchmarks import explore, limit, plain, spin
from benchmarks.benchmark import Benchmark, Sample, Say, Target, find, not_measured
from benchmarks.counts import states
from benchmarks.explore import name
from benchmarks.measure import in_turns

SMALL = ((2, 2), (5, 2), (3, 3), (2, 4))
LARGE = ((3, 4), (2, 5), (1, 6), (2, 6), (1, 7), (2, 7))
PYTHON_MOST = 15_000  # states that plain Python is asked for, once
LONG = 1_000_000  # from so many states on, two turns are enough, ...
LONGER = 5_000_000  # ... from here on SPIN is run in the setting that searches fastest, ready latest or not, ...
LONGEST = 20_000_000  # ... and from here on, everything runs once
TEN_MILLION = (1, 7)

NAME = "walk"


def best(samples: Sequence[Sample]) -> Sample:
    """The turn that took the least processor time, with the least wall-clock time and memory of all turns."""
    chosen = min(samples, key=lambda sample: sample.cpu)
    cores = [sample.core for sample in samples if sample.core is not None]
    wall, memory = min(sample.wall for sample in samples), min(sample.memory for sample in samples)
    return replace(chosen, wall=wall, memory=memory, core=min(cores, default=None))


def measure(quick: bool, say: Say) -> Iterator[Sample]:
    """One sample for each contender and size."""
    for size in SMALL if quick else SMALL + LARGE:
        count = states(*size)
        turns = 1 if quick or count >= LONGEST else 2 if count >= LONG else 3
        say(f"the walk {name(size)}, {count:,} states, {turns} turn{'s' if turns > 1 else ''}")
        settings = () if not spin.available() else spin.SETTINGS if count < LONGER else (spin.FOR_LARGE,)
        found = in_turns(_contenders(size, settings), turns)
        if settings:
            yield best([sample for setting in settings for sample in found.pop(setting)])
        yield from map(best, found.values())
        if count <= PYTHON_MOST:
            yield plain.sample(NAME, size)


def _contenders(size: tuple[int, int], settings: tuple[str, ...]) -> dict[str, Callable[[], Sample]]:
    last: list[Sample] = []

    def ours() -> Sample:
        last.append(explore.sample(NAME, "udproof", size))
        return last[-1]

    contenders: dict[str, Callable[[], Sample]] = {"udproof": ours}
    if limit.available():
        words = explore.words(size)
        contenders["physical limit"] = lambda: limit.sample(NAME, last[-1], words)
    contenders |= {setting: lambda setting=setting: spin.sample(NAME, size, setting) for setting in settings}  # type: ignore[misc]
    return contenders


def targets(samples: Sequence[Sample]) -> list[Target]:
    """Against SPIN at every size, against the physical limit at ten million, memory."""
    return [*_against_spin(samples), _against_the_limit(samples), _memory(samples)]


def _against_spin(samples: Sequence[Sample]) -> list[Target]:
    pairs = [
        (ours.states, theirs.cpu / ours.cpu, f"{theirs.cpu / ours.cpu:.1f}x at {ours.case}")
        for ours in samples
        if ours.contender == "udproof" and (theirs := find(samples, "SPIN", ours.case)) is not None
    ]
    found = []
    for what, target, least, bar in (
        ("time to verdict against SPIN's best, 10⁴ states and more", "never slower", 10**4, 1.0),
        ("the same, 10⁶ states and more", "at least 3x faster", 10**6, 3.0),
    ):
        ratios = [(ratio, text) for count, ratio, text in pairs if count >= least]
        if ratios:
            met = min(ratios)[0] >= bar
            found.append(Target(what, target, f"{min(ratios)[1]} at worst, {max(ratios)[1]} at best", met))
        else:
            found.append(not_measured(what, target))
    return found


def _against_the_limit(samples: Sequence[Sample]) -> Target:
    what, target = "speed on one core at 10⁷ states", "at least half of the physical limit"
    ours, bare = (find(samples, contender, name(TEN_MILLION)) for contender in ("udproof", "physical limit"))
    if ours is None or bare is None or ours.core is None or bare.core is None:
        return not_measured(what, target)
    share = bare.core / ours.core
    speeds = f"{ours.stored / ours.core / 1e6:.1f} of {bare.stored / bare.core / 1e6:.1f} million states a second"
    return Target(what, target, f"{share:.0%} of it ({speeds})", share >= 0.5)


def _memory(samples: Sequence[Sample]) -> Target:
    what, target = "memory a state of one word, all included, at 10⁷", "at most 16 bytes"
    ours, least = (find(samples, "udproof", name(size)) for size in (TEN_MILLION, SMALL[0]))
    if ours is None or least is None:
        return not_measured(what, target)
    each, alone = ours.memory / ours.stored, (ours.memory - least.memory) / ours.stored
    return Target(what, target, f"{each:.1f} bytes; {alone:.1f} without what (2, 2) needs, too", each <= 16)


BENCHMARK = Benchmark(
    NAME,
    "The reference walk without reductions, one core",
    "Whole jobs from cold: udproof with imports and compiling, SPIN with generating and compiling. The physical limit is a bare "
    "loop in C, timed alone: as many look-ups and insertions of keys of the same width.",
    measure,
    targets,
)
