"""The sequence chart: a line for each party, downwards, and each step as an arrow from who acts to whom it changes.

The idea: the timing diagram shows states over time; this shows the order of who did what to whom (see `exchange`). Order is all
that the vertical axis means: equal distances are steps, and where time passes a band across all lines says how much.

As for the timing diagram: one self-contained SVG, the same bytes for the same run, every text inside the canvas whatever the names
are, and nothing told by colour alone (the decisive step is bold and marked with a sign).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from udproof.counterexamples.exchange import Exchange, Message, Passing, exchange
from udproof.counterexamples.lanes import GREY, INK, LEFT, RED, RIGHT, SLATE, WIDTH
from udproof.counterexamples.svg import FONT, Face, clean, escape, number, tag, text_width, titled, wrap, write
from udproof.counterexamples.trace import Trace
from udproof.language import Property

_ROW, _BAND = 46.0, 38.0  # height of a message and of a wait, in pixels
_DISC = Face(12, "#ffffff", True, "middle")
_MOST = 14  # parties; where there are more, those that take part in the fewest steps are left out, and counted


def sequence_svg(trace: Trace, prop: Property | None) -> str:
    """The run as an SVG text that ends in a newline. ValueError if there is a property and it holds at the end."""
    return render(exchange(trace, prop))


@dataclass(frozen=True, slots=True)
class _Sheet:
    """Where each party that is shown stands; parties by their numbers."""

    told: Exchange
    places: dict[int, float]
    room: float  # pixels between two of them

    def box(self, party: int, y: float) -> str:
        """The head of a lifeline."""
        width, ink = min(self.room - 14, 220), RED if party in self.told.about else SLATE
        shape = tag(
            "rect",
            x=self.places[party] - width / 2,
            y=y,
            width=width,
            height=32,
            rx=5,
            fill="#ffffff",
            stroke=ink,
            stroke_width=1.6,
        )
        name = write((self.places[party], y + 21), self.told.parties[party], Face(14, "#000000", True, "middle"), width - 12)
        return titled(self.told.parties[party], shape, name)


def render(told: Exchange) -> str:
    """The chart as one SVG text; equal contents give equal texts."""
    sheet = _sheet(told)
    heading, y = _heading(told, len(sheet.places))
    top, rows = y + 32, []
    y = top + 14
    for event in told.events:
        drawn, height = _passing(sheet, event, y) if isinstance(event, Passing) else _message(sheet, event, y)
        rows.append(tag("g", *drawn, data_step=str(event.number)))
        y += height
    lines = [tag("line", x1=x, y1=top, x2=x, y2=y + 6, stroke="#9a9ea6", stroke_dasharray="5 4") for x in sheet.places.values()]
    heads = [sheet.box(party, top - 32) for party in sheet.places]
    foot, y = _foot(told, y + 10)
    about = clean(f"{told.cause} Steps: {'; '.join(f'{event.number} {event.text}' for event in told.events) or 'none'}.")
    parts = [tag("title", escape(clean(told.title))), tag("desc", escape(about))]
    parts += [tag("rect", width=WIDTH, height=y, fill="#ffffff"), *heading, *lines, *heads, *rows, *foot]
    canvas = {"viewBox": f"0 0 {number(WIDTH)} {number(y)}", "width": number(WIDTH), "height": number(y)}
    body = "\n".join(["", *parts, ""])
    return tag("svg", body, xmlns="http://www.w3.org/2000/svg", **canvas, role="img", font_family=FONT) + "\n"


def _sheet(told: Exchange) -> _Sheet:
    busy = dict.fromkeys(range(len(told.parties)), 0)
    for event in told.events:
        for party in (event.by, *event.to) if isinstance(event, Message) else ():
            busy[party] += 1
    ranked = sorted(busy, key=lambda party: (party not in told.about, -busy[party], party))
    shown = sorted(ranked[:_MOST])
    left, room = LEFT + 66, (RIGHT - LEFT - 66) / max(len(shown), 1)
    return _Sheet(told, {party: left + room * (place + 0.5) for place, party in enumerate(shown)}, room)


def _heading(told: Exchange, shown: int) -> tuple[list[str], float]:
    drawn, y = [], 40.0
    for face, text in ((Face(20, "#000000", True), told.title), (Face(16, INK), told.cause)):
        for line in wrap(clean(text), face, RIGHT - LEFT, 4):
            drawn.append(write((LEFT, y), line, face, RIGHT - LEFT))
            y += face.size + 8
    if shown < len(told.parties):
        left_out = f"{len(told.parties) - shown} more parties take part in few steps and are not shown"
        drawn.append(write((LEFT, y), left_out, Face(14, GREY), RIGHT - LEFT))
        y += 22
    return drawn, y


def _number(event: Message | Passing, y: float, at: str) -> list[str]:
    disc = tag("rect", x=LEFT, y=y - 11, width=26, height=22, rx=11, fill=RED if event.decisive else SLATE)
    when = [write((LEFT + 30, y + 4), at, Face(11, GREY), 60)] if at else []
    return [disc, write((LEFT + 13, y + 4.3), str(event.number), _DISC), *when]


def _passing(sheet: _Sheet, event: Passing, y: float) -> tuple[list[str], float]:
    """Time passes: a band across all lines."""
    face = Face(14, RED if event.decisive else INK, event.decisive, "middle")
    left, middle = LEFT + 66, y + _BAND / 2
    look = {"fill": "#fdeceb", "stroke": RED} if event.decisive else {"fill": "#f4f5f8", "stroke": "#c9ccd2"}
    band = tag("rect", x=left, y=y + 4, width=RIGHT - left, height=_BAND - 10, rx=4, **look)
    text = f"⋯ {event.text} ⋯{' — decisive' if event.decisive else ''}"
    return [band, write(((left + RIGHT) / 2, middle + 4), text, face, RIGHT - left - 20), *_number(event, middle - 1, "")], _BAND


def _message(sheet: _Sheet, event: Message, y: float) -> tuple[list[str], float]:
    """An arrow to each party that is changed; a loop where there is none. Its text stands above, as near to it as it fits."""
    ink, line = (RED, 2.4) if event.decisive else ("#3d4148", 1.5)
    face = Face(14, RED if event.decisive else INK, event.decisive, halo="#ffffff")
    base, start = y + _ROW - 12, sheet.places.get(event.by)
    ends = [sheet.places[party] for party in event.to if party in sheet.places]
    drawn = []
    look: dict[str, str | float | None] = {"fill": "none", "stroke": ink, "stroke_width": line}
    if start is not None and not ends:
        path = f"M{number(start)} {number(base - 8)}h22v12h-17"
        drawn += [tag("path", d=path, **look), _tip(start + 2, base + 4, True, ink)]
    places = sorted([*ends, *([] if start is None else [start])])
    for one, other in pairwise(places):
        drawn.append(tag("line", x1=one, y1=base, x2=other, y2=base, **look))
    if start is not None and ends:
        drawn.append(tag("circle", cx=start, cy=base, r=3.5, fill=ink))
    drawn += [_tip(end, base, start is None or end < start, ink) for end in ends]
    text = f"{event.text}{' — decisive' if event.decisive else ''}"
    room = RIGHT - LEFT - 80
    width = min(text_width(clean(text), face), room)
    left, right = (places[0], places[-1]) if places else (LEFT + 66, RIGHT)
    at = min(max((left + right - width) / 2, LEFT + 70), RIGHT - width)
    drawn.append(write((at, base - 12), text, face, room))
    return [*drawn, *_number(event, base, event.at)], _ROW


def _tip(x: float, y: float, leftwards: bool, ink: str) -> str:
    """The head of an arrow that ends at x."""
    side = 10 if leftwards else -10
    return tag(
        "polygon", points=f"{number(x)},{number(y)} {number(x + side)},{number(y - 5)} {number(x + side)},{number(y + 5)}", fill=ink
    )


def _foot(told: Exchange, y: float) -> tuple[list[str], float]:
    """How to read the chart."""
    drawn = [tag("line", x1=LEFT, y1=y + 4, x2=RIGHT, y2=y + 4, stroke="#dcdee3")]
    words = "An arrow goes from who acts to whom the step changes; a loop changes only who acts. Downwards is order, not time."
    drawn.append(write((LEFT, y + 26), words, Face(13, GREY), RIGHT - LEFT))
    return drawn, y + 44
