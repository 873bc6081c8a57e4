"""The lanes of a timing diagram: bars on their bands, limits, labels, and the tears where time is left out.

The idea: shapes may cover one another in a fixed order, texts never. So the shapes of a lane are drawn first, and each
text then asks the `Page` for its place: a label inside its bar, else small in the strip above the bars, else shortened,
else it is only in the bar's `<title>`. A text that finds its place taken does not appear, rather than be misread.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import groupby

from udproof.counterexamples.axis import BREAK, Axis, span
from udproof.counterexamples.chart import STYLES, Bar, Chart
from udproof.counterexamples.svg import Face, clean, number, tag, text_width, titled, write

WIDTH = 1560.0
LEFT, RIGHT = 22.0, 1532.0  # the margins of the paper; the plot, too, ends at the right one
RED, SLATE, INK, GREY, EDGE = "#b3261e", "#5f6168", "#333333", "#5c6068", "#3d4148"


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on the paper, and how bad it is to cover it."""

    left: float
    top: float
    right: float
    bottom: float
    weight: float = 1.0

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
    texts: dict[int, list[Box]] = field(default_factory=dict)

    @property
    def bottom(self) -> float:
        """The lower edge of the last lane."""
        return self.top + self.pitch * len(self.rows)

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
        return self.top + self.pitch * self.rows[lane]

    def middle(self, lane: int) -> float:
        """Return the height at which the bars of a lane are centred."""
        # Low lanes need their upper strip for texts more than the lower one.
        return self.lane_top(lane) + self.pitch / 2 + (0 if self.pitch > 60 else 3)

    def extent(self, lane: int, bar: Bar) -> Box:
        """Return the place of a bar; even an instant is three pixels wide."""
        left, height = self.axis.x(bar.start), STYLES[bar.kind].height
        middle, half = self.middle(lane), self.pitch * height / 2
        return Box(left, middle - half, max(self.axis.x(bar.end), left + 3), middle + half, height**2)

    def take(self, lane: int, box: Box) -> bool:
        """Reserve a place for a text in a lane, if it is inside the plot and no other text is there, nor a break."""
        taken = self.texts.setdefault(lane, [])
        torn = any(box.left < x + BREAK and x < box.right for x in self.breaks())
        if torn or box.left < self.left or box.right > WIDTH - 6 or any(box.overlap(other) for other in taken):
            return False
        taken.append(box)
        return True

    def breaks(self) -> list[float]:
        """Return the left edges of the breaks."""
        return [self.axis.x(start) for start, _ in self.axis.breaks]


def _groups(page: Page) -> list[tuple[str, list[int]]]:
    return [(name, list(lanes)) for name, lanes in groupby(page.rows, key=lambda lane: page.chart.lanes[lane].group)]


def bands(page: Page) -> list[str]:
    """Draw the ground: a band for each group in alternating shades, hairlines between lanes, lines between groups."""
    grounds, lines = [], []
    for i, (_, lanes) in enumerate(_groups(page)):
        top, shade = page.lane_top(lanes[0]), "#ffffff" if i % 2 else "#f4f5f8"
        size = {"width": RIGHT - page.left, "height": page.pitch * len(lanes)}
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
            if bar.due is not None and bar.due <= page.chart.end:
                (over if bar.reached else under).append(_limit(page, index, bar.due, bar.reached))
        over += _labels(page, index, ordered)
    return under, bars, over


def swatch(kind: str) -> str:
    """Return the fill of a kind of bar: a colour, or a reference to its hatch."""
    return f"url(#{kind})" if STYLES[kind].hatch else STYLES[kind].fill


def _bar(page: Page, lane: int, bar: Bar) -> str:
    box = page.extent(lane, bar)
    told = f"{page.chart.lanes[lane].name}: {bar.label or bar.kind}, {span(bar.start)} to {span(bar.end)}"
    edge = None if bar.kind == "running" else EDGE
    rows = {"y": box.top, "height": box.bottom - box.top}
    shapes = [tag("rect", x=box.left, **rows, width=box.right - box.left, rx=2.5, fill=swatch(bar.kind), stroke=edge)]
    if bar.due is not None and bar.reached:
        told += f"; limit of {span(bar.due - bar.start)} reached at {span(bar.due)}"
    if bar.due is not None and bar.end > bar.due:
        told += f", passed by {span(bar.end - bar.due)}"
        left = page.axis.x(bar.due)
        look = {"fill": "url(#overrun)", "stroke": RED}
        shapes.append(tag("rect", x=left, **rows, width=max(box.right - left, 5), **look, stroke_width=1.5))
    return titled(told, *shapes)


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
        label = _inside(page, lane, bar, bar.label, page.large) or _inside(page, lane, bar, bar.label, page.small)
        drawn.append(label)
        homeless += [] if label or not bar.label else [bar]
    for bar in bars:
        if bar.due is not None and bar.due <= page.chart.end:
            x, face = page.axis.x(bar.due), Face(page.small, RED if bar.reached else GREY, bar.reached, halo="#ffffff")
            drawn.append(_above(page, lane, (x + 5, x - 5), span(bar.due - bar.start), face))
    for bar in homeless:
        box, face = page.extent(lane, bar), Face(page.small, GREY, halo="#ffffff")
        above = _above(page, lane, (box.left, box.right), bar.label, face)
        less = (_inside(page, lane, bar, text, 10) for text in _beginnings(bar.label))
        drawn.append(above or next(filter(None, less), ""))
    return [text for text in drawn if text]


def _inside(page: Page, lane: int, bar: Bar, label: str, size: float) -> str:
    """Write a label into the widest visible part of its bar, if it fits."""
    box, style = page.extent(lane, bar), STYLES[bar.kind]
    end = bar.end if bar.due is None else min(bar.due, bar.end)
    left, right = max(page.axis.shown(bar.start, end), key=lambda part: part[1] - part[0])
    face = Face(size, style.ink, end < bar.end, "middle", style.fill)
    half, x, y = text_width(clean(label), face) / 2, (left + right) / 2, (box.top + box.bottom) / 2
    fits = label and 2 * half <= right - left - 8 and size + 1.5 <= box.bottom - box.top
    return write((x, y + size * 0.36), label, face) if fits and page.take(lane, _around(x, y, half, size)) else ""


def _around(x: float, y: float, half: float, size: float) -> Box:
    return Box(x - half, y - size / 2, x + half, y + size / 2, 3)


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
        if page.take(lane, Box(left - 2, y - face.size * 0.75, left + width + 2, y, 3)):
            return write((left, y), label, face, 240)
    return ""


def tears(page: Page) -> list[str]:
    """Tear the lanes apart where time is left out: a white band with two zigzag edges, over the bars."""
    top, height = page.top - 5, page.bottom - page.top + 10
    teeth = max(2, round(height / 14))
    heights = [number(top + height * i / teeth / 2) for i in range(2 * teeth + 1)]
    drawn = []
    for left in page.breaks():
        near = [f"{number(left + 6 - 5 * (i % 2))} {y}" for i, y in enumerate(heights)]
        far = [f"{number(left + BREAK - 1 - 5 * (i % 2))} {y}" for i, y in enumerate(heights)]
        drawn.append(tag("polygon", points=" ".join([*near, *reversed(far)]), fill="#ffffff"))
        look = {"fill": "none", "stroke": "#7b8089", "stroke_linejoin": "round"}
        drawn += [tag("polyline", points=" ".join(edge), **look, stroke_width=1.4) for edge in (near, far)]
    return drawn
