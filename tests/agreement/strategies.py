"""Random small systems and fleets, for the agreement of engines with the reference semantics.

`systems()` is what users get too. `fleets()` draws a fleet of the protocol as no file could say it: stage times may contradict each
other, and then everybody must find the same timelock. (Fleets that a file can say are in `udproof.testing`.)
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from udproof.protocol.fleet import Fleet, Grouping, HostEntry, Span, Timing, VmEntry
from udproof.testing import systems

Draw = Callable[[Any], Any]


@st.composite
def fleets(draw: Draw) -> Fleet:
    """A random small fleet: placements that keep the rule, and stage times that may contradict each other."""
    steps = draw(st.integers(1, 2))
    hosts = [HostEntry(f"h{at}", f"step-{draw(st.integers(0, steps - 1))}") for at in range(draw(st.integers(1, 3)))]
    vms = []
    for at in range(draw(st.integers(1, 4))):
        host = draw(st.sampled_from(hosts))
        own_set = draw(st.sampled_from([None, "web", "web", "db"]))
        domain = 0 if own_set is None else int(host.step[-1])
        vms.append(VmEntry(f"v{at}", host.name, own_set, domain, draw(st.integers(0, 5)) > 0))
    return Fleet(
        "random",
        Grouping.UPDATE_DOMAIN,
        draw(timings()),
        attempts=draw(st.integers(1, 2)),
        approval=draw(st.sampled_from(["any", "nobody"])),
        check_placement=True,
        hosts=tuple(hosts),
        vms=tuple(vms),
    )


@st.composite
def timings(draw: Draw) -> Timing:
    """Times of 0 to 4 units; now and then a stage's least exceeds its most."""
    unit = draw(st.sampled_from([Fraction(5), Fraction(1, 2)]))

    def time(low: int, high: int) -> Fraction:
        return unit * draw(st.integers(low, high))

    def span(high: int) -> Span:
        ends = [draw(st.integers(0, high)), draw(st.integers(0, high))]
        if draw(st.integers(0, 11)):
            ends.sort()
        return Span(unit * ends[0], unit * ends[1])

    return Timing(
        notice=time(0, 2),
        recovery=time(0, 2),
        pause_limit=time(1, 9),
        quiescing=span(1),
        paused=span(1),
        applying=span(4),
        watchdog=time(0, 4),
        restoring=span(2),
        rollback=span(2),
        clock_sync_delay=time(0, 1),
        clock_sync_bound=time(1, 2),
    )


__all__ = ["fleets", "systems", "timings"]
