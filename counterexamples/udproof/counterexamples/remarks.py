"""Remarks on a timing diagram: red boxes that point at a bar, where they cover nothing.

The idea: a remark is worth nothing if it hides what it speaks of. So each one looks for the best free place near its bar, and where
there is none, room is made below its lane and everything beneath moves down.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from udproof.counterexamples import lanes
from udproof.counterexamples.axis import BREAK
from udproof.counterexamples.chart import STYLES, Bar, Callout
from udproof.counterexamples.lanes import RED, RIGHT, Box, Page
from udproof.counterexamples.svg import Face, clean, number, shorten, tag, text_width, wrap, write

_REMARK = Face(15, RED, bold=True)
_FAR = 240.0  # pixels over which a pointer may go before room is made nearer


def _remark(callout: Callout) -> tuple[float, float, list[tuple[str, bool]]]:
    """Return the width and height of the box of a callout, and its lines with whether they are bold.

    A long line is wrapped; of more than eight lines the rest is counted.
    """
    lines = [(part, i == 0) for i, line in enumerate(callout.lines) for part in _even(clean(line))]
    lines = lines if len(lines) <= 8 else [*lines[:7], (f"… {len(lines) - 7} more lines", False)]
    width = max((text_width(shorten(line, _REMARK, 520), _REMARK) for line, _ in lines), default=0)
    return width + 26, 22.0 * len(lines) + 13, lines


def _even(line: str) -> list[str]:
    """Wrap a line of a remark; where it takes several, in about equal parts."""
    lines = wrap(line, _REMARK, 520, 3)
    narrow = text_width(line[:400], _REMARK) / max(len(lines), 1) + 40
    even = wrap(line, _REMARK, min(narrow, 520), 4)
    return even if len(even) == len(lines) else lines


@dataclass(frozen=True, slots=True)
class _Site:
    """Where a callout stands: its box, and the triangle of its pointer."""

    box: Box
    pointer: tuple[tuple[float, float], ...]


def contents(page: Page) -> tuple[tuple[list[str], list[str], list[str]], list[str]]:
    """Draw the lanes and the callouts on them; make room below the lanes of those that find no free place."""
    callouts = [callout for callout in page.chart.callouts if callout.lines]
    homeless: list[Callout] = []
    while True:
        page.texts.clear()
        page.room = {callout.lane: 10.0 for callout in homeless}
        depths = []
        for callout in homeless:
            depths.append(page.room[callout.lane] - 4)
            page.room[callout.lane] += _remark(callout)[1] + 8
        sites = [(callout, _made(page, callout, depth)) for callout, depth in zip(homeless, depths, strict=True)]
        drawn = lanes.contents(page)
        late = [callout for callout in callouts if callout not in homeless and not _placed(page, callout, sites)]
        if not late:
            # The pointer of a lower remark may pass below an upper one.
            return drawn, [_balloon(callout, site) for callout, site in reversed(sites)]
        homeless += dict.fromkeys(late)


def _placed(page: Page, callout: Callout, sites: list[tuple[Callout, _Site]]) -> bool:
    site = _free(page, callout, [other.box for _, other in sites])
    sites += [] if site is None else [(callout, site)]
    return site is not None


def _target(page: Page, callout: Callout) -> tuple[Bar | None, Box, float]:
    """Return the bar that a callout points at, the highest of those around its time, its place, and where to point."""
    chart, x = page.chart, page.axis.x(callout.time)
    around = [b for b in chart.lanes[callout.lane].bars if b.start <= callout.time <= b.end and b.kind != "running"]
    if chart.tail and callout.time == chart.end:
        x, around = (x + RIGHT) / 2, [b for b in around if b.open] or around
    if not around:
        return None, Box(x, page.middle(callout.lane) - 2, x, page.middle(callout.lane) + 2), x
    bar = max(around, key=lambda b: (b.open, STYLES[b.kind].height, b.reached))
    box = page.extent(callout.lane, bar)
    return bar, box, min(max(x, box.left + 6), max(box.left, box.right - 6))


def _made(page: Page, callout: Callout, depth: float) -> _Site:
    """Place a callout into the room below its lane, so deep in it."""
    width, height, _ = _remark(callout)
    _, bar, x = _target(page, callout)
    left = min(max(x - width / 2, page.left + 4), RIGHT - width)
    top = page.lane_top(callout.lane) + page.pitch + depth
    return _site(Box(left, top, left + width, top + height), (x, bar.bottom))


def _site(box: Box, tip: tuple[float, float]) -> _Site:
    """Point from the side of the box that faces the tip."""
    x, y = tip
    if box.left <= x <= box.right:
        base, side = min(max(x, box.left + 16), box.right - 16), box.top if y < box.top else box.bottom
        return _Site(box, ((base - 8, side), (x, y), (base + 8, side)))
    base, side = min(max(y, box.top + 13), box.bottom - 13), box.left if x < box.left else box.right
    return _Site(box, ((side, base - 8), (x, y), (side, base + 8)))


def _free(page: Page, callout: Callout, others: list[Box]) -> _Site | None:
    """Find the best place for a callout that covers nothing but thin lines, with a pointer that crosses no bar and no text."""
    target, bar, _ = _target(page, callout)
    row = page.rows[callout.lane]
    near = [(i, lane) for i, lane in enumerate(page.chart.lanes) if abs(page.rows[i] - row) < 6]
    thin = [page.extent(i, b) for i, lane in near for b in lane.bars if b.kind == "running"]
    solid = [(i, b) for i, lane in near for b in lane.bars if b.kind != "running" and (i != callout.lane or b is not target)]
    bars = [page.extent(i, b) for i, b in solid]
    texts = [text for i, _ in near for text in page.texts.get(i, [])]
    dues = [(page.axis.x(b.due), page.lane_top(i)) for i, lane in near for b in lane.bars if b.due and lanes.limited(page.chart, b)]
    signs = [Box(x - 2, y, x + 2, y + page.pitch) for x, y in dues]
    torn = [Box(x - 2, page.top, x + BREAK + 4, page.bottom) for x in page.breaks]
    covered = [Box(b.left - 5, b.top - 4, b.right + 5, b.bottom + 4) for b in (*bars, *texts, *signs, *torn, *others, bar)]
    threads = [page.axis.x(mark.time) for mark in page.chart.marks if mark.decisive]

    def price(site: _Site) -> float:
        box, (x, y) = site.box, site.pointer[1]
        way = max(box.left - x, x - box.right, 0) + 1.2 * max(box.top - y, y - box.bottom, 0)
        way += abs(box.top + box.bottom - 2 * y) / 3 if not box.left <= x <= box.right else 0
        return way + sum(box.overlap(b) for b in thin) / 300 + 80 * sum(box.left - 4 < x < box.right + 4 for x in threads)

    for site in sorted(_sites(page, callout), key=price):
        if not any(site.box.overlap(b) for b in covered) and not any(b.meets(site.pointer) for b in (*bars, *texts, *others)):
            return site
    return None


def _sites(page: Page, callout: Callout) -> Iterator[_Site]:
    """Yield places around the bar of a callout: on both sides of it, above and below, near and less near."""
    width, height, _ = _remark(callout)
    _, bar, x = _target(page, callout)
    middle = (bar.top + bar.bottom) / 2
    boxes = []
    for away in range(24, int(_FAR), 24):
        for shift in (0, -0.5, 0.5, -1, 1):
            top = middle - height / 2 + shift * page.pitch
            boxes += [(Box(bar.right + away, top, bar.right + away + width, top + height), (bar.right, middle))]
            boxes += [(Box(bar.left - away - width, top, bar.left - away, top + height), (bar.left, middle))]
    for tip in dict.fromkeys(min(max(x + aside, bar.left), bar.right) for aside in (0, -40, 40, -90, 90)):
        for away in range(10, int(min(_FAR, 3 * page.pitch)), 6):
            for share in (0.5, 0.12, 0.3, 0.7, 0.88):
                left = min(max(tip - width * share, page.left + 4), RIGHT - width)
                boxes += [(Box(left, bar.bottom + away, left + width, bar.bottom + away + height), (tip, bar.bottom))]
                boxes += [(Box(left, bar.top - away - height, left + width, bar.top - away), (tip, bar.top))]
    for box, at in boxes:
        if page.left < box.left and box.right < RIGHT + 0.1 and page.top < box.top - 3 and box.bottom + 3 < page.bottom:
            yield _site(box, at)


def _balloon(callout: Callout, site: _Site) -> str:
    """Draw the box with its lines, and the pointer."""
    box = site.box
    shapes = [tag("polygon", points=" ".join(f"{number(a)} {number(b)}" for a, b in site.pointer), fill=RED)]
    size, look = {"width": box.right - box.left, "height": box.bottom - box.top}, {"fill": "#fdeceb", "stroke": RED}
    shapes.append(tag("rect", x=box.left, y=box.top, **size, rx=6, **look, stroke_width=1.4))
    for i, (line, bold) in enumerate(_remark(callout)[2]):
        face = Face(15, RED, bold)
        shapes.append(write((box.left + 13, box.top + 23 + 22 * i), line, face, box.right - box.left - 24))
    return tag("g", *shapes)
