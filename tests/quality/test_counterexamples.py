"""The quality of counterexamples: for each named mistake exactly the shortest run, told in a sentence that names the right party.

The lengths were derived by hand from the protocol's text; the reasons stand beside them. A wait of any length is one step. The
long way to an impact is announce, approve, start, begin, freeze: 5 steps, in one instant, since one approval makes the notice
needless and quiescing may take no time. Where two events must start, waiting for the notice once is shorter than two approvals.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from xml.etree import ElementTree

import pytest
from tests.runs import HOSTILE, Mood, Party, all_friends, anger, calm_soon, hostile, mood
from tests.systems.results import shipped
from tests.systems.results import violation as found

from udproof.counterexamples.chart import Chart
from udproof.counterexamples.explain import cause, decisive, step_table
from udproof.counterexamples.itf import from_itf, to_itf
from udproof.counterexamples.picture import chart, timing_svg
from udproof.counterexamples.trace import Trace, Wait, describe, run
from udproof.engines.explore import Explore
from udproof.engines.verdict import Limits
from udproof.language import (
    Instance,
    Property,
    System,
    bar,
    lanes,
)
from udproof.language.semantics import Semantics
from udproof.properties import CORE
from udproof.protocol.mutants import CORE as MISTAKES


@dataclass(frozen=True)
class Expected:
    """The steps of the shortest run, why there are so many, and the cause in the model's words."""

    steps: int
    why: str
    cause: str


