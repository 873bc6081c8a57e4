"""The timing diagram: who was in which phase when, which limit was passed, and by which step.

The idea: a design review understands a counterexample of a timed protocol from one picture. A lane for each party,
grouped; a bar for each phase; the steps numbered on top and told below; on each bar with a limit the instant at which
the limit falls; what lies beyond it hatched in red; the decisive step in red through all lanes.

`render` is a pure function from a `Chart` to one self-contained SVG text. It knows nothing of hosts or models: somebody
else turns traces into charts. It guarantees

- the same bytes for the same chart, on every machine;
- that every text lies inside the canvas, however long or hostile a name is (see `svg`), and on no other text;
- that a callout covers no bar but a thin one, and its pointer crosses none: where there is no free place, room is made
  below the lane of which it speaks;
- that a long wait is left out visibly or not at all (see `axis`);
- that the tail, where the last state stands and no time is measured, does not look like time: no tick is in it;
- that nothing is told by colour alone: kinds differ in height and hatch, an overrun has its hatch and its red edge.

The paper grows downwards: each part takes the height `y` at which it begins and returns its drawing with the height at
which the next one begins: heading, step numbers, lanes (see `lanes`), time axis, told steps, key.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor

from udproof.counterexamples import lanes, remarks
from udproof.counterexamples.axis import BREAK, Axis, Need, decimal, fit, nice, span
from udproof.counterexamples.chart import STYLES, Bar, Callout, Chart, Lane, Mark
from udproof.counterexamples.lanes import EDGE, GREY, INK, LEFT, RED, RIGHT, SLATE, WIDTH, Page, bare, when
from udproof.counterexamples.svg import FONT, Face, clean, escape, number, shorten, tag, text_width, wrap, write

__all__ = ["Bar", "Callout", "Chart", "Lane", "Mark", "render"]

_VERDICTS = {"VIOLATED": RED, "PROVED": "#2c6e4c"}
_DISC = Face(12, "#ffffff", True, "middle")
_TICK = Face(15, GREY, anchor="middle", halo="#ffffff")
_TAIL = (110.0, 190.0)  # pixels that the tail takes, at least and at most
_SIGNS = 3  # so many labels of one kind of bars stand in the key


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture, and where on it the lanes and the time are, for whoever wants to point at something."""

    svg: str
    axis: Axis
    top: float
    bottom: float


def render(chart: Chart) -> str:
    """Return the picture of `chart` as one SVG text that ends in a newline; equal charts give equal texts."""
    return draw(chart).svg


def draw(chart: Chart) -> Drawing:
    """Return the picture of `chart`. What belongs to a step carries the attribute `data-step` with its number."""
    page = _plan(chart)
    heading, y = _heading(chart)
    discs, page.top = _discs(page, y)
    (under, bars, over), callouts = remarks.contents(page)
    grid, foot, y = _foot(page)
    told, y = _told(chart, y)
    key, y = _key(chart, y)
    layers = [heading, lanes.bands(page), lanes.tail(page, False), grid, _threads(page, False), under, bars]
    layers += [lanes.tail(page, True), _threads(page, True), lanes.tears(page), over, lanes.names(page), discs, callouts]
    layers += [foot, told, key]
    steps = "; ".join(f"{mark.number} {mark.text}{_date(chart, mark)}" for mark in chart.marks)
    about = clean(f"{chart.sentence} Steps: {steps or 'none'}.")
    parts = [tag("title", escape(clean(f"{chart.verdict}: {chart.title}"))), tag("desc", escape(about)), lanes.defs(chart)]
    parts += [tag("rect", width=WIDTH, height=y, fill="#ffffff"), *(part for layer in layers for part in layer)]
    canvas = {"viewBox": f"0 0 {number(WIDTH)} {number(y)}", "width": number(WIDTH), "height": number(y)}
    body = "\n".join(["", *parts, ""])
    svg = tag("svg", body, xmlns="http://www.w3.org/2000/svg", **canvas, role="img", font_family=FONT) + "\n"
    return Drawing(svg, page.axis, page.top, page.bottom)


