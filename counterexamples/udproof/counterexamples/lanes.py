"""The lanes of a timing diagram: bars on their bands, limits, labels, and the tears where time is left out.

The idea: shapes may cover one another in a fixed order, texts never. So the shapes of a lane are drawn first, and each
text then asks the `Page` for its place: a label inside its bar, else small in the strip above the bars, else shortened,
else it is only in the bar's `<title>`. A text that finds its place taken does not appear, rather than be misread.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import groupby, pairwise

from udproof.counterexamples.axis import BREAK, Axis, decimal, span
from udproof.counterexamples.chart import OVERRUN, RISING, STYLES, Bar, Chart, Style
from udproof.counterexamples.svg import Face, clean, number, tag, text_width, titled, write

WIDTH = 1560.0
LEFT, RIGHT = 22.0, 1532.0  # the margins of the paper; the plot, too, ends at the right one
RED, SLATE, INK, GREY, EDGE = "#b3261e", "#5f6168", "#333333", "#5c6068", "#3d4148"


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on the paper."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, corners: Sequence[tuple[float, float]]) -> bool:
        """Whether the triangle with these corners touches the inside: no side of either keeps them apart."""
        own = [(self.left, self.top), (self.right, self.top), (self.right, self.bottom), (self.left, self.bottom)]
        normals = [(1.0, 0.0), (0.0, 1.0), *((b[1] - a[1], a[0] - b[0]) for a, b in pairwise([*corners, corners[0]]))]
        for nx, ny in normals:
            here, there = [nx * x + ny * y for x, y in own], [nx * x + ny * y for x, y in corners]
            if max(here) <= min(there) or max(there) <= min(here):
                return False
        return True

    def overlap(self, other: "Box") -> float:
        """Return the common area in square pixels."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        return width * height if width > 0 and height > 0 else 0.0


@dataclass(slots=True)
class Page:
    """Where the lanes stand, and the places that texts have taken in each."""

    chart: Chart
    rows: dict[int, int]  # index of a lane -> its row, from the top
    pitch: float  # height of a row
    left: float  # of the plot, right of the names
    axis: Axis
    top: float = 0.0
    room: dict[int, float] = field(default_factory=dict)  # index of a lane -> height kept free below it, for remarks
    texts: dict[int, list[Box]] = field(default_factory=dict)
    breaks: list[float] = field(default_factory=list)  # the left edges of the breaks

    def __post_init__(self) -> None:
        self.breaks = [self.axis.x(start) for start, _ in self.axis.breaks]

    @property
    def bottom(self) -> float:
        """The lower edge of the last lane."""
        return self.top + self.pitch * len(self.rows) + sum(self.room.values())

    @property
    def edge(self) -> float:
        """Where the tail begins: up to here, time is measured."""
        return self.axis.x(self.chart.end)

    @property
    def small(self) -> float:
        """The size of the texts above bars."""
        return 12 if self.pitch > 45 else 10

    @property
    def large(self) -> float:
        """The size of the texts inside bars, and of the names of lanes."""
        return 16 if self.pitch > 60 else 14 if self.pitch > 45 else 12

    def lane_top(self, lane: int) -> float:
        """Return the upper edge of a lane, given by its index in the chart."""
        row = self.rows[lane]
        return self.top + self.pitch * row + sum(room for other, room in self.room.items() if self.rows[other] < row)

    def middle(self, lane: int) -> float:
        """Return the height at which the bars of a lane are centred."""
        # Low lanes need their upper strip for texts more than the lower one.
        return self.lane_top(lane) + self.pitch / 2 + (0 if self.pitch > 60 else 3)

    def extent(self, lane: int, bar: Bar) -> Box:
        """Return the place of a bar, with its tail; even an instant is three pixels wide."""
        left, height = self.axis.x(bar.start), STYLES[bar.kind].height
        middle, half = self.middle(lane), self.pitch * height / 2
        right = RIGHT if bar.open and self.chart.tail else self.axis.x(bar.end)
        return Box(left, middle - half, max(right, left + 3), middle + half)

    def take(self, lane: int, box: Box) -> bool:
        """Reserve a place for a text in a lane, if it is inside the plot and no other text is there, nor a break."""
        taken = self.texts.setdefault(lane, [])
        torn = any(box.left < x + BREAK and x < box.right for x in self.breaks)
        if torn or box.left < self.left or box.right > WIDTH - 6 or any(box.overlap(other) for other in taken):
            return False
        taken.append(box)
        return True


