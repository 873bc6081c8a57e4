"""The parts beyond the core: what each fleet is to show, bounds worked out by hand, and how parts are joined and switched off."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from tests.systems.results import outcomes, shipped
from tests.systems.story import Story

from udproof.engines.explore import Explore
from udproof.engines.verdict import Limits
from udproof.language import Action, Bool, ModelError, System, require
from udproof.language.mutation import Change
from udproof.properties import ALL, CORE, OF_PARTS, of
from udproof.protocol import cancellation, health, host, vm, walk
from udproof.protocol.assembly import PARTS, parts_of, protocol
from udproof.protocol.fleet import Approval, Faults, Fleet, Health, Metadata
from udproof.protocol.fleet_file import FleetFileError, parse_fleet, read_fleet
from udproof.protocol.fleets import path_of
from udproof.protocol.part import adding, assuming, joining, meaning, suspending
from udproof.protocol.placement import Host, Step, Vm


def fleet(name: str, **more: object) -> Fleet:
    return replace(read_fleet(path_of(name)), **more)  # type: ignore[arg-type]


def judged(made: Fleet) -> dict[str, str]:
    system = protocol(made, of(made))
    return outcomes(Explore().verify(system, system.checks, Limits()))


def with_notice(name: str, notice: int, **more: object) -> Fleet:
    made = fleet(name, **more)
    return replace(made, timing=replace(made.timing, notice=Fraction(notice)))


# --- switched off


CORE_FLEETS = (
    "bad-placement",
    "default",
    "fault-domains",
    "large",
    "lone-vm",
    "teaching",
    "twenty-domains",
    "two-hosts",
    "two-sets",
)


@pytest.mark.parametrize("name", CORE_FLEETS)
def test_what_is_switched_off_is_not_there(name: str) -> None:
    made = fleet(name)
    assert parts_of(made) == ("walk", "events", "host", "tenant", "vm")
    assert of(made) == CORE
    system = protocol(made, CORE)
    assert len(system.actions) == 5 + 1 + 9 + 1 + 1
    assert len(system.variables) == 13
    assert len(system.clocks) == 5


def test_every_property_of_a_part_belongs_to_some_shipped_fleet() -> None:
    claimed = {prop.name for name in EXPECTED for prop in of(fleet(name))}
    assert claimed == {prop.name for prop in ALL}
    assert len({prop.name for prop in OF_PARTS}) == len(OF_PARTS)


# --- what the fleets show

EXPECTED: dict[str, set[str]] = {
    "tenants": set(),
    "undrained": {"tolerance-respected"},
    "first-approves": {"prepared-before-approved", "tolerance-respected"},
    "cancellation": set(),
    "metadata": set(),
    "health": set(),
    "time-out": {"capacity-kept"},
    "second-job": set(),
    "overlapping-jobs": {"one-domain-paused", "recovery-kept"},
    "breakdown": set(),
    "slow-detection": {"pause-bounded"},
    "migration": set(),
    "network": set(),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_the_fleet_shows_what_it_is_there_for_and_nothing_is_vacuous(name: str) -> None:
    made = fleet(name)
    system = protocol(made, of(made))
    result = Explore().verify(system, system.checks, Limits())
    found = outcomes(result)
    assert {prop for prop, outcome in found.items() if outcome == "violated"} == EXPECTED[name]
    assert set(found.values()) <= {"proved", "violated"}
    assert made.expect == (tuple(name for name in found if name in EXPECTED[name_of(made)]) or "proved")
    never = {action for action, count in result.fired.items() if not count}
    assert never <= {"reboot", "boot", "retry"}  # these fleets have one attempt, or no VM that is not eligible


def name_of(made: Fleet) -> str:
    return made.name


# --- tenants


@pytest.mark.parametrize(("notice", "outcome"), [(5, "violated"), (10, "violated"), (15, "proved")])
def test_an_agent_is_in_time_if_poll_and_preparation_are_less_than_the_notice(notice: int, outcome: str) -> None:
    """5 s to read and 5 s to prepare; at 10 s sharp the event may start first."""
    assert judged(with_notice("tenants", notice))["tolerance-respected"] == outcome


@pytest.mark.parametrize(("failures", "staleness", "needed"), [(0, 0, 10), (1, 5, 20), (2, 0, 20)])
def test_each_failed_read_costs_a_poll_and_a_stale_copy_its_age(failures: int, staleness: int, needed: int) -> None:
    service = Metadata(Fraction(staleness), failures)
    made = fleet("metadata", metadata=service, attempts=1)
    for notice, outcome in ((needed, "violated"), (needed + 5, "proved")):
        assert judged(replace(made, timing=replace(made.timing, notice=Fraction(notice))))["tolerance-respected"] == outcome


@pytest.mark.parametrize(("approval", "outcome"), [("any", "violated"), ("each", "proved"), ("leader", "proved"), ("nobody", None)])
def test_what_a_policy_makes_of_consent(approval: Approval, outcome: str | None) -> None:
    made = fleet("tenants")
    assert made.tenants is not None
    made = replace(made, tenants=replace(made.tenants, approval=approval))
    assert judged(made).get("prepared-before-approved") == outcome
    assert ("approve" in {action.name for action in protocol(made).actions}) == (approval != "nobody")


def test_an_agent_prepares_approves_and_takes_the_load_back() -> None:
    story = Story(shipped("tenants")).do("announce", "step-1")
    assert story["readiness", "web-1"] == "serving"
    assert story.held_by() == set()
    story.wait(5)
    assert story.held_by() == {"agent-reads"}
    story.do("read", "web-1")
    assert (story["known", "web-1"], story["readiness", "web-1"]) == ("scheduled", "preparing")
    assert story.refused("approve", "web-1", "web@step-1") == ["every VM that the event names is prepared for it"]
    story.do("prepare", "web-1").do("approve", "web-1", "web@step-1").do("start", "web@step-1").do("read", "web-1")
    assert story["readiness", "web-1"] == "prepared"
    story.do("begin", "rack-1").do("freeze", "rack-1").do("apply", "rack-1")
    assert story.refused("read", "web-1")
    story.wait(5).do("restore", "rack-1").wait(5).do("resume", "rack-1").do("synchronise", "web-1").do("close", "step-1")
    assert story["readiness", "web-1"] == "prepared"  # it has not read of the removal
    assert story.do("read", "web-1")["readiness", "web-1"] == "recovered"


# --- events and the metadata service


def test_a_step_is_called_off_before_it_starts_and_announced_under_a_new_id() -> None:
    story = Story(shipped("cancellation")).do("announce", "step-0").do("cancel", "step-0")
    assert (story["event", "web@step-0"], story["cancelled", "web@step-0"], story["announcements", "step-0"]) == ("absent", 1, 0)
    story.do("announce", "step-0")
    assert (story["event_id", "web@step-0"], story["cancelled", "web@step-0"]) == (2, 0)
    assert story.refused("cancel", "step-0") == ["one more may be cancelled"]
    story.do("approve", "web-0", "web@step-0").do("start", "web@step-0")
    assert story.refused("suspend", "step-0") == [cancellation.NOTHING_STARTED]


def test_a_suspended_walk_announces_nothing_until_it_goes_on() -> None:
    story = Story(shipped("cancellation")).do("announce", "step-0").do("suspend", "step-0").wait(20)
    assert story.refused("announce", "step-1") == ["the walk is not suspended"]
    assert story.do("go_on", "step-0").refused("announce", "step-1") == []


def test_an_agent_reads_the_copy_and_not_the_truth() -> None:
    story = Story(shipped("metadata")).do("announce", "step-0")
    assert story.refused("read", "web-0") == ["the document differs from what it has read"]
    story.do("refresh", "web-0").do("read", "web-0")
    assert (story["read_incarnation", "web-0"], story["known", "web-0"], story["known", "web-1"]) == (1, "scheduled", "absent")
    story.wait(5)
    assert story.held_by() == {"copy-is-refreshed", "preparation-ends"}


# --- health, hosts, migration


@pytest.mark.parametrize(("reading", "gate", "outcome"), [
    ("dwell", True, "proved"), ("dwell", False, "violated"), ("time-out", True, "proved"), ("time-out", False, "violated"),
])  # fmt: skip
def test_only_the_gate_keeps_the_capacity_when_a_vm_falls_ill(reading: str, gate: bool, outcome: str) -> None:
    made = fleet("health", health=Health(1, gate, reading))  # type: ignore[arg-type]
    found = judged(made)
    assert found["capacity-kept"] == outcome
    assert ("recovery-kept" in found) == (reading == "dwell")


def test_with_nobody_ill_the_capacity_is_kept_in_either_reading() -> None:
    for reading in ("dwell", "time-out"):
        assert judged(fleet("health", health=Health(0, True, reading)))["capacity-kept"] == "proved"  # type: ignore[arg-type]


def test_the_time_out_lets_the_walk_go_on_when_all_are_well() -> None:
    story = Story(shipped("time-out")).do("announce", "step-0").do("approve", "web-0", "web@step-0").do("start", "web@step-0")
    story.do("begin", "web-ud0-a").do("freeze", "web-ud0-a").do("apply", "web-ud0-a").wait(5).do("restore", "web-ud0-a").wait(5)
    story.do("resume", "web-ud0-a").do("synchronise", "web-0").do("close", "step-0")
    assert story.refused("finish", "step-0") == []
    story.do("fall_ill", "web-0")
    assert story.refused("finish", "step-0") == [walk.RECOVERED]
    assert story.wait(10).refused("finish", "step-0") == []


@pytest.mark.parametrize(("detection", "outcome"), [(5, "proved"), (10, "proved"), (15, "violated")])
def test_a_hang_adds_its_detection_to_the_longest_pause(detection: int, outcome: str) -> None:
    """The longest pause without it is min(10, watchdog 10) + max(5, 5) = 15 s; the limit is 30 s."""
    assert judged(fleet("breakdown", faults=Faults(1, Fraction(detection), 0)))["pause-bounded"] == outcome


def test_a_host_that_fails_is_given_up_and_its_vms_restart() -> None:
    story = Story(shipped("breakdown")).do("announce", "step-0").do("fail", "web-ud0-a")
    assert (story["run", "web-0"], story["memory", "web-0"], story["failure_event", "web-ud0-a"]) == ("down", "restarted", 1)
    story.do("approve", "web-1", "web@step-0").do("start", "web@step-0")
    assert story.refused("begin", "web-ud0-a") == ["the host has not failed"]
    assert story.refused("close_failure", "web-ud0-a") == ["all its VMs run again"]
    story.do("restart_elsewhere", "web-0").do("close_failure", "web-ud0-a")
    assert story.refused("close", "step-0") == [walk.ALL_TRIED]
    assert story.do("hear_of_failure", "web-ud0-a").refused("close", "step-0") == []


def test_a_host_that_hangs_does_nothing_until_it_is_found_out() -> None:
    story = Story(shipped("breakdown")).do("announce", "step-0").do("approve", "web-0", "web@step-0").do("start", "web@step-0")
    story.do("begin", "web-ud0-a").do("freeze", "web-ud0-a").do("apply", "web-ud0-a").wait(10)
    assert story.held_by() == {"applying-ends", "watchdog-fires"}
    story.do("hang", "web-ud0-a")
    assert "the host does not hang" in story.refused("roll_back", "web-ud0-a")
    assert story.held_by() == set()
    story.wait(5)
    assert story.held_by() == {"hang-is-found-out"}
    assert story.do("find_out", "web-ud0-a")["run", "web-0"] == "down"


def test_vms_that_may_not_be_updated_in_place_move_one_after_the_other_and_free_their_host() -> None:
    story = Story(shipped("migration")).do("announce", "step-0").do("approve", "gpu-2", "gpu@step-0").do("start", "gpu@step-0")
    assert story.refused("begin", "rack-0") == [host.ALL_ELIGIBLE]
    story.do("migrate", "gpu-0")
    assert story.refused("migrate", "gpu-1") == ["no other VM of its set is switching over"]
    assert story.refused("reboot", "gpu-0") == ["no VM on the host is switching over"]
    story.wait(5)
    assert story.held_by() == {"switch-over-ends"}
    story.do("arrive", "gpu-0")
    assert story["guest_clock", "gpu-0"] == "late"
    story.do("begin", "rack-0").do("freeze", "rack-0")
    assert (story["run", "gpu-0"], story["run", "gpu-2"]) == ("running", "paused")
    story.do("migrate", "gpu-1").do("fail_to_migrate", "gpu-1")
    assert (story["run", "gpu-1"], story["memory", "gpu-1"]) == ("down", "restarted")
    assert story.do("come_back", "gpu-1")["run", "gpu-1"] == "running"


def test_a_second_job_waits_for_the_first_and_updates_every_host_again() -> None:
    story = Story(shipped("second-job"))
    assert story.refused("second_pass") == ["every step of the first job is done"]
    result = Explore().verify(system := shipped("second-job"), system.checks, Limits())
    once = Explore().verify(one := protocol(fleet("second-job", second_job=None), CORE), one.checks, Limits())
    # When it begins everything stands as at the start, but for the ids, the jobs counted and the time since the last step, which is
    # long over: so it goes through as many states as the first.
    assert result.figures.states == 2 * once.figures.states


# --- how parts are joined


@joining(walk.announce)
def _one_more_guard(d: Step) -> None:
    require(walk.announcements[d] == 0, "it is the first time")


@joining(walk.finish, without=(walk.RECOVERED,))
def _no_recovery(d: Step) -> None:
    walk.progress[d] = walk.Progress.done


@joining(host.resume, leaving=(walk.outcome,))
def _reports_nothing(h: Host) -> None:
    host.stage[h] = host.Stage.updated


def labels(system: System, name: str) -> list[str]:
    return [guard.label for guard in action_named(system, name).guards]


def action_named(system: System, name: str) -> Action:
    return next(action for action in system.actions if action.name == name)


def test_a_part_adds_replaces_and_drops() -> None:
    core = shipped("lone-vm")
    joined = _one_more_guard(core)
    assert labels(joined, "announce") == [*labels(core, "announce"), "it is the first time"]
    assert [update.target for update in action_named(joined, "announce").updates] == [
        update.target for update in action_named(core, "announce").updates
    ]
    assert walk.RECOVERED not in labels(_no_recovery(core), "finish")
    targets = {update.target.name for update in action_named(_reports_nothing(core), "resume").updates}
    assert targets == {"stage", "run", "guest_clock"}
    assert assuming("a", instead_of=core.assumptions)(core).assumptions == ("a",)


def test_a_meaning_is_widened_and_narrowed() -> None:
    core = protocol(fleet("lone-vm"), ALL[:1])

    def always(v: Vm) -> Bool:
        return vm.run[v] == vm.run[v]

    for change in (meaning(vm.impacted, also=always), meaning(vm.impacted, never=always)):
        assert change(core).hash != core.hash
    assert meaning(vm.serves, also=always)(core) is core  # nothing here reads it
    none = meaning(vm.impacted, never=always)(core)
    assert outcomes(Explore().verify(none, none.properties, Limits())) == {"one-domain-paused": "vacuous"}


@suspending("no-such-deadline")
def _nothing_there(h: Host) -> Bool:
    return host.stage[h] == host.Stage.serving


@joining(health.fall_ill)
def _of_another_part(v: Vm) -> None:
    health.ill[v] = False


@joining(walk.finish, without=("no such guard",))
def _no_such_guard(d: Step) -> None:
    walk.progress[d] = walk.Progress.done


@joining(walk.finish, leaving=(host.stage,))
def _no_such_update(d: Step) -> None:
    walk.progress[d] = walk.Progress.done


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_nothing_there, "no deadline 'no-such-deadline'"),
        (_of_another_part, "no action 'fall_ill' to join"),
        (_no_such_guard, "finish has no guard labelled 'no such guard'"),
        (_no_such_update, "finish does not update stage"),
        (assuming("a", instead_of=("never said",)), "'never said' is no assumption of lone-vm"),
        (adding(walk.finish), "two actions are called 'finish'"),
    ],
)
def test_a_part_that_does_not_fit_is_refused(change: Change, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        change(shipped("lone-vm"))


def test_the_parts_of_a_fleet_are_named() -> None:
    assert parts_of(fleet("failover")) == ("walk", "events", "host", "tenant", "vm", "network", "controller")
    assert parts_of(fleet("metadata")) == ("walk", "events", "host", "vm", "agent", "metadata")
    assert set(PARTS) >= set(parts_of(fleet("breakdown")))


# --- mistakes in a fleet file


SMALL = 'name = "x"\n[[set]]\nname = "web"\nvms = 2\nupdate_domains = 2\n'
TENANTS = "[tenants]\n"


@pytest.mark.parametrize(
    ("text", "where", "words"),
    [
        (SMALL + "[metadata]\n", "metadata", "means nothing without [tenants]; add a table [tenants], or remove [metadata]"),
        (SMALL + "[controller]\n", "controller", "means nothing without [network]"),
        (SMALL + '[faults]\ndetection = "5s"\n', "faults.detection", "no host hangs here, so that none is found out"),
        (SMALL + "[health]\ngate = false\n", "health.gate", "no VM falls ill here, so that nothing waits for it"),
        (SMALL + "[migration]\n", "migration", "every VM may be updated in place, so that none moves"),
        (SMALL + '[walk]\napproval = "any"\n' + TENANTS, "walk.approval", "it is told twice who approves"),
        (SMALL + TENANTS + 'preparation = { least = "6s", most = "5s" }\n', "tenants.preparation", "least (6 s) is more than most"),
        (SMALL + TENANTS + '[tolerance]\nstreaming = "5s"\n', "tolerance.streaming", 'no VM has the workload "streaming"'),
        (SMALL + 'workload = "streaming"\n' + TENANTS, 'set "web", workload', 'no tolerance for "streaming"'),
        (SMALL + "drains = false\n", 'set "web", drains', "drains means nothing where no agent prepares a VM"),
        (SMALL + '[jobs]\nsecond = "later"\n', "jobs.second", '"later" is none of its values; write "after" or "at-once"'),
        (SMALL + "[network]\nlosses = 3\n", "network.losses", "3 is out of range; write a whole number from 0 to 2"),
        (
            SMALL + '[walk]\nattempts = 3\n[jobs]\nsecond = "after"\n[events]\ncancellations = 1\n',
            "events",
            "one step could be announced 7 times",
        ),
    ],
)
def test_a_mistake_is_told_with_its_place_and_what_would_be_right(text: str, where: str, words: str) -> None:
    with pytest.raises(FleetFileError) as raised:
        parse_fleet(text, "fleet.toml")
    [mistake] = raised.value.mistakes
    assert mistake.where == where
    assert words in f"{mistake.what}; {mistake.right}"
