"""What the timing diagram promises: well-formed, inside its canvas, nothing on top of a text, the same bytes each time.

The golden picture holds the content of the reference picture; after a wanted change of looks, look at the new picture
and run `python tests/quality/test_timing.py` with the source roots on PYTHONPATH to store it.
"""

import os
import re
import subprocess
import sys
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations, pairwise
from pathlib import Path
from time import process_time
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from udproof.counterexamples.axis import BREAK, Need, decimal, fit, nice, span
from udproof.counterexamples.chart import STYLES
from udproof.counterexamples.svg import Face, clean, number, shorten, text_width, wrap
from udproof.counterexamples.timing import Bar, Callout, Chart, Lane, Mark, render, spread
from udproof.language.drawing import KINDS

F = Fraction
GOLDEN = Path(__file__).parent / "golden" / "timing_reference.svg"
SVG = "{http://www.w3.org/2000/svg}"


def lane(name: str, group: str, times: tuple[float, ...], end: float) -> Lane:
    """A VM that is notified, paused and runs again: (notified, its end, paused, resumed)."""
    a, b, c, d = (F(t) for t in times)
    paused = Bar(c, d, "paused", "paused", F(30), span(d - c))
    return Lane(name, group, (Bar(a, b, "notified", "notified"), paused, Bar(d, F(end), "", "running")))


def reference() -> Chart:
    rows = [(0, 15, 15, 24), (0, 15, 17, 29), (20, 38, 38, 62), (20, 38, 40, 71.5), (60, 80, 80, 91), (60, 80, 81, 97)]
    steps: dict[float, str] = {0: "notify UD0", 15: "freeze vm0", 20: "notify UD1", 38: "freeze vm2"}
    steps |= {40: "freeze vm3", 60: "notify UD2", 62: "resume vm2", 70: "deadline vm3", 71.5: "resume vm3", 80: "freeze vm4"}
    return Chart(
        verdict="VIOLATED",
        title="pause_below_30s · step 11",
        sentence="vm3 stays paused 31.5 s: its resume waits for the host commit, which starts only after vm2 on the "
        "same host has resumed.",
        lanes=tuple(lane(f"vm{i}", f"UD {i // 2}", times, 110) for i, times in enumerate(rows)),
        marks=tuple(Mark(i, F(t), text, decisive=t == 70) for i, (t, text) in enumerate(steps.items(), 1)),
        callouts=(Callout(3, F("71.5"), ("limit of 30 s passed at t = 70 s", "resume only at t = 71.5 s (+1.5 s)")),),
        end=F(110),
    )


def walk() -> Chart:
    """Two domains with a notice of 15 min, pauses of about 10 s, and a recovery of 30 min between them."""
    rows = [(0, 900, 900, 910), (0, 902, 902, 912), (2712, 3612, 3612, 3622), (2712, 3613, 3613, 3621)]
    lanes = [lane(f"vm{i}", f"UD {i // 2}", times, 3725) for i, times in enumerate(rows)]
    bars = (*lanes[1].bars[:2], Bar(F(912), F(2712), "rebooting", "down"), Bar(F(2712), F(3725), "", "running"))
    lanes[1] = replace(lanes[1], bars=bars)
    marks = tuple(Mark(i, F(t), "step") for i, t in enumerate((0, 900, 902, 2712, 2712, 3612, 3725), 1))
    return Chart("RUN", "walk", "", tuple(lanes), marks, (), F(3725), "12 more VMs take no part")


def many(count: int) -> Chart:
    lanes = tuple(lane(f"vm{i}", f"UD {i // 8}", (60 * i, 60 * i + 40, 60 * i + 40, 60 * i + 49), 60 * count)
                  for i in range(count))  # fmt: skip
    marks = tuple(Mark(i, F(60 * i + 40), f"freeze vm{i}", i == 7) for i in range(count))
    return Chart("VIOLATED", "many", "", lanes, marks, (Callout(count - 1, F(60 * count - 20), ("here",)),),
                 F(60 * count))  # fmt: skip


def alone(*bars: Bar, end: int = 100, **rest: object) -> Chart:
    empty = Chart("RUN", "one", "", (Lane("vm", "UD", bars),), (), (), F(end))
    return replace(empty, **rest)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Text:
    words: str
    left: float
    right: float
    top: float
    bottom: float
    fill: str