# Where several runs are shortest, which one is found is fixed, but not by the order of names: the cause then speaks of its VM.
IMPACTED = "web-{0} is impacted on host-{0}, but its event web@step-{0} is "
TOO_SOON = "web-{0} is impacted in step-{0} only {1} s after the last step was closed (recovery time 30 s)."
EXPECTED = {
    "TwoDomainsAtOnce": Expected(
        9, "announce twice, one wait for both notices, start twice, begin twice, freeze twice",
        "web-0 (UD 0) and web-2 (UD 2) of web are impacted at the same time.",
    ),
    "RecoverySkipped": Expected(
        13, "the quickest way to close a step is a reboot: announce, wait for both notices, start twice, reboot, boot, close, "
        "finish = 8; then the long way to an impact, 5 (with a wait in the place of approve)", TOO_SOON.format(0, 20),
    ),
    "AnnouncedWhileRecovering": Expected(12, "as RecoverySkipped, but without finish: 7 + 5", TOO_SOON.format(1, 20)),
    "RetriedAtOnce": Expected(
        17, "the long way 5, apply, wait for the watchdog, roll_back, wait for the rollback, resume_old, close, retry = 12; "
        "then 5 more to the impact of any step", TOO_SOON.format(0, 0),
    ),
    "ImpactAfterRemoval": Expected(
        6, "the long way, with close before or after freeze",
        IMPACTED.format(1) + "absent (approved: false, visible without approval for 0 s, notice 20 s).",
    ),
    "ClosedOnFirstReport": Expected(
        13, "announce, approve, start; one host all the way: begin, freeze, apply, wait, restore, wait, resume = 7; the other one: "
        "begin, freeze; and close",
        "web-2 is impacted on web-ud0-b, but its event web@step-0 is absent (approved: false, visible without approval for 0 s, "
        "notice 20 s).",
    ),
    "EventIdReused": Expected(
        15, "only a rollback brings a second announcement: the long way 5, apply, wait, roll_back, wait, resume_old, close = 11; "
        "the clock of the one VM on host-1 must be set before 30 s may pass: synchronise, wait, retry, announce",
        "Event web@step-1 is scheduled under id 1; it was announced under id 1, and id 1 was the last to be removed "
        "(announcements of its step: 2).",
    ),
    "ApprovalOutlivesEvent": Expected(
        8, "the quickest way to close a step: announce, two approvals (or one and a wait), start twice, reboot, boot, close",
        "Event gpu-0 (alone)@step-2 is absent (approved: true), and step-2 is recovering.",
    ),
    "DoneWithAnOldHost": Expected(
        14, "as EventIdReused, with finish in the place of retry and announce",
        "step-1 is done after 1 of 2 attempts, and host-1 has reported failed.",
    ),
    "EarlyStart": Expected(
        4, "the long way without approve",
        IMPACTED.format(1) + "started (approved: false, visible without approval for 0 s, notice 20 s).",
    ),
    "EventSpansDomains": Expected(
        1, "announce: the event already names VMs of two domains", "Event web@step-1 names web-0 (UD 0) and web-1 (UD 1).",
    ),
    "EventIdChangesOnStart": Expected(
        3, "announce, approve (or wait), start",
        "Event web@step-0 is started under id 2; it was announced under id 1, and id 0 was the last to be removed "
        "(announcements of its step: 1).",
    ),
    "SilentFreeze": Expected(
        3, "the long way without approve and start",
        IMPACTED.format(0) + "scheduled (approved: false, visible without approval for 0 s, notice 20 s).",
    ),
    "CotenantIgnored": Expected(
        5, "the long way: one set is told, the other one is only notified",
        "web-2 is impacted on rack-c, but its event web@third is scheduled (approved: false, visible without approval for 0 s, "
        "notice 20 s).",
    ),
    "IneligibleInPlace": Expected(
        6, "announce, one wait for both notices, start twice, begin, freeze",
        "gpu-0 is paused on host-2 (may be updated in place: false; all VMs of host-2: false).",
    ),
    "RebootedNeedlessly": Expected(
        4, "announce, approve, start, reboot", "web-0 is down on host-0 (may be updated in place: true; all VMs of host-0: true).",
    ),
    "BegunTwice": Expected(6, "the long way, and begin once more", "web-0 is paused while host-0 is quiescing."),
    "ReportedTooSoon": Expected(
        8, "the long way, apply, wait for what applying takes at least, restore",
        "host-0 is restoring and has reported updated.",
    ),
    "PauseOverrun": Expected(
        7, "the long way, apply, wait 30 s",
        "web-1 has been paused for 30 s, and the limit is 30 s: host-1 is applying, for 30 s so far.",
    ),
    "RollbackUnbounded": Expected(
        9, "the long way, apply, wait 15 s for the watchdog, roll_back, wait 15 s more",
        "web-0 has been paused for 30 s, and the limit is 30 s: host-0 is rolling back, for 15 s so far.",
    ),
    "WatchdogStartsOver": Expected(
        10, "the long way, apply, wait 15 s, start over, apply (no time may pass between), wait 15 s",
        "web-1 has been paused for 30 s, and the limit is 30 s: host-1 is applying, for 15 s so far.",
    ),
    "MemoryTorn": Expected(
        5, "the long way, with apply in the place of freeze",
        "The memory of web-1 was torn: host-1 applied the update while web-1 was running.",
    ),
    "NoResync": Expected(
        11, "the long way, apply, wait, restore, wait, resume = 10; wait for the bound",
        "The clock of web-0 is late, 10 s after its resume (bound 10 s).",
    ),
    "SlewNotStep": Expected(11, "as NoResync", "The clock of web-0 is late, 10 s after its resume (bound 10 s)."),
    "PulledBack": Expected(
        11, "as NoResync, with the doubled correction in the place of the last wait",
        "The clock of web-0 is ahead, 0 s after its resume (bound 10 s).",
    ),
}  # fmt: skip
OF_A_HOST = ("DoneWithAnOldHost", "ReportedTooSoon")  # what is wrong is a host's; the picture points at its first VM
UNSEEN = ("EventSpansDomains", "MemoryTorn", "PulledBack", "DoneWithAnOldHost")  # no bar of a VM shows what is wrong
NAMES = [mutant.name for mutant in MISTAKES]


@cache
def badly_placed() -> tuple[Trace, Property]:
    system = shipped("bad-placement")
    prop = system.named("one-domain-paused")
    (verdict,) = Explore().verify(system, (prop,), Limits(stop_at_first=True)).verdicts
    assert verdict.trace is not None
    return verdict.trace, prop


# --- Exactly this run, told by this sentence.


def test_every_named_mistake_has_its_expectation() -> None:
    assert sorted(EXPECTED) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_the_shortest_run_has_the_length_that_reason_gives_it(name: str) -> None:
    trace, prop = found(name)
    assert len(trace.steps) == EXPECTED[name].steps
    # In a shortest run the last step, and no earlier one, is the decisive one.
    assert decisive(trace, prop) == len(trace.steps)


@pytest.mark.parametrize("name", NAMES)
def test_the_cause_names_the_right_party(name: str) -> None:
    assert cause(*found(name)) == EXPECTED[name].cause


def test_a_misplaced_vm_is_impacted_together_with_another_domain_in_seven_steps() -> None:
    """Announce, approve and start once, since both VMs share the event; begin and freeze for two hosts."""
    trace, prop = badly_placed()
    assert len(trace.steps) == 7
    assert cause(trace, prop) == "db-0 (UD 0) and db-1 (UD 1) of db are impacted at the same time."