def when(chart: Chart, time: Fraction) -> str:
    """Write an instant as the axis counts: "step 3", "71.5 s", "15 min 30 s"."""
    return f"step {decimal(time)}" if chart.unit == "step" else f"{decimal(time)} s" if bare(chart) else span(time)


def length(chart: Chart, duration: Fraction) -> str:
    """Write how long something takes."""
    return span(duration) if chart.unit == "s" else f"{decimal(duration)} step{'' if duration == 1 else 's'}"


def bare(chart: Chart) -> bool:
    """Whether the axis counts plain seconds: up to two minutes nobody needs other units."""
    return chart.unit == "s" and 1 <= chart.end <= 120


def limited(chart: Chart, bar: Bar) -> bool:
    """Whether the limit of a bar is drawn: it falls within the chart; one that was kept is not drawn at the tail."""
    return bar.due is not None and (bar.reached or bar.due < chart.end or (bar.due == chart.end and not chart.tail))


def _groups(page: Page) -> list[tuple[str, list[int]]]:
    return [(name, list(lanes)) for name, lanes in groupby(page.rows, key=lambda lane: page.chart.lanes[lane].group)]


def bands(page: Page) -> list[str]:
    """Draw the ground: a band for each group in alternating shades, hairlines between lanes, lines between groups."""
    grounds, lines = [], []
    for i, (_, lanes) in enumerate(_groups(page)):
        top, shade = page.lane_top(lanes[0]), "#ffffff" if i % 2 else "#f4f5f8"
        size = {"width": RIGHT - page.left, "height": page.lane_top(lanes[-1]) + page.pitch + page.room.get(lanes[-1], 0) - top}
        grounds.append(tag("rect", x=page.left, y=top, **size, fill=shade))
        if i:
            lines.append(tag("line", x1=LEFT, y1=top, x2=RIGHT, y2=top, stroke="#a3a7ae", stroke_width=1.5))
        for y in (page.lane_top(lane) for lane in lanes[1:]):
            lines.append(tag("line", x1=page.left, y1=y, x2=RIGHT, y2=y, stroke="#e6e8ec"))
    return grounds + lines


def names(page: Page) -> list[str]:
    """Write the names of groups and lanes to the left of the plot."""
    drawn = []
    for name, lanes in _groups(page):
        middle = (page.middle(lanes[0]) + page.middle(lanes[-1])) / 2
        drawn.append(write((LEFT, middle + 6), name, Face(16, GREY, True), 170))
        for lane in lanes:
            face = Face(page.large, "#000000", True, "end")
            at = (page.left - 17, page.middle(lane) + page.large * 0.36)
            drawn.append(write(at, page.chart.lanes[lane].name, face, 260))
    return drawn


def contents(page: Page) -> tuple[list[str], list[str], list[str]]:
    """Draw of all lanes what belongs under the bars, the bars, and what belongs over them."""
    under: list[str] = []
    bars: list[str] = []
    over: list[str] = []
    for index, lane in enumerate(page.chart.lanes):
        # Where bars overlap, the flatter and the shorter lies on top, so that each stays visible.
        ordered = sorted(lane.bars, key=lambda b: (-STYLES[b.kind].height, b.start - b.end, b.start))
        bars += [_bar(page, index, bar) for bar in ordered]
        for bar in ordered:
            if bar.due is not None and limited(page.chart, bar):
                (over if bar.reached else under).append(_limit(page, index, bar.due, bar.reached))
        over += _labels(page, index, ordered)
    return under, bars, over


def swatch(kind: str) -> str:
    """Return the fill of a kind of bar: a colour, or a reference to its hatch."""
    return f"url(#{kind})" if STYLES[kind].hatch else STYLES[kind].fill