def parse(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg.encode())


def texts(svg: str) -> list[Text]:
    found = []
    for element in parse(svg).iter(f"{SVG}text"):
        words = "".join([element.text or "", *(child.tail or "" for child in element)])
        size, x, y = (float(element.attrib[name]) for name in ("font-size", "x", "y"))
        width = text_width(words, Face(size, bold=element.get("font-weight") == "bold"))
        left = x - width * {"start": 0, "middle": 0.5, "end": 1}[element.get("text-anchor", "start")]
        found.append(Text(words, left, left + width, y - 0.72 * size, y, element.attrib["fill"]))
    return found


def words_of(chart: Chart) -> list[str]:
    return [text.words for text in texts(render(chart))]


def discs(svg: str) -> list[tuple[float, float, float]]:
    rects = [r.attrib for r in parse(svg).iter(f"{SVG}rect") if r.get("height") == "22" and r.get("rx") == "11"]
    return [(float(r["x"]), float(r["y"]), float(r["width"])) for r in rects]


def check(svg: str) -> None:
    """All that holds for every picture."""
    root = parse(svg)
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    assert (root.tag, root.get("role"), root.get("viewBox")) == (f"{SVG}svg", "img", f"0 0 1560 {number(height)}")
    assert [child.tag for child in root][:2] == [f"{SVG}title", f"{SVG}desc"]
    assert not any(word in svg for word in ("<script", "href", "nan", 'inf"'))
    assert not re.search(r'="-?\d+\.(\d*0|\d{3,})"', svg), "at most two decimals, no trailing zeros"
    found = texts(svg)
    for text in found:
        assert text.left >= 0 and text.right <= width + 0.05, text
        assert text.top >= 0 and text.bottom <= height, text
    for a, b in combinations(found, 2):
        apart = a.right <= b.left + 0.1 or b.right <= a.left + 0.1 or a.bottom <= b.top + 0.1 or b.bottom <= a.top + 0.1
        assert apart, (a, b)
    for (ax, ay, aw), (bx, by, bw) in combinations(discs(svg), 2):
        assert ay != by or ax + aw <= bx or bx + bw <= ax, "two step numbers overlap"


def test_every_kind_of_bar_has_a_style() -> None:
    assert set(KINDS) | {"aside0", "aside1"} == set(STYLES), "the grey ones are for the drawing itself"


@pytest.mark.parametrize("chart", [reference(), walk(), many(1), many(9), many(40), alone(end=0)])
def test_pictures_are_sound(chart: Chart) -> None:
    check(render(chart))


def test_golden_picture() -> None:
    assert render(reference()) == GOLDEN.read_text(encoding="utf-8"), f"see {__file__} on how to store it anew"


def test_reference_says_what_the_review_wants() -> None:
    svg = render(reference())
    words = words_of(reference())
    assert {"VIOLATED", "vm3", "UD 2", "paused 31.5 s", "limit of 30 s passed at t = 70 s", "110"} <= set(words)
    assert "model time [s]" in words and "deadline vm3 @70 s" in words and "resume vm3 @71.5 s" in words
    assert [t.words for t in texts(svg) if t.words.startswith("deadline") and t.fill == "#b3261e"]
    assert svg.count("url(#overrun)") == 2, "one overrun, and the key"
    assert words[-6:] == ["notified", "paused", "running", "limit", "limit reached", "beyond the limit"]
    assert "⋯" not in svg, "no time is left out"


def test_two_hundred_lanes_are_drawn_in_reasonable_time() -> None:
    chart, seconds = many(200), []
    for _ in range(2):
        before = process_time()
        svg = render(chart)
        seconds.append(process_time() - before)
    assert min(seconds) < 1
    assert float(parse(svg).attrib["height"]) > 200 * 30


def test_same_chart_same_bytes_under_any_hash_seed() -> None:
    expected = "".join(render(chart) for chart in (reference(), walk(), many(30)))
    for seed in ("0", "4711"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path), "LC_ALL": "C"}
        code = "import sys, test_timing as t; sys.stdout.buffer.write(" \
               "''.join(t.render(c) for c in (t.reference(), t.walk(), t.many(30))).encode())"  # fmt: skip
        run = subprocess.run([sys.executable, "-c", code], env=environment, cwd=Path(__file__).parent,
                             capture_output=True, check=True)  # fmt: skip
        assert run.stdout.decode() == expected
    assert "".join(render(chart) for chart in (reference(), walk(), many(30))) == expected


