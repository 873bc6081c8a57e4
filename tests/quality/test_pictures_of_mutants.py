"""Do the pictures of the mutants show the mistake: in the last state, in its own words, on the right axis?"""

import re
from fractions import Fraction
from functools import cache

import pytest
from tests.systems.results import violation

from udproof.counterexamples.chart import STYLES, Chart
from udproof.counterexamples.picture import chart
from udproof.counterexamples.timing import render
from udproof.counterexamples.trace import Trace, Wait
from udproof.protocol.assembly import PICTURE
from udproof.protocol.mutants import CORE

NAMES = [mutant.name for mutant in CORE]


@cache
def drawn(name: str) -> tuple[Trace, Chart]:
    trace, prop = violation(name)
    return trace, chart(trace, prop)


@pytest.mark.parametrize("name", NAMES)
def test_the_axis_is_of_steps_if_an_action_decides_and_of_time_if_a_wait_does(name: str) -> None:
    trace, picture = drawn(name)
    assert picture.unit == ("s" if isinstance(trace.steps[-1].move, Wait) else "step")
    assert picture.end == (trace.seconds(trace.steps[-1].time) if picture.unit == "s" else len(trace.steps))
    svg = render(picture)
    if picture.unit == "step":
        assert "[s]" not in svg and not re.search(r"@\d", re.sub(r"step-\d", "", svg)), "no second where none passes"


@pytest.mark.parametrize("name", NAMES)
def test_the_bars_of_the_last_state_are_open_and_no_other(name: str) -> None:
    _, picture = drawn(name)
    assert picture.tail and "last state" in render(picture)
    for lane in picture.lanes:
        assert not any(bar.open for bar in lane.bars[:-1])
        assert all(bar.end == picture.end for bar in lane.bars if bar.open)


@pytest.mark.parametrize(("name", "label", "kind"), [
    ("PulledBack", "clock ahead", "ahead"), ("MemoryTorn", "memory torn", "torn"), ("NoResync", "clock late", "late"),
    ("PauseOverrun", "paused", "paused"), ("TwoDomainsAtOnce", "paused", "paused"),
])  # fmt: skip
def test_the_mistake_is_the_bar_to_which_the_picture_points(name: str, label: str, kind: str) -> None:
    _, picture = drawn(name)
    (callout,) = picture.callouts
    last = picture.lanes[callout.lane].bars[-1]
    assert (last.label, last.kind, last.open, callout.time) == (label, kind, True, picture.end)
    assert f">{label}</text>" in render(picture), "the key says it"


@pytest.mark.parametrize("name", ["PauseOverrun", "RollbackUnbounded", "WatchdogStartsOver"])
def test_a_pause_that_has_reached_its_limit_says_how_long_it_is_and_goes_on_in_red(name: str) -> None:
    _, picture = drawn(name)
    last = picture.lanes[picture.callouts[0].lane].bars[-1]
    assert (last.end - last.start, last.limit) == (30, 30)
    assert last.words == "paused 30 s so far" and last.overrun
    assert 'fill="url(#overrun)"' in render(picture) and "paused 30 s so far</text>" in render(picture)


def test_a_pause_that_is_over_says_how_long_it_was() -> None:
    _, picture = drawn("NoResync")
    over = [bar for lane in picture.lanes for bar in lane.bars if bar.label == "paused"]
    assert over and all(bar.note == f"{bar.end - bar.start} s" for bar in over)


@pytest.mark.parametrize("name", NAMES)
def test_a_wait_tells_until_when_it_lasts(name: str) -> None:
    trace, picture = drawn(name)
    for mark in picture.marks:
        step = trace.steps[mark.number - 1]
        if isinstance(step.move, Wait):
            assert re.fullmatch(r"(\d+ \w+ )+pass(es)? \(to (\d+ \w+ ?)+\)", mark.text) and mark.dated
    if len(trace.steps) <= 24:
        assert [mark.number for mark in picture.marks] == list(range(1, len(trace.steps) + 1))


@pytest.mark.parametrize("name", NAMES)
def test_bars_measure_no_length_in_steps(name: str) -> None:
    _, picture = drawn(name)
    if picture.unit == "step":
        assert all(bar.limit is None and not bar.note for lane in picture.lanes for bar in lane.bars)
        assert picture.end == Fraction(int(picture.end))


def test_the_worst_comes_first_and_no_two_kinds_are_one() -> None:
    labels = [rule.label for rule in PICTURE.bars]
    worst = ["memory torn", "paused", "rebooting", "clock ahead", "clock late", "notified", "started"]
    assert labels == worst
    kinds = [rule.kind for rule in PICTURE.bars]
    assert len(set(kinds)) == len(kinds) and set(kinds) <= set(STYLES)
