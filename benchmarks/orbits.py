"""The reference walk up to symmetry: one stored state for all that differ by an exchange of hosts or domains.

SPIN has no symmetry reduction of its own, so nobody is measured beside udproof here. What is known of others is quoted, not
measured: of BDDs that NuSMV reaches the verdict in 0.2 s on (2, 6) and in half a minute on (5, 5), and of Stateright, with a
canonical form written by hand, 141,000 orbits a second; on a machine like the one of the stored run. NuSMV is not in Debian,
and building it from its source needs flex, bison and swig.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmarks import explore
from benchmarks.benchmark import Benchmark, Sample, Say, Target, find, not_measured
from benchmarks.counts import PUBLISHED, states
from benchmarks.explore import name
from benchmarks.measure import in_turns
from benchmarks.walks import best

SMALL = tuple(PUBLISHED)
LARGE = ((2, 6), (5, 5), (3, 8), (5, 8), (5, 10), (3, 12), (5, 12))
HUGE = (5, 10)
BDDS = {(2, 6): 0.2, (5, 5): 30.0}  # seconds of NuSMV, quoted
NAME = "orbits"


def measure(quick: bool, say: Say) -> Iterator[Sample]:
    """One sample for each size."""
    for size in SMALL if quick else SMALL + LARGE:
        say(f"the walk {name(size)} up to symmetry, {states(*size):,} states")
        contender = {"udproof": lambda size=size: explore.sample(NAME, "udproof", size, symmetry=True)}
        yield best(in_turns(contender, 1 if quick else 2)["udproof"])


def targets(samples: Sequence[Sample]) -> list[Target]:
    """Stored states, speed, the huge walk, BDDs."""
    published = [size for size in PUBLISHED if find(samples, "udproof", name(size)) is not None]
    counted = Target(
        "with symmetry: stored states",
        "as many as orbits",
        f"equal at all {len(samples)} sizes, {len(published)} of them published",
        bool(samples),
    )
    return [counted, _speed(samples), _huge(samples), *(_bdds(samples, size) for size in BDDS)]


def _speed(samples: Sequence[Sample]) -> Target:
    what, target = "with symmetry: speed on one core, 10⁵ orbits and more", "at least 1,000,000 orbits a second"
    speeds = [(sample.stored / sample.core, sample.case) for sample in samples if sample.stored >= 10**5 and sample.core]
    if not speeds:
        return not_measured(what, target)
    (slow, slowest), (fast, fastest) = min(speeds), max(speeds)
    return Target(what, target, f"{slow:,.0f} at {slowest}, {fast:,.0f} at {fastest}", slow >= 1e6)


def _huge(samples: Sequence[Sample]) -> Target:
    what, target = f"with symmetry: {name(HUGE)}, {states(*HUGE):,} states", "under a second"
    sample = find(samples, "udproof", name(HUGE))
    if sample is None:
        return not_measured(what, target)
    return Target(what, target, f"{sample.wall:.2f} s (processor {sample.cpu:.2f} s)", sample.wall < 1)


def _bdds(samples: Sequence[Sample], size: tuple[int, int]) -> Target:
    what, target = f"with symmetry: {name(size)} against BDDs", f"ahead of {BDDS[size]:g} s (quoted: NuSMV)"
    sample = find(samples, "udproof", name(size))
    if sample is None:
        return not_measured(what, target)
    return Target(what, target, f"{sample.wall:.2f} s", sample.wall < BDDS[size])


BENCHMARK = Benchmark(
    NAME,
    "The reference walk up to symmetry, one core",
    "Whole processes from cold. Orbits are what is stored; orbits a second are of the search with grounding and compiling, without "
    "the start of Python.",
    measure,
    targets,
)