# Time left out


def test_long_waits_are_left_out_and_say_so() -> None:
    words = words_of(walk())
    assert [w for w in words if "⋯" in w and "VMs" not in w] == [
        "⋯ 14 min 50 s ⋯", "⋯ 29 min 30 s ⋯", "⋯ 14 min 50 s ⋯", "⋯ 1 min 12 s ⋯",
    ]  # fmt: skip
    assert {"0", "15 min", "45 min 15 s", "1 h 00 min 30 s", "1 h 02 min"} <= set(words), "a label on each side"
    assert "⋯ 12 more VMs take no part" in words and "paused 10 s" in words
    check(render(walk()))


def test_labels_stand_where_their_time_is() -> None:
    svg = render(walk())
    middle = {t.words: (t.left + t.right) / 2 for t in texts(svg)}
    first, *_ = rects(svg, STYLES["paused"].fill)  # vm0 is paused from 15 min to 15 min 10 s
    second, per_second = float(first["x"]), float(first["width"]) / 10
    assert middle["15 min"] == pytest.approx(second, abs=0.1)
    assert middle["15 min 30 s"] == pytest.approx(second + 30 * per_second, abs=0.2)
    assert middle["0"] < middle["15 min"] < middle["45 min 15 s"] < middle["1 h 00 min 30 s"] < middle["1 h 02 min"]
    recovery = next(r for r in rects(svg, "url(#down)"))  # from 15 min 12 s to 45 min 12 s
    assert float(recovery["x"]) + float(recovery["width"]) + 3 * per_second == pytest.approx(middle["45 min 15 s"], abs=0.2)


def test_nothing_is_left_out_where_all_is_readable() -> None:
    chart = alone(Bar(F(0), F(900), "notice", "working"), Bar(F(900), F(1800), "work", "working"), end=1800)
    assert not any("⋯" in words for words in words_of(chart))


def test_one_tiny_bar_does_not_tear_an_even_picture_apart() -> None:
    chart = reference()
    tiny = Lane("vm6", "UD 3", (Bar(F(30), F("30.1"), "a very short phase", "working"),))
    assert not any("⋯" in words for words in words_of(replace(chart, lanes=(*chart.lanes, tiny))))


instants = st.lists(st.fractions(0, 100_000, max_denominator=100), min_size=1, max_size=12)


@given(instants, st.lists(st.tuples(st.integers(0, 11), st.integers(1, 3)), max_size=6))
def test_axis_keeps_order_and_breaks_hold_no_instant(times: list[Fraction], pairs: list[tuple[int, int]]) -> None:
    known = sorted({F(0), *times})
    needs = [Need(known[i], known[i + n], 44) for i, n in pairs if i + n < len(known)]
    axis = fit(100, 1532, known, needs)
    places = [axis.x(t) for t in known]
    assert places == sorted(set(places)) or len(known) == 1
    assert places[0] == 100 and (len(known) == 1 or places[-1] == 1532)
    for (a, b), (c, d) in pairwise(axis.segments):
        assert a < b < c < d and axis.x(c) - axis.x(b) == pytest.approx(BREAK)
        assert any(a <= t < b for t in known) and any(c < t <= d for t in known)
    for start, end in axis.breaks:
        assert not any(start <= t <= end for t in known)
    for a, b in axis.segments:
        assert axis.x(b) - axis.x(a) == pytest.approx(axis.scale * float(b - a)), "one scale outside the breaks"


@pytest.mark.parametrize(("seconds", "text"), [
    ("0", "0 s"), ("30", "30 s"), ("31.5", "31.5 s"), ("900", "15 min"), ("920", "15 min 20 s"), ("3900", "1 h 05 min"),
    ("3600", "1 h"), ("3620", "1 h 00 min 20 s"), ("59.999", "1 min"), ("1/3", "0.33 s"), ("0.0015", "1.5 ms"),
    ("0.00002", "20 µs"), ("91.25", "1 min 31.25 s"), ("360000", "100 h"),
])  # fmt: skip
def test_times_are_written_for_people(seconds: str, text: str) -> None:
    assert span(F(seconds)) == text