# --- The same run everywhere.


@pytest.mark.parametrize("name", NAMES)
def test_the_run_survives_a_file(name: str) -> None:
    trace, _ = found(name)
    document = json.loads(json.dumps(to_itf(trace, trace.system.checks)))
    again = from_itf(document, trace.semantics)
    assert (again.start, again.steps) == (trace.start, trace.steps)


@pytest.mark.parametrize("name", NAMES)
def test_the_table_shows_where_the_property_becomes_false(name: str) -> None:
    trace, prop = found(name)
    table = step_table(trace, trace.system.checks)
    column = table.shown.index(prop)
    assert [row.holds[column] for row in table.rows] == [True] * len(trace.steps) + [False]
    assert table.others + len(table.shown) == len(CORE) + 1
    # Every action changes something; a wait says how long it is instead.
    assert all(bool(row.changes) is (row.who != "time") for row in table.rows[1:])
    assert max(map(len, table.as_text(100).splitlines())) <= 100


@pytest.mark.parametrize("name", NAMES)
def test_the_picture_marks_the_decisive_step_and_points_at_who_is_concerned(name: str) -> None:
    trace, prop = found(name)
    drawn = chart(trace, prop)
    assert [mark.number for mark in drawn.marks if mark.decisive] == [len(trace.steps)]
    assert drawn.sentence == EXPECTED[name].cause
    ElementTree.fromstring(timing_svg(trace, prop))
    if drawn.callouts:
        (callout,) = drawn.callouts
        lane = drawn.lanes[callout.lane]
        assert lane.name in drawn.sentence or name.startswith("EventId") or name in OF_A_HOST
        # Whoever the picture points at is seen in the state that the violation is about.
        assert any(bar.end == drawn.end for bar in lane.bars) or name in UNSEEN


def bars(drawn: Chart, name: str) -> list[tuple[Fraction, Fraction, str]]:
    (lane,) = [lane for lane in drawn.lanes if lane.name == name]
    return [(bar.start, bar.end, bar.label) for bar in lane.bars]


def test_where_time_breaks_the_property_the_axis_is_time() -> None:
    drawn = chart(*found("PauseOverrun"))
    assert [lane.name for lane in drawn.lanes] == ["web-1", "step-1", "web@step-1", "host-1"]
    assert bars(drawn, "host-1") == [(0, 30, "applying")] and bars(drawn, "step-1") == [(0, 30, "open")]
    assert drawn.folded == "4 more take no part: web-0, web-2, web-3, gpu-0"
    # Notified and started last no time at all. The pause is one bar with its limit, open into the tail.
    assert bars(drawn, "web-1") == [(0, 30, "paused")]
    (pause,) = drawn.lanes[0].bars
    assert (pause.limit, pause.note, pause.open, pause.overrun) == (30, "30 s so far", True, True)
    assert (drawn.tail, drawn.unit) == (True, "s")
    assert [(mark.number, mark.time) for mark in drawn.marks] == [(n, 0) for n in range(1, 7)] + [(7, 30)]


def test_where_an_action_breaks_the_property_the_axis_counts_steps() -> None:
    drawn = chart(*badly_placed())
    assert bars(drawn, "db-0") == [(1, 3, "notified"), (3, 5, "started"), (5, 7, "paused")]
    assert bars(drawn, "db-1") == [(1, 3, "notified"), (3, 7, "started"), (7, 7, "paused")]
    assert all(bar.limit is None for lane in drawn.lanes for bar in lane.bars)
    assert [(mark.number, mark.time) for mark in drawn.marks] == [(n, n) for n in range(1, 8)]
    assert (drawn.callouts[0].lane, drawn.callouts[0].time) == (1, 7)
    assert (drawn.unit, drawn.tail) == ("step", True)
    assert drawn.time_label == "step (no time passes)"


def test_a_pause_that_is_interrupted_for_no_time_at_all_is_two_bars() -> None:
    found_one, prop = found("RetriedAtOnce")
    semantics = found_one.semantics
    firing = {describe(semantics, one): one for one in semantics.firings}
    again = ("announce(step-0)", "approve(web-0, web@step-0)", "start(web@step-0)", "begin(host-0)", "freeze(host-0)")
    back = ("roll_back(host-0)", Wait(1), "resume_old(host-0)", "close(step-0)", "retry(host-0)")
    moves = [move if isinstance(move, Wait) else firing[move] for move in (*again, "apply(host-0)", Wait(3), *back, *again)]
    trace = run(semantics, found_one.start, moves)
    assert len(trace.steps) == len(found_one.steps)
    longer = chart(trace, None)
    assert bars(longer, "web-0") == [(0, 20, "paused"), (20, longer.end, "paused")]
    assert bars(chart(trace, prop), "web-0")[2:] == [(5, 10, "paused"), (10, 17, "clock late"), (17, 17, "paused")]