def _plan(chart: Chart) -> Page:
    """Fix the measures: which lane stands where, how high and wide, and which time is where."""
    groups = {lane.group: i for i, lane in reversed(list(enumerate(chart.lanes)))}
    order = sorted(range(len(chart.lanes)), key=lambda i: groups[chart.lanes[i].group])
    pitch = 64.0 if len(order) <= 10 else 50.0 if len(order) <= 24 else 40.0
    names = min(max(text_width(clean(lane.name), Face(16, bold=True)) for lane in chart.lanes), 260)
    group = min(max(text_width(clean(name), Face(16, bold=True)) for name in groups), 170)
    left = LEFT + group + (24 if group else 0) + max(names, 30) + 17
    bars = [bar for lane in chart.lanes for bar in lane.bars]
    instants = {Fraction(0), chart.end, *(m.time for m in chart.marks), *(c.time for c in chart.callouts)}
    instants |= {t for bar in bars for t in (bar.start, bar.end, bar.due) if t is not None and t <= chart.end}
    # Steps are all alike: none is left out.
    needs = [Need(b.start, b.end, _wish(b)) for b in bars] if chart.unit == "s" else []
    fresh = (text_width(clean(b.label[:40]), Face(16)) + 24 for b in bars if b.open and b.start == b.end)
    end = RIGHT - (min(max([_TAIL[0], *fresh]), _TAIL[1]) if chart.tail else 0)
    return Page(chart, {lane: row for row, lane in enumerate(order)}, pitch, left, fit(left, end, instants, needs))


def _wish(bar: Bar) -> float:
    """Return how wide a bar should be, in pixels, to be read: as wide as its label in small letters, within reason."""
    if bar.kind == "running" or not bar.label:
        return 6
    return min(text_width(clean(bar.words[:40]), Face(12)) + 10, 90)