@given(st.fractions(F(1, 10**6), 10**9))
def test_round_durations_are_dense(seconds: Fraction) -> None:
    assert nice(seconds) <= seconds < nice(seconds) * F(5, 2)
    assert nice(nice(seconds)) == nice(seconds)


def test_plain_numbers() -> None:
    assert [decimal(F(n)) for n in ("1.50", "-0.001", "-2.25", "3", "2/3")] == ["1.5", "0", "-2.25", "3", "0.67"]
    assert [number(n) for n in (1.0, -0.001, 2.345678, 10)] == ["1", "0", "2.35", "10"]


# Limits


def rects(svg: str, fill: str) -> list[dict[str, str]]:
    return [r.attrib for r in parse(svg).iter(f"{SVG}rect") if r.get("fill") == fill and "x" in r.attrib]


def red_edges(svg: str) -> list[float]:
    lines = [e.attrib for e in parse(svg).iter(f"{SVG}line") if e.get("stroke-width") == "3" and "x1" in e.attrib]
    return [float(a["x1"]) for a in lines if a["x1"] != "13"]  # the key has one too


def test_overrun_is_hatched_from_the_limit_to_the_end() -> None:
    svg = render(alone(Bar(F(10), F(60), "paused 50 s", "paused", F(30))))
    (bar,), (over,) = rects(svg, STYLES["paused"].fill), rects(svg, "url(#overrun)")
    left, right = float(bar["x"]), float(bar["x"]) + float(bar["width"])
    assert float(over["x"]) == pytest.approx(left + 0.6 * (right - left), abs=0.02)
    assert float(over["x"]) + float(over["width"]) == pytest.approx(right, abs=0.02)
    assert red_edges(svg) == [float(over["x"])]


def test_limit_reached_at_the_end_of_the_trace_is_a_red_edge() -> None:
    svg = render(alone(Bar(F(70), F(100), "paused", "paused", F(30))))
    assert red_edges(svg) == [1532] and not rects(svg, "url(#overrun)")
    assert [t.words for t in texts(svg) if t.fill == "#b3261e"] == ["30 s"]
    check(svg)


def test_limit_not_reached_is_a_dashed_tick_with_its_text() -> None:
    svg = render(alone(Bar(F(10), F(20), "paused", "paused", F(30))))
    assert red_edges(svg) == [] and "5 4" in svg and "30 s" in words_of(alone(Bar(F(10), F(20), "", "paused", F(30))))
    assert 'stroke-dasharray="5 4"' not in render(alone(Bar(F(80), F(90), "paused", "paused", F(30)))), "falls later"


# Steps instead of seconds


def stepwise(count: int) -> Chart:
    """A process that enters with its last step."""
    bars = (Bar(F(0), F(count), "waiting", "kind4"), Bar(F(count), F(count), "inside", "kind0", open=True))
    marks = tuple(Mark(i, F(i), f"move {i}", i == count) for i in range(1, count + 1))
    return alone(*bars, end=count, marks=marks, time_label="step", unit="step", tail=True)


@pytest.mark.parametrize("count", [0, 1, 2, 7, 40, 300])
def test_an_axis_of_steps_has_whole_numbers_and_no_seconds(count: int) -> None:
    svg = render(stepwise(count))
    check(svg)
    words = [text.words for text in texts(svg)]
    assert "step" in words and "last state" in words
    assert not any("@" in text or "[s]" in text or re.search(r"\ds\b|\d s\b|\d\.\d|min", text) for text in words)
    ticks = [int(text.words) for text in texts(svg) if text.fill == "#5c6068" and text.words.isdigit()]
    assert {0, count} <= set(ticks) <= set(range(count + 1))
    assert "@" not in svg and " s to " not in svg, "nor where the pointer rests, nor for those who hear the picture"


def test_every_step_is_numbered_where_there_is_room() -> None:
    ticks = {text.words for text in texts(render(stepwise(9))) if text.fill == "#5c6068" and text.words.isdigit()}
    assert ticks == set("0123456789")


# The tail


