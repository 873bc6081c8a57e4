"""What the protocol's properties cannot see, and what adding a little memory or a look at the graph of states makes of it.

`survivors.toml` has generated mistakes that no property notices. Some need a clock or a variable that would cost every search:
those are added here, and each mistake is noticed. Some stop time: here the graph is searched for that. Some only take possibilities
away: the states are compared one by one. What is judged "fewer" reaches fewer states and no others, on every reviewed fleet.
"""

from __future__ import annotations

import os
import tempfile
from array import array
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import pytest
from tests.systems.results import lengths, outcomes, shipped

from udproof.engines.checkpoint import Levels
from udproof.engines.explore import Compiled, Explore, _Search
from udproof.engines.limits import Watch
from udproof.engines.machine import Machine
from udproof.engines.packing import MARK
from udproof.engines.verdict import Limits
from udproof.language import Action, Bool, Clock, Int, Property, System, Variable, implies, invariant
from udproof.language.generated import generated
from udproof.language.mutation import Change, both, without_guard
from udproof.language.semantics import Semantics, State
from udproof.properties import recover_after_impact
from udproof.protocol import survivors
from udproof.protocol.events import names
from udproof.protocol.health import ill
from udproof.protocol.host import Stage, boot, restore, stage
from udproof.protocol.jobs import begin_at_once
from udproof.protocol.part import joining
from udproof.protocol.placement import Event, Host, Step, Vm, attempts, event_set, host_of, recovery, set_of, step_of
from udproof.protocol.tenant import approve
from udproof.protocol.vm import impacted
from udproof.protocol.walk import Progress, announce, announcements, finish, progress

NIGHTLY = os.environ.get("UDPROOF_TEST_PROFILE") == "nightly"


right = cache(shipped)  # a mistake is planted in the very system of which it was made


@cache
def mistakes(fleet: str) -> dict[str, Change]:
    return {one.name: one.change for one in generated(right(fleet))}


def broken(fleet: str, mistake: str) -> System:
    return mistakes(fleet)[mistake](right(fleet))


def action_of(fleet: str, name: str) -> Action:
    """An action as it is on a fleet, whatever parts have made of it."""
    return next(action for action in right(fleet).actions if action.name == name)


def breaks(system: System, prop: Property) -> bool:
    """Asked of that property alone; it holds, or a run breaks it."""
    asked = replace(system, properties=(prop,))
    result = Explore().verify(asked, asked.properties, Limits())
    assert outcomes(result)[prop.name] in ("proved", "violated")
    return prop.name in lengths(result)


# --- a clock of its own for the recovery

closed_for = Clock("closed_for", Step, during=lambda d: (announcements[d] >= 1) & (progress[d] != Progress.open))


@invariant(premise=lambda v, d: impacted(v) & (announcements[d] >= 1) & (progress[d] != Progress.open))
def recovery_by_own_clock(v: Vm, d: Step) -> Bool:
    """No VM is impacted before every step that was closed has been closed for the recovery time."""
    return implies(impacted(v) & (announcements[d] >= 1) & (progress[d] != Progress.open), closed_for[d] >= recovery)


@pytest.mark.parametrize("fleet", ["teaching", "two-hosts"])
def test_by_a_clock_that_the_walk_does_not_set_the_recovery_is_kept(fleet: str) -> None:
    assert not breaks(shipped(fleet), recovery_by_own_clock)


def test_such_a_clock_notices_a_walk_that_goes_by_the_time_of_an_earlier_step() -> None:
    system = broken("teaching", "close/drop-update-3")
    assert not lengths(Explore().verify(system, system.checks, Limits()))
    assert breaks(system, recovery_by_own_clock)
    assert breaks(without_guard(finish, "the recovery time has passed")(shipped("teaching")), recovery_by_own_clock)


@invariant
def left_well_or_late(v: Vm, d: Step) -> Bool:
    """A step with an ill VM is done only after its recovery time."""
    left = (step_of[host_of[v]] == d) & (progress[d] == Progress.done)
    return implies(left & ill[v], closed_for[d] >= recovery)


