"""Which lanes a timing diagram has: the model's own, who else takes part in grey, and one for many that show the same."""

from itertools import combinations
from xml.etree import ElementTree

import pytest
from colours import contrast
from runs import hostile, late_watchdog, told

from udproof.counterexamples.chart import STYLES
from udproof.counterexamples.picture import chart, timing
from udproof.counterexamples.timing import render


def test_hosts_events_and_steps_that_take_part_have_grey_lanes_below() -> None:
    drawn = chart(*late_watchdog(2))
    assert [(lane.group, lane.name) for lane in drawn.lanes] == [
        ("UD 0", "web-0"), ("UD 1", "web-1"), ("Step", "step-0"), ("Event", "web@step-0"), ("Host", "web-ud0-a"),
    ]  # fmt: skip
    host = drawn.lanes[-1].bars
    assert [(bar.start, bar.end, bar.label) for bar in host] == [(900, 925, "applying"), (925, 930, "rolling back")]
    event = drawn.lanes[-2].bars
    assert [(bar.start, bar.end, bar.label) for bar in event] == [(0, 900, "scheduled"), (900, 930, "started")]
    assert {bar.kind for lane in drawn.lanes[2:] for bar in lane.bars} == {"aside0", "aside1"}
    assert drawn.callouts[0].lane == 0, "the violation is about the VM"
    svg = render(drawn)
    assert "rolling back</text>" in svg
    key = svg[svg.index("limit reached") - 2000 :]
    assert "applying" not in key, "what the grey lanes say is not explained as a kind"


def test_a_party_that_does_nothing_has_no_grey_lane() -> None:
    trace, _ = late_watchdog(2)
    begun = told(trace.semantics, ("announce", "step-1"))
    assert [lane.name for lane in chart(begun, None).lanes] == ["web-0", "web-1", "step-1", "web@step-1"]


@pytest.mark.parametrize("vms", [40, 200])
def test_of_many_vms_those_that_show_the_same_are_one_lane(vms: int) -> None:
    drawn = chart(*late_watchdog(vms))
    half = vms // 2
    assert [lane.name for lane in drawn.lanes[:2]] == ["web-0", f"web-2 and {half - 2} alike"]
    assert drawn.lanes[0].bars == drawn.lanes[1].bars
    assert drawn.folded == f"{half} more take no part: web-1, web-3, web-5, web-7, … web-{vms - 1}"


def test_up_to_eight_lanes_stay_apart() -> None:
    assert [lane.name for lane in chart(*late_watchdog(16)).lanes[:8]] == [f"web-{number}" for number in range(0, 16, 2)]


def test_a_system_without_a_picture_has_no_grey_lanes() -> None:
    assert not [bar for lane in chart(hostile("ann", "values"), None).lanes for bar in lane.bars if bar.kind.startswith("aside")]


def test_steps_are_found_on_the_diagram() -> None:
    trace, prop = late_watchdog(2)
    drawn = timing(trace, prop)
    marked = {element.get("data-step") for element in ElementTree.fromstring(drawn.svg).iter() if element.get("data-step")}
    assert marked == {str(number) for number in range(1, 10)} and len(drawn.spans) == 10
    by_steps = timing(told(trace.semantics, ("announce", "step-0")), None)
    assert len(by_steps.spans) == 2 and all(left == right for left, right in by_steps.spans)


def test_no_two_kinds_of_bars_differ_by_hue_alone() -> None:
    """Whatever colours a reader or a printer cannot tell apart, height, hatch or brightness tell them."""
    for (one, a), (other, b) in combinations(STYLES.items(), 2):
        families = {one.startswith("kind"), other.startswith("kind")}
        if len(families) == 1:
            assert a.height != b.height or a.hatch != b.hatch or contrast(a.fill, b.fill) >= 1.5, (one, other)


@pytest.mark.parametrize("kind", STYLES)
def test_a_label_can_be_read_on_its_bar(kind: str) -> None:
    assert contrast(STYLES[kind].ink, STYLES[kind].fill) >= 4.5
