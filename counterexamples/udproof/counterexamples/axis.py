"""A time axis that is honest about long waits.

The idea: a pause of eight seconds beside a notice of fifteen minutes is half a pixel wide. So the axis leaves out the
middle of long stretches in which nothing happens, and *shows* each place where it did. It never does anything else:

- outside the breaks a second has one and the same width everywhere, so lengths can be compared by eye;
- a break lies strictly between two instants of interest: no bar starts or ends in it, and no mark stands there;
- on both sides of a break a round stretch of time remains, so that bars are seen to go in and to come out;
- the map from time to place is strictly increasing, breaks included.

A break must pay. The longest gaps are taken out one by one, only while some bar is too narrow to read, and only gaps
that are much longer than that bar and take a good part of the axis; in the end the breaks stand only if they magnify
what is left about twofold.

Times are exact fractions of a second; only places on the paper are floating point.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise

BREAK = 34.0  # pixels that one break takes
_WORTH = 150.0  # pixels that a gap must take before we consider a break in it
_LONG = 8  # how many times as long as the shortest narrow bar a gap must be
_GAIN = 1.8  # how much wider the rest must become by all the breaks together
_AMPLE = 220.0  # pixels for the shortest bar, beyond which more magnification helps nobody


def span(seconds: Fraction) -> str:
    """Write a time or duration (seconds) for people: "31.5 s", "15 min 20 s", "1 h 05 min"; below 0.1 s in ms or µs."""
    if 0 < seconds < Fraction(1, 10):
        unit, factor = ("ms", 1000) if seconds >= Fraction(1, 10_000) else ("µs", 1_000_000)
        return f"{decimal(seconds * factor)} {unit}"
    # Round first and split afterwards, or 59.999 s would read "60 s".
    minutes, rest = divmod(round(seconds * 100), 6000)
    hours, minutes = divmod(minutes, 60)
    words = [f"{hours} h"] if hours else []
    if minutes or (hours and rest):
        words.append(f"{minutes:02d} min" if hours else f"{minutes} min")
    if rest or not words:
        words.append(f"{decimal(Fraction(rest, 100))} s")
    return " ".join(words)


def decimal(value: Fraction) -> str:
    """Write a number with at most two decimals, rounded half to even, without trailing zeros."""
    whole, hundredths = divmod(abs(round(value * 100)), 100)
    digits = f"{whole}.{hundredths:02d}".rstrip("0").rstrip(".")
    return f"-{digits}" if value < 0 and digits != "0" else digits


def nice(limit: Fraction) -> Fraction:
    """Return the longest round duration (1, 2, 5, 10, 15, 20, 30 s, 1 min ...) up to `limit` > 0 seconds.

    Neighbouring round durations differ at most by a factor of 2.5.
    """
    for unit in (60, 1):
        if 10 * unit <= limit < 60 * unit:
            return Fraction(max(step for step in (10, 15, 20, 30) if step * unit <= limit) * unit)
    power = Fraction(3600 if limit >= 3600 else 60 if limit >= 60 else 1)
    while power > limit:
        power /= 10
    while power * 10 <= limit:
        power *= 10
    return max(power * step for step in (1, 2, 5) if power * step <= limit)


@dataclass(frozen=True, slots=True)
class Need:
    """A stretch of time (seconds) that should be at least `width` pixels wide."""

    start: Fraction
    end: Fraction
    width: float


@dataclass(frozen=True, slots=True)
class Axis:
    """A strictly increasing, piecewise linear map from seconds to pixels; every second piece is a break."""

    times: tuple[Fraction, ...]
    places: tuple[float, ...]
    known: dict[Fraction, float] = field(default_factory=dict, compare=False, repr=False)  # answers of `x`, which is slow

    def x(self, time: Fraction) -> float:
        """Return the place of `time` in pixels."""
        if (found := self.known.get(time)) is not None:
            return found
        i = min(max(bisect_right(self.times, time) - 1, 0), len(self.times) - 2)
        part = float((time - self.times[i]) / (self.times[i + 1] - self.times[i]))
        self.known[time] = place = self.places[i] + (self.places[i + 1] - self.places[i]) * part
        return place

    @property
    def scale(self) -> float:
        """Pixels per second outside the breaks."""
        return (self.places[1] - self.places[0]) / float(self.times[1] - self.times[0])

    @property
    def breaks(self) -> tuple[tuple[Fraction, Fraction], ...]:
        """The stretches of time left out, in order."""
        return tuple(pairwise(self.times))[1::2]

    @property
    def segments(self) -> tuple[tuple[Fraction, Fraction], ...]:
        """The stretches of time shown, in order."""
        return tuple(pairwise(self.times))[::2]

    def shown(self, start: Fraction, end: Fraction) -> list[tuple[float, float]]:
        """Return the places (from, to) of the parts of `start` to `end` that no break hides."""
        if len(self.times) == 2:
            return [(self.x(start), self.x(end))]
        parts = ((max(start, a), min(end, b)) for a, b in self.segments)
        return [(self.x(a), self.x(b)) for a, b in parts if a <= b]

    def ticks(self, step: Fraction, instants: Iterable[Fraction]) -> list[list[Fraction]]:
        """Return for each segment the multiples of `step` in it, or, where there is none, its first instant."""
        known = sorted(instants)
        found = []
        for a, b in self.segments:
            multiples = [step * n for n in range(-(-a // step), b // step + 1)]
            found.append(multiples or [t for t in known if a <= t <= b][:1])
        return found


def fit(left: float, right: float, instants: Iterable[Fraction], needs: Sequence[Need]) -> Axis:
    """Choose the axis from `left` to `right` pixels for the instants of interest, the first and last at its ends."""
    times = sorted(set(instants))
    if len(times) < 2:
        return Axis((times[0], times[0] + 1), (left, right))
    longest = sorted(pairwise(times), key=lambda gap: (gap[0] - gap[1], gap[0]))
    plain = best = Axis((times[0], times[-1]), (left, right))
    for count, (start, end) in enumerate(longest, 1):
        narrow = [n.end - n.start for n in needs if n.end > n.start and best.x(n.end) - best.x(n.start) < n.width]
        if not narrow or end - start < _LONG * min(narrow):
            break
        if best.scale * float(end - start) < _WORTH or count * BREAK > (right - left) / 2:
            break
        candidate = _broken((left, right), times, sorted(longest[:count]), needs)
        if candidate is None:
            break
        best = candidate
    return best if best.scale >= _GAIN * plain.scale else plain


def _broken(
    ends: tuple[float, float], times: list[Fraction], gaps: list[tuple[Fraction, Fraction]], needs: Sequence[Need]
) -> Axis | None:
    """Return the axis with a break in each of `gaps`, or None if nothing would remain."""
    left, right = ends
    kept = times[-1] - times[0] - sum(b - a for a, b in gaps)
    if not kept:
        return None
    room = right - left - BREAK * len(gaps)
    # What remains on each side of a break: a round part of what is shown, and more, up to half of all, if the bars are wide
    # enough anyway.
    shortest = min(need.end - need.start for need in needs if need.end > need.start)
    spare = shortest * Fraction(room / _AMPLE) - kept
    stub = max(kept / max(6, 3 * len(gaps)), min(spare, kept) / (2 * len(gaps)))
    stub = nice(min(stub, min(b - a for a, b in gaps) / 6))
    scale = room / float(kept + 2 * len(gaps) * stub)
    knots = [times[0], *(t for a, b in gaps for t in (a + stub, b - stub)), times[-1]]
    places = [left]
    for i, (a, b) in enumerate(pairwise(knots)):
        places.append(places[-1] + (BREAK if i % 2 else float(b - a) * scale))
    return Axis(tuple(knots), (*places[:-1], right))