def test_it_notices_a_walk_that_waits_neither_for_its_vms_to_be_well_nor_for_the_recovery_time() -> None:
    assert not breaks(shipped("time-out"), left_well_or_late)
    for name in ("finish/drop-guard-2", "finish/lower-1", "give_up/drop-guard-2", "give_up/lower-1"):
        assert breaks(broken("time-out", name), left_well_or_late)


# --- who approved

strange = Variable("strange", Event, to=Bool, init=False)


@joining(approve)
def remembered(v: Vm, e: Event) -> None:
    strange[e] = event_set[e] != set_of[v]


@invariant
def approved_in_scope(e: Event) -> Bool:
    """An event is approved by a VM of its scope."""
    return ~strange[e]


def test_a_variable_that_remembers_who_approved_notices_the_approval_of_a_stranger() -> None:
    assert not breaks(remembered(shipped("teaching")), approved_in_scope)
    for name in ("approve/drop-guard-1", "approve/negate-guard-1"):
        assert breaks(remembered(broken("teaching", name)), approved_in_scope)


unasked = Variable("unasked", Event, to=Bool, init=False)


@joining(action_of("tenants", "approve"))
def remembered_by_agents(v: Vm, e: Event) -> None:
    unasked[e] = ~names(e, v)


@invariant
def approved_by_one_that_it_names(e: Event) -> Bool:
    """An event is approved by a VM that it names."""
    return ~unasked[e]


def test_it_notices_an_approval_by_a_vm_that_the_event_does_not_name_though_those_that_it_names_are_prepared() -> None:
    assert not breaks(remembered_by_agents(right("tenants")), approved_by_one_that_it_names)
    for name in ("approve/drop-guard-1", "approve/negate-guard-1"):
        assert breaks(remembered_by_agents(broken("tenants", name)), approved_by_one_that_it_names)


def test_an_agent_that_stays_recovered_is_noticed_where_an_event_is_announced_again() -> None:
    assert breaks(broken("metadata", "announce/drop-update-8"), recover_after_impact)


# --- how often a step was announced in the present job

openings = Variable("openings", Step, to=Int.between(0, 6), init=0)


@joining(announce)
def counted(d: Step) -> None:
    openings[d] = openings[d] + 1


@joining(begin_at_once)
def counted_anew(d: Step) -> None:
    openings[d] = 1


@invariant
def opened_no_more_often(d: Step) -> Bool:
    """A step is announced no more often than it may be, by a count that is not the walk's."""
    return openings[d] <= attempts.value


def test_a_count_of_its_own_notices_a_second_job_that_does_not_count_its_first_step() -> None:
    seen = both(counted, counted_anew)
    assert not breaks(seen(shipped("overlapping-jobs")), opened_no_more_often)
    for name in ("begin_at_once/drop-update-3", "begin_at_once/lower-3"):
        assert breaks(seen(broken("overlapping-jobs", name)), opened_no_more_often)


# --- whether the update was applied

installed = Variable("installed", Host, to=Bool, init=False)


@joining(restore)
def now_it_is(h: Host) -> None:
    installed[h] = True


@joining(boot)
def so_it_is(h: Host) -> None:
    installed[h] = True


@invariant
def updated_if_installed(h: Host) -> Bool:
    """The new version is on a host exactly while the host restores its VMs on it, or serves."""
    return installed[h] == stage[h].among(Stage.restoring, Stage.updated)


def test_a_variable_that_remembers_the_version_notices_a_host_that_resumes_out_of_turn() -> None:
    seen = both(now_it_is, so_it_is)
    assert not breaks(seen(shipped("teaching")), updated_if_installed)
    for name in ("resume/drop-guard-1", "resume_old/drop-guard-1"):
        assert breaks(seen(broken("teaching", name)), updated_if_installed)


# --- does time go on?


