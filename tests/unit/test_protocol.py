"""Facts of the protocol, by hand: the life of an event, the walk, the host update, retries, and how long a pause is."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from tests.systems import search
from tests.systems.results import outcomes
from tests.systems.story import Story, fleet, sort_named

from udproof.engines.explore import Explore
from udproof.engines.verdict import Limits
from udproof.language import ModelError
from udproof.language.semantics import Firing, Semantics
from udproof.properties import CORE
from udproof.protocol import events, host, vm, walk
from udproof.protocol.assembly import protocol
from udproof.protocol.fleet import Span, Timing
from udproof.protocol.fleet_file import read_fleet
from udproof.protocol.fleets import path_of

ONE = fleet([("a", "s")], [("v", "a", "web", 0, True)])
TWO_STEPS = fleet([("a", "s"), ("b", "t")], [("v", "a", "web", 0, True), ("w", "b", "web", 1, True)])
SHARED = fleet([("a", "s")], [("v", "a", "web", 0, True), ("w", "a", "db", 0, True)])
MIXED = fleet([("a", "s")], [("v", "a", "web", 0, True), ("w", "a", "web", 0, False)])


# --- the life of an event


def test_the_life_of_an_event() -> None:
    story = Story(ONE)
    event = ("event", "web@s")
    assert story[event] == "absent"
    story.do("announce", "s")
    assert story[event] == "scheduled"
    assert story["event_id", "web@s"] == 1
    assert story.refused("start", "web@s") == [events.CONSENT]
    story.wait(15)
    assert story.refused("start", "web@s") == [events.CONSENT]
    story.wait(5).do("start", "web@s")
    assert story[event] == "started"
    story.do("begin", "a").do("freeze", "a").do("apply", "a").wait(5).do("restore", "a").wait(5).do("resume", "a")
    assert story[event] == "started"  # until the controller closes the step
    story.do("close", "s")
    assert story[event] == "absent"
    assert story["retired_id", "web@s"] == 1


def test_an_approval_frees_the_event_at_once_and_cannot_be_given_twice() -> None:
    story = Story(ONE).do("announce", "s").do("approve", "v", "web@s")
    assert story.refused("approve", "v", "web@s") == ["the event is scheduled and not approved yet"]
    assert story.do("start", "web@s")["event", "web@s"] == "started"


def test_any_vm_of_the_scope_may_approve_and_no_other() -> None:
    hosts = [("a", "s"), ("b", "t")]
    story = Story(fleet(hosts, [("v", "a", "web", 0, True), ("w", "b", "web", 1, True), ("x", "a", "db", 0, True)]))
    story.do("announce", "s")
    assert story.refused("approve", "x", "web@s") == ["the event is of the VM's scope"]
    assert story.refused("approve", "w", "web@s") == []
    assert story.refused("approve", "w", "db@s") == ["the event is of the VM's scope"]


def test_a_vm_that_stands_alone_is_a_scope_of_its_own() -> None:
    story = Story(fleet([("a", "s")], [("v", "a", None, 0, True), ("w", "a", None, 0, True)])).do("announce", "s")
    assert "approve v v (alone)@s" in story.can()
    assert "approve v w (alone)@s" not in story.can()


def test_nobody_approves_where_the_fleet_says_so() -> None:
    system = protocol(replace(ONE, approval="nobody"), CORE)
    assert "approve" not in {act.name for act in system.actions}
    assert "nobody approves an event early" in system.assumptions


# --- the walk


def test_the_order_of_the_walk_is_arbitrary() -> None:
    assert {"announce s", "announce t"} <= Story(TWO_STEPS).can()
    for first, second, host_, event in (("s", "t", "a", "web@s"), ("t", "s", "b", "web@t")):
        story = Story(TWO_STEPS).do("announce", first)
        assert story.refused("announce", second) == [walk.NOTHING_ELSE_OPEN]
        story.do("approve", "v", event).do("start", event).do("begin", host_).do("freeze", host_).do("apply", host_)
        story.wait(5).do("restore", host_).wait(5).do("resume", host_)
        assert story.refused("announce", second) == [walk.NOTHING_ELSE_OPEN]
        story.do("close", first)
        assert story.refused("announce", second) == [walk.NOTHING_ELSE_OPEN]
        assert story.refused("finish", first) == [walk.RECOVERED]
        story.do("synchronise", "v" if host_ == "a" else "w").wait(25)
        assert story.refused("finish", first) == [walk.RECOVERED]
        story.wait(5).do("finish", first).do("announce", second)
        assert story["progress", first] == "done"


def test_a_step_is_not_closed_before_all_hosts_report() -> None:
    story = Story(fleet([("a", "s"), ("b", "s")], [("v", "a", "web", 0, True), ("w", "b", "web", 0, True)]))
    story.do("announce", "s").do("approve", "v", "web@s").do("start", "web@s")
    for host_ in ("a", "b"):
        assert story.refused("close", "s") == [walk.ALL_TRIED]
        story.do("begin", host_).do("freeze", host_).do("apply", host_).wait(5).do("restore", host_).wait(5).do("resume", host_)
        story.do("synchronise", "v" if host_ == "a" else "w")
    assert story.refused("close", "s") == []


# --- the host update


def test_two_events_on_a_shared_host_must_both_have_started() -> None:
    story = Story(SHARED).do("announce", "s").do("approve", "v", "web@s").do("start", "web@s")
    assert story.refused("begin", "a") == [host.TOLD]
    story.do("approve", "w", "db@s")
    assert story.refused("begin", "a") == [host.TOLD]
    story.do("start", "db@s")
    assert story.refused("begin", "a") == []


def test_vms_run_while_devices_drain_and_are_paused_together() -> None:
    story = Story(SHARED).do("announce", "s").wait(20).do("start", "web@s").do("start", "db@s").do("begin", "a").wait(5)
    assert story.held_by() == {"quiescing-ends"}
    assert {story["run", name] for name in ("v", "w")} == {"running"}
    story.do("freeze", "a")
    assert {story["run", name] for name in ("v", "w")} == {"paused"}
    assert story.held_by() == {"apply-begins"}  # the stage "paused" takes no time here
    assert story.refused("restore", "a") == ["the host is applying", "applying has taken its least"]


def test_a_host_with_an_ineligible_vm_goes_the_reboot_way() -> None:
    story = Story(MIXED).do("announce", "s")
    assert story.refused("reboot", "w") == [host.TOLD]
    story.do("approve", "v", "web@s").do("start", "web@s")
    assert story.refused("begin", "a") == [host.ALL_ELIGIBLE]
    assert story.refused("reboot", "v") == ["the VM may not take the in-place way"]
    story.do("reboot", "w")
    assert [(story["run", name], story["memory", name]) for name in ("v", "w")] == [("down", "restarted")] * 2
    story.wait(100).do("boot", "a")  # nothing bounds a reboot
    assert [(story["run", name], story["guest_clock", name]) for name in ("v", "w")] == [("running", "right")] * 2
    assert story["outcome", "a"] == "updated"


def test_memory_is_kept_and_the_guest_clock_is_late_by_the_pause_until_it_is_set() -> None:
    story = Story(ONE).to_freeze("a", "s", "web@s").do("apply", "a").wait(10).do("restore", "a").wait(5)
    assert story.held_by() == {"restoring-ends"}
    assert story["frozen_for", "a"] == 15
    story.do("resume", "a")
    assert (story["memory", "v"], story["guest_clock", "v"], story["late_for", "v"]) == ("kept", "late", 0)
    story.wait(5)
    assert story.held_by() == {"clock-is-set"}
    assert story.do("synchronise", "v")["guest_clock", "v"] == "right"


def test_the_watchdog_cuts_applying_short() -> None:
    story = Story(ONE).to_freeze("a", "s", "web@s").do("apply", "a").wait(10)
    assert story.refused("roll_back", "a") == ["the watchdog has run out"]
    story.wait(5)
    assert story.held_by() == {"watchdog-fires"}
    assert {"roll_back a", "restore a"} <= story.can()  # the update may just have come through


def test_a_host_without_vms_asks_nobody() -> None:
    story = Story(fleet([("a", "s"), ("b", "s")], [("v", "a", "web", 0, True)])).do("announce", "s")
    assert "begin b" in story.can()
    assert story.refused("begin", "a") == [host.TOLD]


# --- rolling back and trying again


def fail(story: Story) -> Story:
    """An attempt that the watchdog ends, and its recovery."""
    story.to_freeze("a", "s", "web@s").do("apply", "a").wait(15).do("roll_back", "a").wait(5).do("resume_old", "a")
    assert (story["stage", "a"], story["outcome", "a"], story["run", "v"]) == ("serving", "failed", "running")
    story.do("synchronise", "v")
    assert story.refused("begin", "a") == [host.IN_TURN]  # not twice in one opening
    story.do("close", "s")
    assert walk.RECOVERED in story.refused("retry", "a")
    return story.wait(30)


def test_a_host_that_rolled_back_is_announced_again_under_a_new_id() -> None:
    story = fail(Story(ONE))
    assert story.refused("finish", "s") == ["every host of the step is new"]
    assert story.refused("give_up", "a") == ["no attempt is left"]
    story.do("retry", "a")
    assert story["progress", "s"] == "waiting"
    story.do("announce", "s")
    assert (story["announcements", "s"], story["event_id", "web@s"], story["outcome", "a"]) == (2, 2, "pending")
    assert story.refused("start", "web@s") == [events.CONSENT]  # the old approval counts no more
    story.wait(20).do("start", "web@s").do("begin", "a").do("freeze", "a").do("apply", "a").wait(5).do("restore", "a").wait(5)
    story.do("resume", "a").do("close", "s").do("synchronise", "v").wait(30).do("finish", "s")
    assert (story["stage", "a"], story["progress", "s"]) == ("updated", "done")


def test_attempts_are_respected() -> None:
    story = fail(Story(ONE)).do("retry", "a")
    fail(story)
    assert story.refused("retry", "a") == ["attempts are left"]
    story.do("give_up", "a")
    assert (story["progress", "s"], story["stage", "a"], story["announcements", "s"]) == ("done", "serving", 2)


def test_one_attempt_means_none_again() -> None:
    story = fail(Story(replace(ONE, attempts=1)))
    assert story.refused("retry", "a") == ["attempts are left"]
    assert story.refused("give_up", "a") == []


def test_only_hosts_that_failed_are_tried_again() -> None:
    story = Story(fleet([("a", "s"), ("b", "s")], [("v", "a", "web", 0, True), ("w", "b", "web", 0, True)]))
    story.do("announce", "s").do("approve", "v", "web@s").do("start", "web@s")
    story.do("begin", "b").do("freeze", "b").do("apply", "b").wait(5).do("restore", "b").wait(5).do("resume", "b").do(
        "synchronise", "w"
    )
    story.do("begin", "a").do("freeze", "a").do("apply", "a").wait(15).do("roll_back", "a").wait(5).do("resume_old", "a")
    story.do("synchronise", "v").do("close", "s").wait(30).do("retry", "a").do("announce", "s")
    assert (story["outcome", "a"], story["outcome", "b"], story["stage", "b"]) == ("pending", "updated", "updated")


# --- fleets that break the axioms


def test_the_placement_rule_is_required() -> None:
    bad = fleet([("a", "s"), ("b", "s")], [("v", "a", "web", 0, True), ("w", "b", "web", 1, True)])
    assert [(first.name, second.name) for first, second in bad.misplaced()] == [("v", "w")]
    with pytest.raises(ModelError, match=r"axiom placement-rule .*share a domain.*v = v, w = w"):
        protocol(bad, CORE)
    unchecked = protocol(replace(bad, check_placement=False), CORE)
    assert "the placement rule is not required of this fleet" in unchecked.assumptions


def test_domains_of_two_sets_have_nothing_to_do_with_each_other() -> None:
    protocol(fleet([("a", "s")], [("v", "a", "web", 0, True), ("w", "a", "db", 1, True)]), CORE)


def test_names_with_an_at_sign_do_not_make_one_event_of_two() -> None:
    """The set a@b on step c and the set a on step b@c would both be told a@b@c."""
    system = protocol(fleet([("h", "c"), ("i", "b@c")], [("v", "h", "a@b", 0, True), ("w", "i", "a", 0, True)]), CORE)
    assert system.elements(sort_named(system, "Event")) == ("a@b@c", "a@b@c'")


def test_events_must_fit_the_placement() -> None:
    system = protocol(TWO_STEPS, CORE)
    crossed = dict(system.instance.constants) | {"event_of": {(0,): 1, (1,): 0}}
    with pytest.raises(ModelError, match="axiom events-fit"):
        system.at(replace(system.instance, constants=crossed))


# --- how long a pause is


def seconds(low: object, high: object) -> Span:
    return Span(Fraction(low), Fraction(high))  # type: ignore[call-overload]


def judged(timing: Timing) -> dict[str, str]:
    result = Explore().verify(system := protocol(replace(ONE, timing=timing), CORE), system.checks, Limits())
    return outcomes(result)


DEFAULT = read_fleet(path_of("default")).timing


def test_the_default_constants_are_the_documented_ones() -> None:
    assert (DEFAULT.notice, DEFAULT.recovery, DEFAULT.pause_limit) == (15 * 60, 30 * 60, 30)


@pytest.mark.parametrize(
    ("limit", "outcome"), [("25", "violated"), ("25.5", "proved"), ("26", "proved"), ("24.5", "violated"), ("30", "proved")]
)
def test_the_longest_pause_on_the_default_constants_is_25_s(limit: str, outcome: str) -> None:
    """0 + min(20, watchdog 15) + max(restoring 5, rollback 10) = 25 s. Notice and recovery are cut, they have no part in it."""
    timing = replace(DEFAULT, pause_limit=Fraction(limit), notice=Fraction(5), recovery=Fraction(5))
    assert judged(timing)["pause-bounded"] == outcome


@pytest.mark.parametrize(("limit", "outcome"), [(25, "violated"), (30, "proved")])
def test_the_same_with_every_default(limit: int, outcome: str) -> None:
    assert judged(replace(DEFAULT, pause_limit=Fraction(limit)))["pause-bounded"] == outcome


def test_the_counterexample_shows_those_25_s() -> None:
    system = protocol(replace(ONE, timing=replace(DEFAULT, pause_limit=Fraction(25))), CORE)
    [verdict] = Explore().verify(system, (system.named("pause-bounded"),), Limits()).verdicts
    assert verdict.trace is not None
    place = verdict.trace.semantics.layout.position[host.frozen_for.symbol, (0,)]
    assert verdict.trace.seconds(verdict.trace.last[place]) == 25
    moves = [step.move.action.name for step in verdict.trace.steps if isinstance(step.move, Firing)]
    assert moves[-4:] == ["begin", "freeze", "apply", "roll_back"]


@pytest.mark.parametrize(
    ("changes", "longest"),
    [
        ({}, 25),
        ({"watchdog": Fraction(30)}, 25),  # applying's 20 comes first, and no rollback
        ({"watchdog": Fraction(20)}, 30),  # at 20 s sharp both may happen
        ({"paused": seconds(0, 2)}, 27),
        ({"rollback": seconds(0, 1)}, 20),  # 15 and restoring's 5
        ({"applying": seconds(16, 20)}, 25),  # restoring cannot come before the watchdog
        ({"applying": seconds(16, 20), "rollback": seconds(0, 1)}, 16),
        ({"applying": seconds(1, 3), "restoring": seconds(0, 1)}, 4),
    ],
)
def test_the_longest_pause_in_other_fleets(changes: dict[str, object], longest: int) -> None:
    timing = replace(DEFAULT, notice=Fraction(0), recovery=Fraction(0), **changes)  # type: ignore[arg-type]
    assert judged(replace(timing, pause_limit=Fraction(longest)))["pause-bounded"] == "violated"
    assert judged(replace(timing, pause_limit=Fraction(longest) + Fraction(1, 2)))["pause-bounded"] == "proved"


# --- everything at once


def test_every_vm_is_updated_or_given_up_in_the_end() -> None:
    """Where nothing can happen but time passing, the walk is through: every step is done."""
    system = protocol(ONE, CORE)
    semantics = Semantics(system)
    ends = [state for state in search(system).states if not semantics.enabled(state) and semantics.wait(state) == state]
    assert ends
    progress = semantics.layout.position[walk.progress.symbol, (0,)]
    done = walk.Progress.sort.members.index("done")
    assert {state[progress] for state in ends} == {done}
    running = semantics.layout.position[vm.run.symbol, (0,)]
    assert {state[running] for state in ends} == {vm.Run.sort.members.index("running")}
