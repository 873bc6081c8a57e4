"""`udproof.testing`: strategies keep their promises; the state machine blames nobody wrongly and finds what is wrong."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import Callable, Mapping
from fractions import Fraction
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import Phase, assume, given, reject, settings
from hypothesis import strategies as st
from hypothesis.stateful import run_state_machine_as_test
from tests.systems.lock import lock

from udproof.api import Outcome, verify
from udproof.counterexamples.itf import to_itf
from udproof.counterexamples.trace import BadTrace, Trace, Wait, run
from udproof.language import Bool, Clock, ModelError, System, Variable, action, require
from udproof.language.semantics import Semantics
from udproof.properties import of
from udproof.protocol.assembly import protocol
from udproof.protocol.fleet import Fleet
from udproof.protocol.fleet_file import parse_fleet
from udproof.testing import (
    AdapterMistake,
    Departure,
    Refused,
    Tracker,
    VirtualLoop,
    fleet_files,
    fleets,
    machine,
    refused_runs,
    runs,
    systems,
)
from udproof.testing.tracking import Model

NIGHTLY = os.environ.get("UDPROOF_TEST_PROFILE") == "nightly"
FEW = settings(max_examples=1_000 if NIGHTLY else 15)
EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "controller"


# --- strategies


@FEW
@given(fleet_files(parts=True))
def test_a_drawn_fleet_file_is_never_refused(text: str) -> None:
    fleet = parse_fleet(text, "drawn.toml")
    assert protocol(fleet, of(fleet)).missing == ()


@FEW
@given(fleets())
def test_a_drawn_fleet_is_small_and_keeps_the_placement_rule(fleet: Fleet) -> None:
    assert 1 <= len(fleet.vms) <= 7
    assert not fleet.misplaced()


@FEW
@given(st.data())
def test_a_drawn_run_replays(data: st.DataObject) -> None:
    trace = data.draw(runs(lock()))
    assert run(Semantics(lock()), trace.start, [step.move for step in trace.steps]).states == trace.states


@FEW
@given(st.data())
def test_a_refused_run_is_refused_at_its_last_step_and_not_before(data: st.DataObject) -> None:
    refused: Refused = data.draw(refused_runs(lock()))
    with pytest.raises(BadTrace, match=f"^step {len(refused.moves)}: "):
        run(Semantics(lock()), refused.run.start, refused.moves)


# --- virtual time


@pytest.fixture
def loop() -> Any:
    loop = VirtualLoop()
    yield loop
    loop.close()


async def note(told: list[tuple[str, float]], name: str, after: float) -> None:
    await asyncio.sleep(after)
    told.append((name, asyncio.get_running_loop().time()))


def test_time_passes_only_when_it_is_told_to(loop: VirtualLoop) -> None:
    told: list[tuple[str, float]] = []
    tasks = [loop.create_task(note(told, "late", 3600)), loop.create_task(note(told, "soon", 0.5))]
    loop.settle()
    assert (told, loop.time()) == ([], 0)
    loop.advance(0.5)
    assert told == [("soon", 0.5)]
    loop.advance(3600)
    assert (told, loop.time()) == ([("soon", 0.5), ("late", 3600)], 3600.5)
    assert all(task.done() for task in tasks)


def test_a_timer_that_sets_a_timer_is_followed_within_one_wait(loop: VirtualLoop) -> None:
    async def ticking() -> None:
        for _ in range(5):
            await asyncio.sleep(1)
            ticks.append(loop.time())

    ticks: list[float] = []
    task = loop.create_task(ticking())
    loop.advance(3)
    assert ticks == [1, 2, 3]
    assert not task.done()


def test_time_outs_go_by_virtual_time(loop: VirtualLoop) -> None:
    async def patient() -> str:
        try:
            await asyncio.wait_for(asyncio.Event().wait(), 30)
        except TimeoutError:
            return f"gave up at {loop.time():g}"
        return "heard"

    task = loop.create_task(patient())
    loop.advance(29)
    assert not task.done()
    loop.advance(1)
    assert task.result() == "gave up at 30"


def test_a_task_that_asks_for_ever_is_told_of(loop: VirtualLoop, monkeypatch: pytest.MonkeyPatch) -> None:
    async def busy() -> None:
        while True:
            await asyncio.sleep(0)

    monkeypatch.setattr("udproof.testing.loop._ENDLESS", 1_000)
    task = loop.create_task(busy())
    with pytest.raises(RuntimeError, match="still ready"):
        loop.settle()
    task.cancel()
    loop.settle()


def test_closing_cancels_what_still_runs() -> None:
    loop, ended = VirtualLoop(), []

    async def endless() -> None:
        try:
            await asyncio.sleep(10**9)
        finally:
            ended.append(True)

    task = loop.create_task(endless())
    loop.settle()
    loop.close()
    assert ended
    assert task.cancelled()


# --- nobody is blamed who keeps to the model


@st.composite
def situations(draw: st.DrawFn) -> tuple[Trace, list[Any], list[str]]:
    """A run of a random system, the variables that are seen of it, and the actions that are the environment's."""
    system = draw(systems())
    try:
        trace = draw(runs(system, 8))
    except ModelError:  # an integer leaves its range
        reject()
    seen = draw(st.lists(st.sampled_from(range(len(system.variables))), min_size=1, unique=True))
    drives = draw(st.lists(st.sampled_from([action.name for action in system.actions]), unique=True))
    return trace, [system.variables[place] for place in seen], drives