# --- Names that nobody should give.


@pytest.mark.parametrize("prop", [calm_soon, all_friends], ids=lambda prop: prop.name)
@pytest.mark.parametrize("drawn_by", ["rules", "values"])
@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_name_breaks_nothing(name: str, drawn_by: str, prop: Property) -> None:
    trace = hostile(name, drawn_by)
    table = step_table(trace, trace.system.properties)
    for width in (40, 80, 200):
        text = table.as_text(width)
        assert all(line.isprintable() for line in text.splitlines())
        assert len(text) < 20_000
        assert "FALSE" in text
    rows = table.as_markdown().split("\n\n")[0].splitlines()
    assert len(rows) == 2 + 4
    assert {row.count("|") for row in rows} == {rows[0].count("|")}
    assert not re.search(r"<(?!br>)", table.as_markdown())
    svg = timing_svg(trace, prop)
    ElementTree.fromstring(svg)
    assert "<script" not in svg
    assert cause(trace, prop)
    document = json.loads(json.dumps(to_itf(trace, trace.system.properties)))
    assert from_itf(document, trace.semantics).steps == trace.steps


# --- Systems of other sizes and kinds.


def crowd(size: int, moving: int) -> tuple[Trace, Property]:
    system = System(
        "crowd",
        actions=(anger,),
        properties=(calm_soon,),
        picture=lanes(Party, bars=[bar("angry", "late", lambda p: mood[p] == Mood.angry)]),
        instance=Instance(
            {"Party": tuple(f"p{n}" for n in range(size)), "Place": ("here",)}, {"place_of": {(n,): 0 for n in range(size)}}
        ),
    )
    semantics = Semantics(system)
    return run(semantics, next(semantics.initial()), [*semantics.firings[:moving], Wait(1)]), calm_soon


@pytest.mark.parametrize(
    ("size", "moving", "shown", "folded"),
    [
        (1, 1, 1, ""),
        (4, 1, 4, ""),
        (5, 1, 1, "4 more take no part: p1, p2, p3, p4"),
        (40, 39, 39, "p39 takes no part"),
        (60, 50, 40, "10 more take no part: p50, p51, p52, p53, … p59; 10 more are not shown: p40, p41, p42, p43, … p49"),
    ],
)
def test_idle_lanes_are_folded_where_there_are_many(size: int, moving: int, shown: int, folded: str) -> None:
    trace, prop = crowd(size, moving)
    drawn = chart(trace, prop)
    assert (len(drawn.lanes), drawn.folded) == (shown, folded)
    assert drawn.lanes[drawn.callouts[0].lane].name == "p0"


def test_a_run_that_breaks_nothing_is_drawn_as_a_run() -> None:
    trace, _ = crowd(3, 2)
    drawn = chart(trace, None)
    assert (drawn.verdict, drawn.callouts, any(mark.decisive for mark in drawn.marks)) == ("RUN", (), False)
    nothing = run(trace.semantics, trace.start, [])
    ElementTree.fromstring(timing_svg(nothing, None))


def test_values_are_drawn_by_party_where_the_model_has_no_picture() -> None:
    trace = hostile("ann", "values")
    drawn = chart(trace, all_friends)
    assert [(lane.group, lane.name) for lane in drawn.lanes if not lane.group.count(",")] == [("ann", "mood"), ("ann too", "mood")]
    assert bars(replace(drawn, lanes=drawn.lanes[:1], callouts=()), "mood") == [(0, 1, "calm"), (1, 3, "angry")]
    pointed = drawn.lanes[drawn.callouts[0].lane]
    assert (pointed.group, pointed.name) == ("ann, ann", "friends")


@pytest.mark.parametrize("tell", [timing_svg, lambda t, p: step_table(t, CORE).as_text(), lambda t, p: json.dumps(to_itf(t, CORE))])
def test_the_same_run_gives_the_same_text(tell: Callable[[Trace, Property], str]) -> None:
    first = tell(*found("PauseOverrun"))
    found.cache_clear()
    assert tell(*found("PauseOverrun")) == first