def in_tail(limit: int | None, start: int = 70) -> Chart:
    bar = Bar(F(start), F(100), "paused", "paused", None if limit is None else F(limit), "30 s so far", open=True)
    return alone(bar, Bar(F(0), F(start), "started", "working"), tail=True)


def dashed(svg: str) -> list[dict[str, str]]:
    return [r.attrib for r in parse(svg).iter(f"{SVG}rect") if r.get("stroke-dasharray") == "5 3"]


def place_of(svg: str, words: str) -> float:
    return next((t.left + t.right) / 2 for t in texts(svg) if t.words == words)


@pytest.mark.parametrize(("limit", "fill", "edges"), [
    (None, STYLES["paused"].fill, 0), (40, STYLES["paused"].fill, 0), (30, "url(#overrun)", 1), (20, "url(#overrun)", 1),
])  # fmt: skip
def test_an_open_bar_goes_on_into_the_tail_and_red_beyond_its_limit(limit: int | None, fill: str, edges: int) -> None:
    svg = render(in_tail(limit))
    check(svg)
    (beyond,), end = dashed(svg), place_of(svg, "100")
    assert beyond["fill"] == fill
    assert float(beyond["x"]) == pytest.approx(end, abs=0.1) and float(beyond["x"]) + float(beyond["width"]) == 1532
    assert len(red_edges(svg)) == edges
    if limit in (20, 30):
        start, per_second = place_of(svg, "0"), (end - place_of(svg, "0")) / 100
        assert red_edges(svg) == [pytest.approx(start + (70 + limit) * per_second, abs=0.1)], "the limit stands at its time"
    assert ("beyond the limit" in [t.words for t in texts(svg)]) is (edges == 1)


def test_no_time_is_told_in_the_tail() -> None:
    svg = render(in_tail(30))
    end = place_of(svg, "100")
    told = [t for t in texts(svg) if t.right > end + 15 and t.top > max(float(r["y"]) for r in dashed(svg))]
    assert {t.words for t in told} <= {"last state", "model time [s]"} and place_of(svg, "last state") > end
    assert {"paused 30 s so far", "100"} <= {t.words for t in texts(svg)}
    assert "last state" not in words_of(replace(in_tail(30), tail=False))


def test_what_begins_with_the_last_step_is_named_in_the_tail() -> None:
    svg = render(in_tail(None, 100))
    (label,) = [t for t in texts(svg) if t.words.startswith("paused") and t.fill == "#ffffff"]
    assert place_of(svg, "100") < label.left and label.right < 1532


def test_a_note_stands_only_where_there_is_room_and_never_in_the_key() -> None:
    wide, narrow = Bar(F(0), F(50), "paused", "paused", note="50 s"), Bar(F(60), F(65), "paused", "paused", note="5 s")
    words = words_of(alone(wide, narrow))
    assert "paused 50 s" in words and words[-1] == "paused" and words.count("paused") == 2


def test_the_key_calls_kinds_by_their_labels() -> None:
    bars = [Bar(F(10 * i), F(10 * i + 10), label, kind) for i, (label, kind) in enumerate(
        [("started", "working"), ("rebooting", "down"), ("", "late"), ("a", "kind0"), ("b", "kind0"), ("", "kind1")])]  # fmt: skip
    key = [t.words for t in texts(render(alone(*bars))) if t.fill == "#5c6068"]
    assert key[-4:] == ["started", "rebooting", "guest clock late", "a, b"]


def test_a_dated_step_is_told_as_it_is() -> None:
    words = words_of(alone(marks=(Mark(1, F(5), "5 s pass (to 5 s)", dated=True), Mark(2, F(5), "go"))))
    assert "5 s pass (to 5 s)" in words and "go @5 s" in words


# Text


def test_long_and_hostile_names_stay_inside() -> None:
    for name in ("x" * 10_000, "W" * 10_000, "word " * 2_000, "<b>&\"'\x00\x1b\ud800\ufffe", "\u202eevil\u2066", "機" * 50,
                 "\u05d0\u05d1", "\n\t", "", "]]>", "\u0301" * 500):  # fmt: skip
        bar = Bar(F(10), F(60), name, "kind2", F(20))
        svg = render(Chart(name, name, name, (Lane(name, name, (bar,)), Lane(name, "b" + name, (bar,))),
                           (Mark(1, F(5), name), Mark(2, F(5), name, True)), (), F(100), name, name))  # fmt: skip
        check(svg)
        called = render(alone(bar, callouts=(Callout(0, F(50), (name,) * 9),)))
        check(called)
        if "\x00" in name:
            assert "&lt;b&gt;&amp;&quot;&#39;\ufffd\ufffd\ufffd\ufffd" in svg
        assert not re.search("[\u202e\u2066\x00\x1b]", svg)