@settings(max_examples=1_000 if NIGHTLY else 30)
@given(situations())
def test_a_run_of_the_model_is_never_blamed(situation: tuple[Trace, list[Any], list[str]]) -> None:
    """Whatever is driven and whatever is seen: a controller that does what some run does fits the model at every look."""
    trace, seen, drives = situation
    system = trace.system
    try:
        tracker = Tracker(Model(system, drives))
        tracker.shows(looked(trace, 0, seen))
        for number, step in enumerate(trace.steps, 1):
            if isinstance(step.move, Wait):
                if tracker.patience(step.move.ticks) < step.move.ticks:
                    return  # in another run that looks the same, somebody else must act first
                tracker.waited(step.move.ticks)
            elif step.move.action.name in tracker.model.drives:
                of = tuple(system.elements(p.sort)[at] for p, at in zip(step.move.action.params, step.move.args, strict=True))
                if (of[0] if len(of) == 1 else of) not in tracker.possible(step.move.action):
                    return  # not in every run that looks the same
                tracker.did(step.move.action, of)
            tracker.shows(looked(trace, number, seen))
    except ModelError:
        assume(False)  # the controller of another run that looks the same leaves a range


def looked(trace: Trace, number: int, seen: list[Any]) -> Mapping[str, object]:
    """What can be seen of a state: some variables."""
    state = to_itf(trace, ())["states"][number]

    def plain(value: Any) -> object:
        return int(value["#bigint"]) if isinstance(value, dict) else value

    def table(pairs: list[Any]) -> object:
        return {tuple(key["#tup"]) if isinstance(key, dict) else key: plain(value) for key, value in pairs}

    return {one.name: table(state[one.name]["#map"]) if one.domain else plain(state[one.name]) for one in seen}


def test_what_happens_between_two_ticks_may_have_happened_at_either() -> None:
    """A worker seen idle at 0 s and busy at 1 s took the lock at 0, or at 1, or between: its clock may stand at 0 or at 1."""
    tracker = Tracker(Model(lock(), ()))
    tracker.shows({"busy": {"worker0": False, "worker1": False}})
    tracker.waited(1)
    tracker.shows({"busy": {"worker0": True, "worker1": False}})
    clock = next(at for at, slot in enumerate(tracker.model.semantics.layout.slots) if slot.symbol.name == "working_for")
    assert {state[clock] for state in tracker.states} == {0, 1}


# --- what is wrong is found


