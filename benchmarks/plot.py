"""The picture: time to the verdict against the number of states, both axes logarithmic, one line a contender.

What is drawn is processor time from cold to verdict; for the physical limit, the time of its loop. On such axes a cost that is
proportional to the number of states is a straight line that rises by one decade in one decade; where a line is flat, what is
paid for is the start. Names stand at the ends of the lines, so that no legend needs to be looked up, and no colour alone tells
lines apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from benchmarks.benchmark import Sample
from udproof.counterexamples.svg import FONT, Face, tag, write

WIDTH, HEIGHT = 860, 520
LEFT, RIGHT, TOP, BOTTOM = 72, 136, 56, 62
LEAST = 1e-3  # seconds; what takes less is not drawn, since it is no more than the grain of the clock
FAINT = "#dddddd"
LOOKS = {  # colour (Okabe and Ito, told apart by all readers) and dashes
    "udproof": ("#0072B2", None),
    "SPIN": ("#D55E00", None),
    "plain Python": ("#009E73", None),
    "physical limit": ("#666666", "5 4"),
    "Spacer": ("#CC79A7", None),
}
TITLE = "The reference walk without reductions, on one core"
LIMIT = " (the physical limit: of a bare loop)"
_SMALL, _NAME = Face(12), 13
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def time_of(sample: Sample) -> float:
    """What is drawn of a sample."""
    assert sample.contender != "physical limit" or sample.core is not None
    return sample.core if sample.contender == "physical limit" and sample.core is not None else sample.cpu


@dataclass(frozen=True, slots=True)
class _Axis:
    """Whole decades, and where they lie on the paper."""

    low: int
    high: int
    start: float
    end: float

    def at(self, value: float) -> float:
        return self.start + (log10(value) - self.low) / (self.high - self.low) * (self.end - self.start)

    @property
    def decades(self) -> range:
        return range(self.low, self.high + 1)


def _axis(values: Sequence[float], start: float, end: float) -> _Axis:
    low, high = floor(log10(min(values))), ceil(log10(max(values)))
    return _Axis(low, max(high, low + 1), start, end)


def plot(samples: Sequence[Sample], title: str = TITLE) -> str:
    """The picture as SVG. ValueError if there is nothing to draw."""
    drawn = [sample for sample in samples if sample.contender in LOOKS and time_of(sample) >= LEAST]
    if not drawn:
        raise ValueError("there is no sample to draw")
    across = _axis([sample.states for sample in drawn], LEFT, WIDTH - RIGHT)
    up = _axis([time_of(sample) for sample in drawn], HEIGHT - BOTTOM, TOP)
    lines = {
        name: sorted((across.at(s.states), up.at(time_of(s))) for s in drawn if s.contender == name)
        for name in LOOKS
        if any(s.contender == name for s in drawn)
    }
    inside = [
        tag("rect", x=0, y=0, width=WIDTH, height=HEIGHT, fill="#ffffff"),
        write((LEFT, 26), title, Face(16, bold=True)),
        write((LEFT, 44), f"seconds of processor time from cold to verdict{LIMIT if 'physical limit' in lines else ''}", _SMALL),
        *_grid(across, up),
        *(_line(name, points) for name, points in lines.items()),
        *_names(lines),
    ]
    box = f"0 0 {WIDTH} {HEIGHT}"
    return tag("svg", *inside, xmlns="http://www.w3.org/2000/svg", width=WIDTH, height=HEIGHT, viewBox=box, font_family=FONT) + "\n"


def _grid(across: _Axis, up: _Axis) -> list[str]:
    parts = []
    for decade in across.decades:
        x = across.at(10.0**decade)
        parts.append(tag("line", x1=x, y1=TOP, x2=x, y2=HEIGHT - BOTTOM, stroke=FAINT))
        parts.append(write((x, HEIGHT - BOTTOM + 18), "10" + str(decade).translate(_SUPERSCRIPT), Face(12, anchor="middle")))
    for decade in up.decades:
        y = up.at(10.0**decade)
        parts.append(tag("line", x1=LEFT, y1=y, x2=WIDTH - RIGHT, y2=y, stroke=FAINT))
        parts.append(write((LEFT - 8, y + 4), _seconds(decade), Face(12, anchor="end")))
    middle = (LEFT + WIDTH - RIGHT) / 2
    return [*parts, write((middle, HEIGHT - 18), "distinct states", Face(13, anchor="middle"))]


def _seconds(decade: int) -> str:
    """A power of ten of seconds, in the unit in which it is a whole number."""
    for unit, power in (("s", 0), ("ms", -3), ("µs", -6)):
        if decade >= power:
            return f"{10 ** (decade - power):,} {unit}"
    return "10" + str(decade).translate(_SUPERSCRIPT) + " s"


def _line(name: str, points: Sequence[tuple[float, float]]) -> str:
    colour, dashes = LOOKS[name]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dots = [tag("circle", cx=x, cy=y, r=3.2, fill=colour) for x, y in points]
    return tag("g", tag("polyline", points=path, fill="none", stroke=colour, stroke_width=2, stroke_dasharray=dashes), *dots)


def _names(lines: dict[str, list[tuple[float, float]]]) -> list[str]:
    """The names beside the ends of the lines, pushed apart where they would touch."""
    parts, free = [], float(TOP)
    for name in sorted(lines, key=lambda name: lines[name][-1][1]):
        x, y = lines[name][-1]
        at = max(y + 4, free)
        free = at + _NAME + 4
        parts.append(write((x + 10, at), name, Face(_NAME, LOOKS[name][0], bold=True, halo="#ffffff")))
    return parts