def test_whole_name_is_kept_in_a_title() -> None:
    name = "-".join(map(str, range(3000)))
    titles = [e.text for e in parse(render(alone(lanes=(Lane(name, "", ()),)))).iter(f"{SVG}title")]
    assert name in titles


def test_right_to_left_names_cannot_reorder_their_neighbours() -> None:
    assert "\u2068\u05d0\u05d1\u2069 @5 s" in words_of(alone(marks=(Mark(1, F(5), "\u05d0\u05d1"),)))


@given(st.text(st.characters(), max_size=60), st.floats(20, 500), st.booleans())
def test_shortening_fits_and_keeps_both_ends(text: str, room: float, bold: bool) -> None:
    face, whole = Face(15, bold=bold), clean(text)
    short = shorten(whole, face, room)
    assert short == whole or ("…" in short and len(short) <= len(whole) + 1)
    assert text_width(short, face) <= max(room, text_width("…", face)) + 1e-6
    assert all(text_width(line, face) <= room for line in wrap(whole, face, room, 99) if " " in line)
    assert " ".join(wrap(whole, face, room, 3)).split() == whole.split() or "  " in whole or whole.strip(" ") != whole


def test_bar_labels_are_inside_or_above_or_their_first_words() -> None:
    wide, narrow = Bar(F(0), F(50), "wide", "working"), Bar(F(60), F(61), "narrow", "working")
    assert {"wide", "narrow"} <= set(words_of(alone(wide, narrow)))
    crowd = [Bar(F(10 * i), F(10 * i + 10), f"a much longer label for bar {i}", "working") for i in range(10)]
    found = words_of(alone(*crowd))
    assert any(words.startswith("a much") and words.endswith("…") for words in found)
    assert not any(re.fullmatch(r"notified 15…", words) for words in words_of(walk()))
    check(render(alone(*crowd)))


# Whole charts, good and bad

kinds = st.sampled_from(sorted(STYLES))
times = st.one_of(st.integers(0, 800).map(lambda n: F(n, 8)), st.integers(0, 15_000).map(lambda n: F(n, 3)))
names = st.text(st.characters(), max_size=12) | st.sampled_from(["vm0", "a name of some length, as they come"])


def bar(first: F, second: F, name: str, kind: str, limit: F | None) -> Bar:
    return Bar(min(first, second), max(first, second), name, kind, limit)


@st.composite
def charts(draw: st.DrawFn) -> Chart:
    """Out of a few names and instants, so that they are often the same: those are the hard charts, and quickly drawn."""
    words = st.sampled_from(draw(st.lists(names, min_size=1, max_size=5)))
    instants = st.sampled_from(draw(st.lists(times, min_size=1, max_size=12)))
    limits = st.none() | st.integers(2, 400).map(lambda n: F(n, 2))
    bars = st.lists(st.builds(bar, instants, instants, words, kinds, limits), max_size=6).map(tuple)
    lanes = draw(st.lists(st.builds(Lane, words, words, bars), min_size=1, max_size=6))
    marks = draw(st.lists(st.builds(Mark, st.integers(0, 99_999), instants, words, st.booleans()), max_size=40))
    latest = max([F(0), *(bar.end for each in lanes for bar in each.bars), *(mark.time for mark in marks)])
    end = latest + draw(st.sampled_from([F(0), F(1, 3), F(2000)]))
    where = st.builds(Callout, st.integers(0, len(lanes) - 1), st.just(latest), st.lists(words, max_size=3).map(tuple))
    callouts = draw(st.lists(where, max_size=2))
    fates = st.booleans()
    lanes = [replace(each, bars=tuple(replace(b, open=b.end == end and draw(fates), note=draw(words)) for b in each.bars))
             for each in lanes]  # fmt: skip
    return Chart(draw(words), draw(words), draw(words), tuple(lanes), tuple(marks), tuple(callouts), end, draw(words),
                 unit=draw(st.sampled_from(["s", "step"])), tail=draw(fates))  # fmt: skip


