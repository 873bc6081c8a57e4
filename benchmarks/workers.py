"""Two workers against one, at ten million states, without reductions: by wall-clock time, taking turns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmarks import explore
from benchmarks.benchmark import Benchmark, Sample, Say, Target, find, not_measured
from benchmarks.explore import name
from benchmarks.measure import in_turns
from benchmarks.walks import TEN_MILLION, best

NAME = "workers"
QUICK = (2, 4)
ENOUGH = 1.7  # times as fast, and so many processors there must have been for it


def measure(quick: bool, say: Say) -> Iterator[Sample]:
    """One sample for one worker, and one for two."""
    size = QUICK if quick else TEN_MILLION
    say(f"the walk {name(size)} with one worker and with two")
    contenders = {
        "1 worker": lambda: explore.sample(NAME, "1 worker", size, workers=1),
        "2 workers": lambda: explore.sample(NAME, "2 workers", size, workers=2),
    }
    yield from map(best, in_turns(contenders, 1 if quick else 3).values())


def targets(samples: Sequence[Sample]) -> list[Target]:
    """How much faster two are than one."""
    what, target = "two cores against one at 10⁷ states", "at least 1.7x"
    one, two = (find(samples, contender, name(TEN_MILLION)) for contender in ("1 worker", "2 workers"))
    if one is None or two is None:
        return [not_measured(what, target)]
    ratio, had = one.wall / two.wall, two.cpu / two.wall
    if had < ENOUGH:
        return [Target(what, target, f"{ratio:.2f}x, but others left the two only {had:.2f} processors", None)]
    return [Target(what, target, f"{ratio:.2f}x (the two had {had:.2f} processors)", ratio >= ENOUGH)]


BENCHMARK = Benchmark(NAME, "Two workers against one", "Whole processes from cold, by wall-clock time.", measure, targets)
