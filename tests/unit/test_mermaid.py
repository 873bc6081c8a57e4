"""The exchange of a run, its Mermaid text and its sequence chart: who acts on whom, whatever they are called."""

import re
from xml.etree import ElementTree

import pytest
from runs import HOSTILE, calm_soon, hostile, late_watchdog, told

from udproof.counterexamples.exchange import Exchange, Message, Passing, exchange
from udproof.counterexamples.mermaid import mermaid, text
from udproof.counterexamples.sequence import render, sequence_svg
from udproof.counterexamples.svg import FONT, Face, text_width

_SVG = "{http://www.w3.org/2000/svg}"


def arrows(found: Exchange) -> list[tuple[str, tuple[str, ...]]]:
    """Each action as who acts, and on whom."""
    names = found.parties
    return [(names[e.by], tuple(names[to] for to in e.to)) for e in found.events if isinstance(e, Message)]


def test_who_acts_on_whom_is_what_the_protocol_says() -> None:
    found = exchange(*late_watchdog(2))
    assert found.parties == ("controller", "web-ud0-a", "web@step-0", "web-0")
    assert arrows(found) == [
        ("controller", ("web@step-0",)),  # announce
        ("controller", ("web@step-0",)),  # start
        ("web-ud0-a", ()),  # begin: nobody else notices
        ("web-ud0-a", ("web-0",)),  # freeze
        ("web-ud0-a", ()),  # apply
        ("web-ud0-a", ()),  # the watchdog
    ]
    waits = [(e.number, e.text, e.decisive) for e in found.events if isinstance(e, Passing)]
    assert waits == [
        (2, "15 min pass, until 15 min", False),
        (7, "25 s pass, until 15 min 25 s", False),
        (9, "5 s pass, until 15 min 30 s", True),
    ]
    assert [found.parties[party] for party in found.about] == ["web-0"]


def test_those_to_whom_the_same_happens_stand_together() -> None:
    assert exchange(*late_watchdog(4)).parties[-1] == "web-0, web-2"
    assert exchange(*late_watchdog(20)).parties[-1] == "web-0, web-2, … 8 more"


def test_two_who_act_on_each_other() -> None:
    found = exchange(hostile("ann"), calm_soon)
    assert found.parties == ("ann", "ann too", "good")
    assert arrows(found) == [("ann", ("ann too", "good")), ("ann too", ("ann", "good"))]


# --- Mermaid.

_LINE = re.compile(
    r"sequenceDiagram|    participant p\d+ as (?P<name>.+)|    p\d+->>p\d+: (?P<message>.+)|"
    r"    Note over p\d+(,p\d+)?: (?P<note>.+)"
)
_TEXT = re.compile(r"(?:[^\W]|[ \-.,()/=_']|#\d+;)+")


def shown(line: str) -> str:
    """What Mermaid makes of a text."""
    return re.sub(r"#(\d+);", lambda found: chr(int(found[1])), line)


@pytest.mark.parametrize("name", [*HOSTILE.values()], ids=[*HOSTILE])
def test_a_text_is_shown_and_not_obeyed(name: str) -> None:
    drawn = mermaid(hostile(name), calm_soon)
    lines = drawn.splitlines()
    assert lines[0] == "sequenceDiagram" and len(lines) == 1 + 3 + 4 + 1 + 1
    for line in lines:
        found = _LINE.fullmatch(line)
        assert found, line
        for words in filter(None, (found["name"], found["message"], found["note"])):
            assert _TEXT.fullmatch(words), words
            assert not re.search(r"(?i)\bend\b", words)
    assert len(drawn) < 10_000


def test_the_text_comes_back_as_it_was() -> None:
    for words in ("host-0 reboots: a; b # c %% d", "The End of it; it will not end, endless", "web@step-0 → a", 'say "x" & <y>'):
        assert shown(text(words)) == words
    assert text("") == "#160;", "an empty name would leave the line without one"