def _heading(chart: Chart) -> tuple[list[str], float]:
    badge, bold, plain = Face(17, "#ffffff", True, "middle"), Face(20, "#000000", True), Face(17, INK)
    width = text_width(shorten(clean(chart.verdict), badge, 300), badge) + 24
    drawn = [tag("rect", x=LEFT, y=20, width=width, height=30, rx=5, fill=_VERDICTS.get(chart.verdict, SLATE))]
    drawn.append(write((LEFT + width / 2, 41), chart.verdict, badge, 300))
    y, room = 42.0, RIGHT - LEFT - width - 17
    for line in wrap(clean(chart.title), bold, room, 3):
        drawn.append(write((LEFT + width + 17, y), line, bold, room))
        y += 26
    y = max(y, 68) + 11
    for line in wrap(clean(chart.sentence), plain, RIGHT - LEFT, 6):
        drawn.append(write((LEFT, y), line, plain, RIGHT - LEFT))
        y += 24
    return drawn, y - 8


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Move sorted places as little as possible until neighbours are `gap` apart and all lie in `low` to `high`.

    Isotonic regression by pooling adjacent violators, on the places less their share of gaps.
    """
    pools: list[tuple[float, int]] = []
    for i, place in enumerate(wanted):
        mean, count = place - i * gap, 1
        while pools and pools[-1][0] > mean:
            before, size = pools.pop()
            mean, count = (before * size + mean * count) / (size + count), count + size
        pools.append((mean, count))
    last = high - gap * (len(wanted) - 1)
    flat = [min(max(mean, low), last) for mean, count in pools for _ in range(count)]
    return [place + i * gap for i, place in enumerate(flat)]


def _discs(page: Page, y: float) -> tuple[list[str], float]:
    """Number the steps above the plot, fanned out where they are close; in several rows where there are many."""
    marks = sorted(page.chart.marks, key=lambda m: (m.time, m.number))
    if not marks:
        return [], y + 8
    wide = max(22.0, *(text_width(str(m.number), _DISC) + 5 for m in marks))
    low, high = page.left - 8, WIDTH - 6 - wide / 2
    rows = -(-len(marks) // int((high - low) / (wide + 3)))
    wanted = [page.axis.x(mark.time) for mark in marks]
    places = spread(wanted, (wide + 3) / rows, low, high)
    knee, widest = y + 26 * rows, max(abs(a - b) for a, b in zip(wanted, places, strict=True))
    top = knee + (6 if widest < 1 else min(14 + widest / 8, 40))
    leaders, discs = [], []
    for i, (mark, at, x) in enumerate(zip(marks, wanted, places, strict=True)):
        ink, middle = RED if mark.decisive else SLATE, y + 26 * (i % rows) + 13
        path = f"M{number(x)} {number(middle)}V{number(knee)}L{number(at)} {number(top)}"
        leaders.append(tag("path", d=path, fill="none", stroke=RED if mark.decisive else "#9a9ea6"))
        disc = tag("rect", x=x - wide / 2, y=middle - 11, width=wide, height=22, rx=11, fill=ink)
        told = f"{mark.number} {mark.text}{_date(page.chart, mark)}"
        shapes = (tag("title", escape(clean(told))), disc, write((x, middle + 4.3), str(mark.number), _DISC))
        discs.append(tag("g", *shapes, data_step=str(mark.number)))
    return leaders + discs, top


def _threads(page: Page, decisive: bool) -> list[str]:
    """Draw the dotted lines of the steps through all lanes: one for an instant, however many steps it has."""
    times = sorted({mark.time for mark in page.chart.marks if mark.decisive is decisive})
    ink, width = (RED, 1.8) if decisive else ("#b4b8bf", 1.2)
    look = {"stroke": ink, "stroke_dasharray": "2 4"}
    places = [page.axis.x(time) for time in times]
    return [tag("line", x1=x, y1=page.top, x2=x, y2=page.bottom, **look, stroke_width=width) for x in places]


class _Rows:
    """Texts under the axis: each goes into the first row, of those it may take, in which it meets no other."""

    def __init__(self) -> None:
        self.taken: dict[int, list[tuple[float, float]]] = {}

    def place(self, x: float, width: float, among: range) -> tuple[int, float] | None:
        """Return the row and the middle, as near to `x` as the canvas allows; None if all rows are full there."""
        middle = min(max(x, width / 2 + 6), WIDTH - 6 - width / 2)
        left, right = middle - width / 2, middle + width / 2
        for row in among:
            if all(right <= a or b <= left for a, b in self.taken.get(row, [])):
                self.taken.setdefault(row, []).append((left, right))
                return row, middle
        return None


def _foot(page: Page) -> tuple[list[str], list[str], float]:
    """Draw the time axis: the thin lines that belong under the bars, and what stands below the lanes."""
    chart, y, rows = page.chart, page.bottom, _Rows()
    grid: list[str] = []
    drawn: list[str] = []
    if chart.folded:
        drawn.append(write((LEFT, y + 21), f"⋯ {chart.folded}", Face(14, GREY, halo="#ffffff"), RIGHT - LEFT))
        y += 32
        drawn.append(tag("line", x1=LEFT, y1=y, x2=RIGHT, y2=y, stroke="#c9ccd2"))
    for time, certain in _ticks(page):
        text = _tick(chart, time)
        x, width = page.axis.x(time), text_width(text, _TICK)
        if (place := rows.place(x, width + 14, range(99 if certain else 1))) is not None:
            drawn.append(write((place[1], y + 22 + 22 * place[0]), text, _TICK))
            grid.append(tag("line", x1=x, y1=page.top, x2=x, y2=y + 5, stroke="#dcdee3", stroke_width=1.2))
    drawn += _last_state(page, rows, y) if chart.tail else []
    for x, (start, end) in zip(page.breaks, page.axis.breaks, strict=True):
        text = f"⋯ {span(end - start)} ⋯"
        row, middle = rows.place(x + BREAK / 2, text_width(text, _TICK) + 22, range(1, 99)) or (1, x)
        if rows.place(x + BREAK / 2, 4, range(1)) is not None:
            drawn.append(tag("path", d=f"M{number(x + BREAK / 2)} {number(y + 6)}V{number(y + 8 + 22 * row)}", stroke=GREY))
        drawn += _pill((middle, y + 22 + 22 * row), text)
    unit, label = Face(15, GREY, anchor="end"), chart.time_label + (" [s]" if bare(chart) else "")
    row, _ = rows.place(RIGHT, 2 * min(text_width(clean(label), unit), 300), range(1, 99)) or (1, RIGHT)
    drawn.append(write((RIGHT, y + 22 + 22 * row), label, unit, 300))
    return grid, drawn, y + 22 * (1 + max(rows.taken)) + 24


def _last_state(page: Page, rows: _Rows, y: float) -> list[str]:
    """Name the tail on the axis, in the first row if there is room."""
    text, face, middle = "last state", Face(14, GREY, anchor="middle", halo="#ffffff"), (page.edge + RIGHT) / 2
    width = text_width(text, face) + 4
    tries = ((at, row) for row in (range(1), range(1, 99)) for at in (middle, RIGHT + 14 - width / 2))
    row, middle = next(filter(None, (rows.place(at, width, row) for at, row in tries)), (1, middle))
    path = f"M{number(page.edge + 4)} {number(y + 4)}H{number(RIGHT)}"
    return [tag("path", d=path, stroke=GREY, stroke_dasharray="5 3"), write((middle, y + 22 + 22 * row), text, face)]


def _tick(chart: Chart, time: Fraction) -> str:
    return decimal(time) if bare(chart) or chart.unit == "step" else span(time) if time else "0"


def _date(chart: Chart, mark: Mark) -> str:
    """Say when a step is, unless it is known: on an axis of steps its number says it."""
    return "" if mark.dated or chart.unit == "step" else f" @{when(chart, mark.time)}"


def _pill(at: tuple[float, float], text: str) -> list[str]:
    """Tell how much time a break leaves out."""
    face = Face(13.5, GREY, anchor="middle")
    width, look = text_width(text, face) + 16, {"fill": "#ffffff", "stroke": "#7b8089"}
    shape = tag("rect", x=at[0] - width / 2, y=at[1] - 14, width=width, height=19, rx=9.5, **look)
    return [shape, write(at, text, face)]


def _ticks(page: Page) -> Iterator[tuple[Fraction, bool]]:
    """Yield the instants worth a label, and whether it must be there: one on each side of every break, for certain."""
    chart, axis = page.chart, page.axis
    if chart.unit == "step":
        last = floor(chart.end)
        room = (text_width(str(last), _TICK) + 16) / axis.scale
        stride = next(n * 10**p for p in range(9) for n in (1, 2, 5) if n * 10**p >= room)
        yield from ((Fraction(number), False) for number in (last, *range(0, last, stride)))
        return
    if chart.tail:
        yield chart.end, True
    widest = max(text_width(span(t), _TICK) for t in [chart.end, *(t for gap in axis.breaks for t in gap)])
    least = Fraction((80 if bare(chart) else widest + 30) / axis.scale)
    # A round duration is at most 2.5 times the one before, so that one of these is long enough.
    step = min(step for step in (nice(least * Fraction(n, 4)) for n in range(4, 11)) if step >= least)
    step = max(step, Fraction(1, 100)) if chart.end >= 1 else step
    instants = {t for lane in chart.lanes for bar in lane.bars for t in (bar.start, bar.end)}
    segments = axis.ticks(step, instants | {mark.time for mark in chart.marks} | {Fraction(0), chart.end})
    yield from ((times[0], True) for times in segments if times)
    yield from ((time, False) for times in segments for time in times[1:] if time <= chart.end)
    yield chart.end, False


def _told(chart: Chart, y: float) -> tuple[list[str], float]:
    """Tell the numbered steps below the axis, in columns as wide as the longest needs."""
    marks = sorted(chart.marks, key=lambda m: (m.time, m.number))
    if not marks:
        return [], y
    bold, most = Face(15, bold=True), 700.0
    lead = max(text_width(str(mark.number), bold) for mark in marks) + 8
    longest = max(text_width(shorten(clean(f"{m.text}{_date(chart, m)}"), bold, most), bold) for m in marks)
    columns = max(1, int((RIGHT - LEFT + 28) / (lead + min(longest, most) + 28)))
    width, drawn = (RIGHT - LEFT + 28) / columns, []
    for i, mark in enumerate(marks):
        x, at, ink = LEFT + width * (i % columns), y + 16 + 25 * (i // columns), RED if mark.decisive else INK
        count, face = write((x, at), str(mark.number), Face(15, ink, True)), Face(15, ink, mark.decisive)
        text = write((x + lead, at), mark.text, face, width - lead - 28, _date(chart, mark))
        drawn.append(tag("g", count, text, data_step=str(mark.number)))
    return drawn, y + 25 * -(-len(marks) // columns) + 12


def _key(chart: Chart, y: float) -> tuple[list[str], float]:
    """Explain the kinds of bars by the bars' own labels, and the signs of a limit."""
    bars = [bar for lane in chart.lanes for bar in lane.bars]
    items = []
    for kind in dict.fromkeys(bar.kind for bar in sorted(bars, key=lambda bar: bar.start) if not bar.kind.startswith("aside")):
        style = STYLES[kind]
        labels = list(dict.fromkeys(bar.label or style.name for bar in bars if bar.kind == kind))
        if any(labels):
            look = {"fill": lanes.swatch(kind), "stroke": None if kind == "running" else EDGE}
            name = ", ".join([*filter(None, labels[:_SIGNS]), *["…"][: len(labels) > _SIGNS]])
            items.append((name, tag("rect", y=-13 * style.height, width=26, height=26 * style.height, rx=2, **look)))
    tick = {"x1": 13, "y1": -9, "x2": 13, "y2": 9}
    if any(lanes.limited(chart, bar) and not bar.reached for bar in bars):
        items.append(("limit", tag("line", **tick, stroke="#878c95", stroke_width=1.6, stroke_dasharray="5 4")))
    if any(bar.reached for bar in bars):
        items.append(("limit reached", tag("line", **tick, stroke=RED, stroke_width=3)))
    if any(bar.overrun for bar in bars):
        items.append(("beyond the limit", tag("rect", y=-8, width=26, height=16, fill="url(#overrun)", stroke=RED)))
    if not items:
        return [], y + 8
    x, face = LEFT, Face(13, GREY)
    drawn = [tag("line", x1=LEFT, y1=y, x2=RIGHT, y2=y, stroke="#dcdee3")]
    for name, shape in items:
        width = text_width(shorten(clean(name), face, 400), face)
        if x > LEFT and x + 33 + width > RIGHT:
            x, y = LEFT, y + 28
        drawn.append(tag("g", shape, transform=f"translate({number(x)} {number(y + 22)})"))
        drawn.append(write((x + 33, y + 26.5), name, face, 400))
        x += 33 + width + 26
    return drawn, y + 44