def test_a_deadline_that_passes_is_a_departure() -> None:
    tracker = Tracker(Model(lock(), ("take",)))
    tracker.shows({"taken": False})
    [take] = tracker.model.actions
    assert tracker.possible(take) == ["worker0", "worker1"]
    tracker.did(take, ("worker1",))
    tracker.shows({"taken": True})
    assert tracker.possible(take) == []
    tracker.waited(4)  # it must be given back within 3 s
    with pytest.raises(Departure) as found:
        tracker.shows({"taken": True})
    assert "at step 2, after 4 s" in str(found.value)
    assert "  - taken is false (it shows true)" in str(found.value)
    assert "by the deadline released(worker1)." in str(found.value)


def test_an_early_step_is_a_departure_that_names_the_guard() -> None:
    tracker = Tracker(Model(lock(), ("take",)))
    tracker.shows({"taken": False})
    tracker.did(tracker.model.actions[0], ("worker0",))
    with pytest.raises(Departure, match=r"as if release\(worker0\) had happened, though this does not hold"):
        tracker.shows({"taken": False})


def test_the_test_itself_does_not_wait_for_longer_than_its_own_actions_allow() -> None:
    tracker = Tracker(Model(lock(), ("take", "release")))
    tracker.shows({"taken": False})
    assert tracker.patience(9) == 9
    tracker.did(tracker.model.actions[0], ("worker0",))
    tracker.shows({"taken": True})
    assert tracker.patience(9) == 3  # then it must release


@pytest.mark.parametrize(
    ("observed", "sentence"),
    [
        ({}, "shows nothing"),
        ({"bussy": True}, "shows bussy, which is no variable of the model; it has taken, busy"),
        ({"busy": True}, "it is one for each Worker: give a dict"),
        ({"busy": {"worker7": True}}, "shows busy of worker7"),
        ({"taken": 1}, "shows taken as 1, which is no value of"),
    ],
)
def test_a_mistake_of_the_adapter_is_told(observed: Mapping[str, object], sentence: str) -> None:
    with pytest.raises(AdapterMistake, match=sentence):
        Tracker(Model(lock(), ())).shows(observed)


def test_an_unknown_action_is_told_with_those_there_are() -> None:
    with pytest.raises(AdapterMistake, match="drives names the action tak, which lock does not have; it has take, release"):
        machine(lock(), SimpleNamespace, drives=["tak"])


@pytest.mark.parametrize("longest", [0, Fraction(1, 2)])
def test_a_test_in_which_no_time_could_pass_is_refused(longest: Fraction) -> None:
    with pytest.raises(AdapterMistake, match="less than a tick of lock: 1 s; no time would pass"):
        machine(lock(), SimpleNamespace, drives=["take"], longest_wait=longest)


def test_a_failure_of_the_controller_comes_with_the_steps() -> None:
    def fails(*_: object) -> None:
        raise ConnectionError("the host is gone")

    broken = SimpleNamespace(do=fails, wait=lambda _: None, observe=lambda: {"taken": False}, close=lambda: None)
    made = machine(lock(), lambda: broken, drives=["take"])
    with pytest.raises(ConnectionError) as error:
        run_state_machine_as_test(made, settings=settings(max_examples=20, database=None, phases=[Phase.generate, Phase.shrink]))
    assert "failed after these steps" in "".join(error.value.__notes__)


def test_a_system_that_cannot_be_counted_in_ticks_is_refused() -> None:
    waited = Clock("waited")
    done = Variable("done", to=Bool, init=False)

    @action
    def late() -> None:
        require(waited.value > 1)
        done.value = True

    with pytest.raises(ModelError, match="compares a clock strictly"):
        machine(System("strict", (late,)), SimpleNamespace, drives=[])


# --- the example controller


@pytest.fixture(scope="module")
def example() -> Any:
    """The modules of the example, as a test beside them would import them."""
    before = set(sys.modules)
    sys.path.insert(0, str(EXAMPLE))
    yield SimpleNamespace(**{name: import_module(name) for name in ("controller", "driver", "maintenance", "mistakes")})
    sys.path.remove(str(EXAMPLE))
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(EXAMPLE)):
            del sys.modules[name]