def defs(chart: Chart) -> str:
    """Define the hatches and the veil in use; equal hatches have equal names, so that many pictures may share one page."""
    used = {bar.kind for lane in chart.lanes for bar in lane.bars}
    grounds = [("tail", Style("#ffffff", "", 0, RISING, "#e3e5ea"))] if chart.tail else []
    hatched = [(kind, style) for kind, style in STYLES.items() if kind in used and style.hatch]
    tiles = []
    for name, style in [*hatched, ("overrun", OVERRUN), *grounds]:
        ground = tag("rect", width=8, height=8, fill=style.fill)
        lines = tag("path", d=style.hatch, stroke=style.stroke, stroke_width=1.8)
        tiles.append(tag("pattern", ground, lines, id=name, width=8, height=8, patternUnits="userSpaceOnUse"))
    if chart.tail:
        stops = (tag("stop", offset=at, stop_color="#ffffff", stop_opacity=veil) for at, veil in ((0, 0), (0.5, 0), (1, 0.75)))
        tiles.append(tag("linearGradient", *stops, id="veil"))
    return tag("defs", *tiles)


def _bar(page: Page, lane: int, bar: Bar) -> str:
    chart, box = page.chart, page.extent(lane, bar)
    told = f"{chart.lanes[lane].name}: {bar.words or bar.kind}, {when(chart, bar.start)} to {when(chart, bar.end)}"
    told += " and still so in the last state" if bar.open else ""
    rows = {"y": box.top, "height": box.bottom - box.top}
    look: dict[str, str | float | None] = {"fill": swatch(bar.kind), "stroke": None if bar.kind == "running" else EDGE}
    red: dict[str, str | float | None] = {"fill": "url(#overrun)", "stroke": RED, "stroke_width": 1.5}
    trailing = bar.open and chart.tail
    shapes = []
    if bar.end > bar.start or not trailing:
        right = page.edge if trailing else box.right
        shapes.append(tag("rect", x=box.left, **rows, width=max(right - box.left, 3), rx=2.5, **look))
    if bar.due is not None and bar.reached:
        told += f"; limit of {length(chart, bar.due - bar.start)} reached at {when(chart, bar.due)}"
    if bar.due is not None and bar.end > bar.due:
        told += f", passed by {length(chart, bar.end - bar.due)}"
        left, right = page.axis.x(bar.due), page.edge if trailing else box.right
        shapes.append(tag("rect", x=left, **rows, width=max(right - left, 5), **red))
    if trailing:
        look = red if bar.overrun else look
        dashes: dict[str, str | float | None] = {"fill_opacity": 0.85, "stroke_dasharray": "5 3"}
        shapes.append(tag("rect", x=page.edge, **rows, width=box.right - page.edge, **look, **dashes))
    return titled(told, *shapes)


def tail(page: Page, over: bool) -> list[str]:
    """Draw what tells the tail from measured time: a hatched ground, and over the bars a veil to the right."""
    if not page.chart.tail:
        return []
    look = {"fill": "url(#veil)" if over else "url(#tail)"}
    return [tag("rect", x=page.edge, y=page.top, width=RIGHT - page.edge, height=page.bottom - page.top, **look)]


def _limit(page: Page, lane: int, due: Fraction, reached: bool) -> str:
    """Draw the instant at which a limit falls: a red edge where it was reached, else a dashed tick."""
    x, top = page.axis.x(due), page.lane_top(lane)
    inset = page.pitch * (0.12 if reached else 0.07)
    ends = {"x1": x, "y1": top + inset, "x2": x, "y2": top + page.pitch - inset}
    if reached:
        return tag("line", **ends, stroke=RED, stroke_width=3)
    return tag("line", **ends, stroke="#878c95", stroke_width=1.6, stroke_dasharray="5 4")


