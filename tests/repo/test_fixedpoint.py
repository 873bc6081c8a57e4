"""The peer for all sizes of the walk is set up rightly: Spacer proves what holds, and notices when a guard is missing."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor

import pytest
from benchmarks import fixedpoint, report


def test_spacer_proves_the_smallest_walk() -> None:
    sample = fixedpoint.spacer((1, 1))
    assert (sample.states, sample.setting) == (12, ""), "five places of a host, with three leads and three pauses more"


@pytest.mark.parametrize(("size", "without"), [((1, 1), "in time"), ((2, 1), "alone")])
def test_spacer_notices_a_missing_guard(size: tuple[int, int], without: str) -> None:
    # In a process of its own, as the benchmark asks: after other questions of one process Spacer may answer "canceled".
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        assert pool.submit(fixedpoint.ask, *size, without).result() == "violated"


def test_spacer_is_ended_when_it_takes_too_long() -> None:
    assert fixedpoint.spacer((5, 5), seconds=1).setting == "no answer in 1 s"


def test_ours_proves_every_size() -> None:
    assert fixedpoint.every_size((2, 1)).setting == "every size, 8 lemmas"


def test_a_time_that_grows_misses_the_target() -> None:
    samples = report.read(report.STORED).of(fixedpoint.NAME)
    [target] = fixedpoint.targets(samples)
    assert target.met is True
    assert fixedpoint.targets(samples[:1])[0].met is None