def departure(example: Any, controller: type, steps: int, longest: int) -> tuple[int, str]:
    """How many steps the script of a controller's failure has, and what it says."""
    made = machine(
        example.maintenance.system, lambda: example.driver.Driver(controller), drives=("ask", "finish"), longest_wait=longest
    )
    with pytest.raises(Departure) as found:
        run_state_machine_as_test(
            made,
            settings=settings(max_examples=300, stateful_step_count=steps, derandomize=True, phases=[Phase.generate, Phase.shrink]),
        )
    [number] = re.findall(r"at step (\d+),", str(found.value))
    calls = [line for line in found.value.__notes__ if line.startswith("state.") and "teardown" not in line]
    assert len(calls) == int(number), "Hypothesis tells the same script"
    return len(calls), str(found.value)


MISTAKES: dict[str, tuple[int, int, str]] = {
    "First": (10, 31, "announce(ud0) had happened, though this does not hold: no domain is announced or paused"),
    "StaleClock": (10, 31, "the time-out is over"),
    "LostWakeUp": (8, 12, "time alone had passed, though something had to happen by the deadline announced-soon."),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_each_mistake_is_found_with_a_script_of_at_most_ten_steps(example: Any, name: str) -> None:
    steps, longest, words = MISTAKES[name]
    length, text = departure(example, getattr(example.mistakes, name), steps, longest)
    assert length <= 10
    assert words in text


@pytest.mark.parametrize("which", ["Second", "Third"])
def test_with_one_mistake_mended_the_next_one_is_found(example: Any, which: str) -> None:
    if not NIGHTLY:
        pytest.skip("the mistakes one by one are searched above")
    length, text = departure(example, getattr(example.mistakes, which), 10, 31)
    assert length <= 10
    assert "no domain is announced or paused" not in text


def test_the_mended_controller_keeps_to_the_model(example: Any) -> None:
    wanted = 10_000 if NIGHTLY else 400
    made: Any = machine(example.maintenance.system, example.driver.Driver, drives=("ask", "finish"))
    run_state_machine_as_test(made, settings=settings(max_examples=wanted // 40, stateful_step_count=50, derandomize=not NIGHTLY))
    assert made.steps >= wanted


SCRIPTS: dict[str, list[tuple[str, ...] | int]] = {
    "LostUpdate": [("ask", "ud0"), ("ask", "ud1"), 1],
    "StaleClock": [("ask", "ud0"), ("ask", "ud1"), 10, 31],
    "LostWakeUp": [("ask", "ud0"), 11, ("ask", "ud1"), ("finish", "ud0"), 3],
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_by_hand_tells_each_mistake_from_the_mended_controller(example: Any, name: str) -> None:
    followed(example, example.controller.Controller, SCRIPTS[name])
    with pytest.raises(Departure, match=f"at step {len(SCRIPTS[name])},"):
        followed(example, getattr(example.mistakes, name), SCRIPTS[name])


def followed(example: Any, controller: Callable[..., Any], script: list[tuple[str, ...] | int]) -> None:
    driver, tracker = example.driver.Driver(controller), Tracker(Model(example.maintenance.system, ("ask", "finish")))
    actions = {action.name: action for action in tracker.model.actions}
    try:
        tracker.shows(driver.observe())
        for step in script:
            if isinstance(step, int):
                tracker.waited(step)
                driver.wait(Fraction(step))
            else:
                assert step[1] in tracker.possible(actions[step[0]])
                tracker.did(actions[step[0]], step[1:])
                driver.do(*step)
            tracker.shows(driver.observe())
    finally:
        driver.close()


def test_the_model_of_the_example_is_right(example: Any) -> None:
    result = verify(example.maintenance.system, properties=["one-domain-paused", "pause-bounded"])
    assert [answer.outcome for answer in result] == [Outcome.PROVED] * 2
    assert all(result.fired.values())