def _labels(page: Page, lane: int, bars: Sequence[Bar]) -> list[str]:
    """Write the texts of a lane.

    Limits come before labels that found no room inside: they are short, and stand for what the chart is about.
    """
    drawn, homeless = [], []
    for bar in bars:
        tries = [(text, size) for text in dict.fromkeys((bar.words, bar.label)) for size in (page.large, page.small) if text]
        label = next(filter(None, (_inside(page, lane, bar, text, size) for text, size in tries)), "")
        drawn.append(label)
        homeless += [] if label or not bar.words else [bar]
    for bar in bars:
        if bar.due is not None and limited(page.chart, bar):
            x, face = page.axis.x(bar.due), Face(page.small, RED if bar.reached else GREY, bar.reached, halo="#ffffff")
            drawn.append(_above(page, lane, (x + 5, x - 5), length(page.chart, bar.due - bar.start), face))
    for bar in homeless:
        box, face = page.extent(lane, bar), Face(page.small, GREY, halo="#ffffff")
        above = _above(page, lane, (box.left, box.right), bar.words, face)
        less = (_inside(page, lane, bar, text, 10) for text in _beginnings(bar.words))
        drawn.append(above or next(filter(None, less), ""))
    return [text for text in drawn if text]


def _inside(page: Page, lane: int, bar: Bar, label: str, size: float) -> str:
    """Write a label into the widest visible part of its bar, if it fits; into measured time rather than into the tail."""
    box, style = page.extent(lane, bar), STYLES[bar.kind]
    end = bar.end if bar.due is None else min(bar.due, bar.end)
    face = Face(size, style.ink, bar.overrun, "middle", style.fill)
    half, y = text_width(clean(label), face) / 2, (box.top + box.bottom) / 2
    if size + 1.5 > box.bottom - box.top:
        return ""
    parts = page.axis.shown(bar.start, end)
    room = [max(parts, key=lambda part: part[1] - part[0])]
    room += [(parts[-1][0], box.right)] if bar.open and not bar.overrun else []
    for left, right in room:
        x = (left + right) / 2
        if 2 * half <= right - left - 8 and page.take(lane, _around(x, y, half, size)):
            return write((x, y + size * 0.36), label, face)
    return ""


def _around(x: float, y: float, half: float, size: float) -> Box:
    return Box(x - half, y - size / 2, x + half, y + size / 2)


def _beginnings(label: str) -> list[str]:
    """Return what may stand for a label that fits nowhere: its first words, or at least four letters of the first."""
    words = clean(label[:400]).split()
    letters = words[0] if words else ""
    # A number without its unit would say something else.
    shorter = [" ".join(words[:n]) for n in range(len(words) - 1, 0, -1) if not words[n - 1][-1].isdigit()]
    return [f"{text}…" for text in [*shorter, *(letters[:count] for count in range(len(letters) - 1, 3, -1))]]


def _above(page: Page, lane: int, at: tuple[float, float], label: str, face: Face) -> str:
    """Write a label into the strip above the bars, from the first place to the right or from the second to the left."""
    width, y = min(text_width(clean(label), face), 240), page.lane_top(lane) + face.size * 0.75 + 1.8
    for left in (at[0], at[1] - width):
        if page.take(lane, Box(left - 2, y - face.size * 0.75, left + width + 2, y)):
            return write((left, y), label, face, 240)
    return ""


def tears(page: Page) -> list[str]:
    """Tear the lanes apart where time is left out: a white band with two zigzag edges, over the bars."""
    top, height = page.top - 5, page.bottom - page.top + 10
    teeth = max(2, round(height / 14))
    heights = [number(top + height * i / teeth / 2) for i in range(2 * teeth + 1)]
    drawn = []
    for left in page.breaks:
        near = [f"{number(left + 6 - 5 * (i % 2))} {y}" for i, y in enumerate(heights)]
        far = [f"{number(left + BREAK - 1 - 5 * (i % 2))} {y}" for i, y in enumerate(heights)]
        drawn.append(tag("polygon", points=" ".join([*near, *reversed(far)]), fill="#ffffff"))
        look = {"fill": "none", "stroke": "#7b8089", "stroke_linejoin": "round"}
        drawn += [tag("polyline", points=" ".join(edge), **look, stroke_width=1.4) for edge in (near, far)]
    return drawn