def held(system: System) -> int:
    """In how many states does a deadline stop time from which no actions lead to a state in which time can pass?"""
    semantics = Semantics(system)
    seen, waiting = set(semantics.initial()), list(semantics.initial())
    before: dict[State, list[State]] = {}
    free: list[State] = []
    while waiting:
        state = waiting.pop()
        successors = [semantics.fire(state, firing) for firing in semantics.each_enabled(state)]
        for after in successors:
            before.setdefault(after, []).append(state)
        if semantics.patience(state) != 0:
            free.append(state)
            successors += _waits(semantics, state)
        for after in successors:
            if after not in seen:
                seen.add(after)
                waiting.append(after)
    going_on = set(free)
    while free:
        for state in before.get(free.pop(), ()):
            if state not in going_on:
                going_on.add(state)
                free.append(state)
    return len(seen - going_on)


def _waits(semantics: Semantics, state: State) -> Iterator[State]:
    """One tick is enough: longer waits are several."""
    later = semantics.wait(state)
    if later is not None:
        yield later


LARGER = ("breakdown", "cancellation", "metadata", "migration", "teaching")
SMALLER = ("lone-vm", "health", "second-job")


@pytest.mark.parametrize("fleet", [*SMALLER, *(LARGER if NIGHTLY else ())])
def test_wherever_a_deadline_stops_time_some_actions_let_it_go_on(fleet: str) -> None:
    """More than time-can-pass says: not only can an action happen, but time can pass after some."""
    assert held(shipped(fleet)) == 0


def test_an_action_that_changes_nothing_satisfies_time_can_pass_and_time_does_not_go_on() -> None:
    system = broken("lone-vm", "synchronise/drop-update-1")
    assert not lengths(Explore().verify(system, system.checks, Limits()))
    assert held(system) > 0


@pytest.mark.skipif(not NIGHTLY, reason="thousands of states in Python")
def test_a_host_that_is_found_out_and_hangs_on_stops_time() -> None:
    system = broken("breakdown", "find_out/drop-update-1")
    assert not lengths(Explore().verify(system, system.checks, Limits()))
    assert held(system) > 0


# --- fewer states


def states(system: System) -> tuple[object, set[bytes]]:
    """The layout of packed states, and every reachable one up to interchangeable elements, as the search has stored them."""
    watch = Watch(Limits(), None)
    code = Compiled(system, (system.named("memory-preserved"),), True)
    with tempfile.TemporaryFile(buffering=0) as file, Machine(code.model, 1, watch.room) as machine:
        levels = Levels(file, 8 * code.model.words, checked=False)
        search = _Search(code, watch, machine, levels, None)
        search.explore()
        words = array("Q", b"".join(piece for level in range(search.depth + 1) for piece in levels.read(level)))
    for last in range(code.model.words - 1, len(words), code.model.words):
        words[last] &= ~MARK  # how the search came there is no part of the state
    whole, size = words.tobytes(), 8 * code.model.words
    slots = [(slot.symbol.name, slot.args) for slot in code.semantics.layout.slots]
    shape = (slots, [code.semantics.span(place) for place in range(len(slots))])
    return shape, {whole[at : at + size] for at in range(0, len(whole), size)}


@pytest.mark.parametrize("fleet", survivors.reviewed() if NIGHTLY else ["teaching", "second-job"])
def test_what_is_judged_to_take_possibilities_away_reaches_no_other_states_and_nothing_else_does(fleet: str) -> None:
    """Fewer states, and no other ones; of the others, some may reach the same."""
    shape, all_of_them = states(right(fleet))
    _, judged = survivors.reviewed()[fleet]
    for name, judgement in judged.items():
        if fleet != "teaching" or judgement.verdict == "fewer":
            other, reached = states(broken(fleet, name))
            assert (other == shape and reached < all_of_them) == (judgement.verdict == "fewer"), name


def test_others_are_not_said_to_take_possibilities_away() -> None:
    _, all_of_them = states(right("teaching"))
    _, reached = states(broken("teaching", "retry/drop-guard-3"))
    assert reached - all_of_them