def test_the_diagram_of_the_late_watchdog() -> None:
    assert mermaid(*late_watchdog(2)).splitlines() == [
        "sequenceDiagram",
        "    participant p0 as controller",
        "    participant p1 as web-ud0-a",
        "    participant p2 as web#64;step-0",
        "    participant p3 as web-0",
        "    p0->>p2: 1. announce step-0 (at 0 s)",
        "    Note over p0,p3: 2. 15 min pass, until 15 min",
        "    p0->>p2: 3. start event web#64;step-0 (at 15 min)",
        "    p1->>p1: 4. web-ud0-a begins its update#58; devices drain (at 15 min)",
        "    p1->>p3: 5. web-ud0-a pauses its VMs (at 15 min)",
        "    p1->>p1: 6. web-ud0-a applies the update (at 15 min)",
        "    Note over p0,p3: 7. 25 s pass, until 15 min 25 s",
        "    p1->>p1: 8. the watchdog of web-ud0-a fires#58; it rolls back (at 15 min 25 s)",
        "    Note over p0,p3: 9. 5 s pass, until 15 min 30 s (decisive)",
        "    Note over p3: web-0 has been paused for 30 s, and the limit is 30 s#58; web-ud0-a is rolling back, for 5 s so far.",
    ]


# --- The sequence chart.


def texts(svg: str) -> list[tuple[str, float, float]]:
    """The texts of a chart with their left and right ends."""
    found = []
    for element in ElementTree.fromstring(svg).iter(f"{_SVG}text"):
        words = "".join(part for part in element.itertext() if part != (element[0].text if len(element) else None))
        bold = element.get("font-weight") == "bold"
        width = text_width(words, Face(float(element.get("font-size", "0")), bold=bold))
        left = float(element.get("x", "0")) - width * {"middle": 0.5, "end": 1}.get(element.get("text-anchor", ""), 0)
        found.append((words, left, left + width))
    return found


@pytest.mark.parametrize("name", [*HOSTILE.values()], ids=[*HOSTILE])
def test_a_chart_with_hostile_names_is_whole_and_inside(name: str) -> None:
    svg = sequence_svg(hostile(name), calm_soon)
    root = ElementTree.fromstring(svg)
    assert all(left >= 0 and right <= float(root.get("width", "0")) for _, left, right in texts(svg))
    assert {element.tag.removeprefix(_SVG) for element in root.iter()} <= {
        "svg", "title", "desc", "rect", "line", "g", "text", "path", "polygon", "circle",
    }  # fmt: skip


def test_the_chart_tells_every_step_in_order_and_marks_the_decisive_one() -> None:
    svg = sequence_svg(*late_watchdog(20))
    numbers = [element.get("data-step") for element in ElementTree.fromstring(svg).iter() if element.get("data-step")]
    assert numbers == [str(number) for number in range(1, 10)]
    words = [told for told, _, _ in texts(svg)]
    assert "⋯ 5 s pass, until 15 min 30 s ⋯ — decisive" in words and "web-0, web-2, … 8 more" in words
    assert svg == sequence_svg(*late_watchdog(20)) and FONT in svg


def test_of_very_many_parties_the_busiest_are_shown() -> None:
    shout = Message(1, 0, tuple(range(1, 30)), "shouts", "", True)
    found = Exchange("t", tuple(f"party {n}" for n in range(30)), (shout,), "c", (29,))
    words = [told for told, _, _ in texts(render(found))]
    assert "16 more parties take part in few steps and are not shown" in words
    assert "party 29" in words and "party 0" in words, "who acts, and whom it is about"


def test_a_run_of_no_steps_is_drawn() -> None:
    trace, _ = late_watchdog(2)
    nothing = told(trace.semantics)
    ElementTree.fromstring(sequence_svg(nothing, None))
    assert mermaid(nothing, None) == "sequenceDiagram\n"