@settings(max_examples=settings.default.max_examples // 2)
@given(charts())
def test_any_chart_is_sound(chart: Chart) -> None:
    svg = render(chart)
    check(svg)
    assert svg == render(chart)


@given(st.lists(st.floats(100, 1500), min_size=1, max_size=50))
def test_step_numbers_keep_order_and_distance(wanted: list[float]) -> None:
    placed = spread(sorted(wanted), 25, 100, 1500)
    assert all(b - a >= 25 - 1e-6 for a, b in pairwise(placed))
    assert placed[0] >= 100 - 1e-6 and placed[-1] <= 1500 + 1e-6
    far_apart = all(b - a >= 25 for a, b in pairwise(sorted(wanted)))
    assert not far_apart or placed == pytest.approx(sorted(wanted))


def test_lanes_of_a_group_stand_together() -> None:
    lanes = tuple(Lane(name, group) for name, group in (("a", "G"), ("b", "H"), ("c", "G"), ("d", "")))
    heights = {t.words: t.bottom for t in texts(render(alone(lanes=lanes)))}
    assert heights["a"] < heights["c"] < heights["b"] < heights["d"]


Corner = tuple[float, float]


def crossed(corners: list[Corner], left: float, top: float, right: float, bottom: float) -> bool:
    """Whether a grid of points inside a triangle hits a rectangle."""
    (ax, ay), (bx, by), (cx, cy) = corners
    shares = [(i / 30, j / 30) for i in range(31) for j in range(31 - i)]
    points = [(ax + p * (bx - ax) + q * (cx - ax), ay + p * (by - ay) + q * (cy - ay)) for p, q in shares]
    return any(left + 0.5 < x < right - 0.5 and top + 0.5 < y < bottom - 0.5 for x, y in points)


def callouts(svg: str) -> list[tuple[list[Corner], tuple[float, float, float, float]]]:
    """The pointer and the box of each callout."""
    found = []
    for group in parse(svg).iter(f"{SVG}g"):
        parts = list(group)
        if len(parts) > 1 and parts[0].tag == f"{SVG}polygon" and parts[1].get("fill") == "#fdeceb":
            numbers = [float(word) for word in parts[0].attrib["points"].split()]
            found.append((list(zip(numbers[::2], numbers[1::2], strict=True)), edges_of(dict(parts[1].attrib))))
    return found


def edges_of(rect: dict[str, str]) -> tuple[float, float, float, float]:
    x, y, width, height = (float(rect[name]) for name in ("x", "y", "width", "height"))
    return x, y, x + width, y + height


def thick(svg: str) -> list[tuple[float, float, float, float]]:
    """The places of all bars but the thin ones."""
    fills = {f"url(#{kind})" if style.hatch else style.fill for kind, style in STYLES.items() if kind != "running"}
    return [edges_of(dict(r.attrib)) for r in parse(svg).iter(f"{SVG}rect") if r.get("fill") in fills and "x" in r.attrib]


def check_callouts(svg: str) -> None:
    """A box covers no bar and no foreign text; its pointer ends at the edge of a bar and crosses no bar and no text."""
    for corners, (left, top, right, bottom) in callouts(svg):
        assert left >= 0 and right <= 1532.1
        for a, b, c, d in thick(svg):
            assert right <= a or c <= left or bottom <= b or d <= top, "a box on a bar"
            assert not crossed(corners, a, b, c, d), "a pointer over a bar"
        for text in texts(svg):
            if not (left <= text.left and text.right <= right + 1 and top <= text.top and text.bottom <= bottom):
                assert right <= text.left or text.right <= left or bottom <= text.top or text.bottom <= top, text
                assert not crossed(corners, text.left, text.top, text.right, text.bottom), text
        tip_x, tip_y = corners[1]
        assert any(min(abs(tip_y - b), abs(tip_y - d), abs(tip_x - a), abs(tip_x - c)) < 1 for a, b, c, d in thick(svg))


@pytest.mark.parametrize("tail", [False, True])
@pytest.mark.parametrize("pointed", [0, 1, 2, 3])
@pytest.mark.parametrize("start", [0, 1, 30, 65, 100])
def test_callouts_cover_nothing_and_their_pointers_cross_nothing(start: int, pointed: int, tail: bool) -> None:
    """Full lanes, so that there is hardly a free place, or none."""
    bars = (Bar(F(0), F(start), "started", "working"), Bar(F(start), F(100), "paused", "paused", F(30), open=True))
    lanes = tuple(Lane(f"vm{i}", f"UD {i // 2}", bars) for i in range(4))
    lines = ("limit of 30 s passed", "5 s late")
    svg = render(alone(lanes=lanes, callouts=(Callout(pointed, F(100), lines),), tail=tail))
    check(svg)
    check_callouts(svg)
    assert len(callouts(svg)) == 1


def test_a_free_place_is_taken_and_needs_no_room_of_its_own() -> None:
    bar = Bar(F(40), F(60), "paused", "paused")
    chart = alone(lanes=(Lane("a", "", (bar,)), Lane("b", ""), Lane("c", "", (bar,))))
    height = parse(render(chart)).attrib["height"]
    svg = render(replace(chart, callouts=(Callout(0, F(60), ("here",)),)))
    assert parse(svg).attrib["height"] == height
    check_callouts(svg)


def test_several_callouts_keep_apart() -> None:
    bars = (Bar(F(0), F(100), "paused", "paused", open=True),)
    lanes = tuple(Lane(f"vm{i}", "UD", bars) for i in range(3))
    wanted = [(0, 100), (0, 10), (2, 50), (1, 100)]
    svg = render(alone(lanes=lanes, callouts=tuple(Callout(i, F(t), (f"callout {i} {t}",)) for i, t in wanted), tail=True))
    check(svg)
    boxes = [box for _, box in callouts(svg)]
    assert len(boxes) == 4
    for (a, b, c, d), (e, f, g, h) in combinations(boxes, 2):
        assert c <= e or g <= a or d <= f or h <= b
    assert not any(a < g and e < c and b < h and f < d for a, b, c, d in boxes for e, f, g, h in thick(svg))


@pytest.mark.parametrize(("make", "sentence"), [
    (lambda: Bar(F(5), F(4), "b", "paused"), "ends at 4 s, before its start at 5 s; a bar ends at its start or later."),
    (lambda: Bar(F(-1), F(4), "b", "paused"), "starts at -1 s; a bar starts at 0 s or later."),
    (lambda: Bar(F(0), F(4), "b", "blue"), "unknown kind 'blue'; known are notified, paused, running, late, down,"),
    (lambda: Bar(F(0), F(4), "b", "paused", F(0)), "has the limit 0 s; a limit is a duration above 0 s"),
    (lambda: Mark(-1, F(0), "m"), "has the number -1; it must be from 0 to 99999."),
    (lambda: Mark(1, F(-1), "m"), "is at -1 s; a step happens at 0 s or later."),
    (lambda: alone(end=-1), "The chart ends at -1 s; it must end at 0 s or later."),
    (lambda: alone(lanes=()), "The chart has no lane; it needs at least one, which may be empty."),
    (lambda: alone(Bar(F(0), F(101), "b", "paused")), "The bar 'b' of 'vm' ends at 101 s; it must lie within the chart"),
    (lambda: alone(marks=(Mark(1, F(101), "m"),)), "The step 'm' is at 101 s; it must lie within the chart, from 0 s to"),
    (lambda: alone(callouts=(Callout(0, F(101), ()),)), "A callout points at 101 s; it must lie within the chart"),
    (lambda: alone(Bar(F(0), F(99), "b", "paused", open=True)), "'b' of 'vm' ends at 99 s; what is still open goes up to the end"),
    (lambda: alone(unit="min"), "The chart has the unit 'min'; known are 's' and 'step'."),
    (lambda: alone(callouts=(Callout(1, F(1), ()),)), "points at lane 1; the lanes are counted from 0 to 0."),
])  # fmt: skip
def test_wrong_charts_are_refused_in_full_sentences(make: object, sentence: str) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)):
        make()  # type: ignore[operator]


if __name__ == "__main__":
    GOLDEN.write_text(render(reference()), encoding="utf-8")
