"""The chart of two timing constants: a square for each pair of values that was tried, coloured by what does not hold there."""

from __future__ import annotations

from fractions import Fraction

from udproof.counterexamples.explain import duration
from udproof.counterexamples.svg import FONT, Face, tag, text_width, titled, write
from udproof.engines.margins import Region

_HOLDS, _INK, _GREY = "#dcebdc", "#333333", "#888888"
_FAILS = ("#c0504d", "#e0a030", "#7a6aa8", "#5b8fb0", "#a07850", "#909090")
_LEFT, _TOP, _SIDE, _KEY = 130.0, 60.0, 480.0, 24.0


def drawing(found: Region) -> str:
    """The chart as SVG. Squares have titles; the present values are marked by a ring."""
    failing = list(dict.fromkeys(problem for row in found.problems for problem in row if problem is not None))
    colours = {name: _FAILS[place % len(_FAILS)] for place, name in enumerate(failing)}
    wide, high = _SIDE / len(found.across), _SIDE / len(found.up)
    drawn = [tag("rect", x=0, y=0, width=720, height=_TOP + _SIDE + 80 + _KEY * (1 + len(failing)), fill="#ffffff")]
    for row, second in enumerate(found.up):
        for column, first in enumerate(found.across):
            problem = found.problems[row][column]
            said = f"{found.names[0]} {duration(first)}, {found.names[1]} {duration(second)}: {problem or 'holds'}"
            square = tag(
                "rect",
                x=_LEFT + column * wide,
                y=_TOP + _SIDE - (row + 1) * high,
                width=wide,
                height=high,
                fill=_HOLDS if problem is None else colours[problem],
                stroke="#ffffff",
                stroke_width=1,
            )
            drawn.append(titled(said, square))
    drawn += [*_axis(found.across, wide, True), *_axis(found.up, high, False)]
    drawn.append(write((_LEFT + _SIDE / 2, _TOP + _SIDE + 50), found.names[0], Face(15, _INK, True, "middle"), _SIDE))
    drawn.append(write((12, _TOP - 24), found.names[1], Face(15, _INK, True), 300))
    x, y = (
        _LEFT + wide / 2 + _place(found.across, found.here[0]) * wide,
        _TOP + _SIDE - high / 2 - _place(found.up, found.here[1]) * high,
    )
    here = f"now: {found.names[0]} {duration(found.here[0])}, {found.names[1]} {duration(found.here[1])}"
    drawn.append(titled(here, tag("circle", cx=x, cy=y, r=7, fill="none", stroke=_INK, stroke_width=2.5)))
    for line, (name, colour) in enumerate([("all hold", _HOLDS), *((f"{name} does not hold", colours[name]) for name in failing)]):
        y = _TOP + _SIDE + 74 + line * _KEY
        drawn.append(tag("rect", x=_LEFT, y=y, width=16, height=16, fill=colour))
        drawn.append(write((_LEFT + 24, y + 13), name, Face(14, _INK), _SIDE))
    drawn.append(write((_LEFT + 230, _TOP + _SIDE + 87), f"○ {here}", Face(14, _INK), 340))
    height = _TOP + _SIDE + 80 + _KEY * (1 + len(failing))
    svg = tag(
        "svg",
        *drawn,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 720 {height:.0f}",
        width=720,
        height=height,
        font_family=FONT,
    )
    return svg + "\n"


def _axis(values: tuple[Fraction, ...], size: float, across: bool) -> list[str]:
    """As many values beside an axis as there is room for."""
    face = Face(12, _GREY, anchor="middle" if across else "end")
    room = max(text_width(duration(value), face) for value in values) + 8 if across else 16
    every = max(1, -(-int(room) // max(1, int(size))))
    drawn = []
    for place in range(0, len(values), every):
        middle = (place + 0.5) * size
        at = (_LEFT + middle, _TOP + _SIDE + 18) if across else (_LEFT - 8, _TOP + _SIDE - middle + 4)
        drawn.append(write(at, duration(values[place]), face, 110))
    return drawn


def _place(values: tuple[Fraction, ...], value: Fraction) -> float:
    """Where a value stands among evenly spaced ones."""
    return float((value - values[0]) / (values[1] - values[0]))
