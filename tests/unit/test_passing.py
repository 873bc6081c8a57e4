"""The nearest run that passes: what a person would do right at the step where a mistake goes wrong."""

import pytest
from runs import LATE, late_watchdog, told

from udproof.counterexamples.instead import parting
from udproof.counterexamples.passing import passing
from udproof.counterexamples.trace import Trace, describe
from udproof.language import Property, System
from udproof.language.mutation import Change, without_deadline, without_guard
from udproof.language.semantics import Semantics
from udproof.properties import CORE
from udproof.protocol.assembly import protocol
from udproof.protocol.events import start
from udproof.protocol.fleet_file import parse_fleet
from udproof.protocol.host import begin

HOST = "web-ud0-a"
TOLD = (("announce", "step-0"), 900, ("start", "web@step-0"))
PAUSED = (*TOLD, ("begin", HOST), ("freeze", HOST))


def right() -> System:
    return protocol(parse_fleet(LATE.format(vms=1, domains=1).replace("25s", "15s"), "early.toml"), CORE)


def wrong(change: Change, *moves: tuple[str, ...] | int) -> Trace:
    return told(Semantics(change(right())), *moves)


def label(act: object, word: str) -> str:
    return next(guard.label for guard in act.guards if word in guard.label)  # type: ignore[attr-defined]


def beside(trace: Trace, name: str) -> list[str] | None:
    prop: Property = trace.system.named(name)
    found = passing(trace, prop, right(), parting(trace, right()))
    if found is None:
        return None
    assert all(found.semantics.breaking(prop, state) is None for state in found.states)
    return [describe(found.semantics, step.move) for step in found.steps]


def test_where_a_deadline_was_missing_the_pause_ends_in_time() -> None:
    trace = wrong(without_deadline("watchdog-fires", "applying-ends"), *PAUSED, ("apply", HOST), 30)
    found = beside(trace, "pause-bounded")
    # Applying may take 5 s and restoring too: the fewest steps to the end of the pause.
    assert found is not None and found[:6] == [
        "announce(step-0)", "wait 900 s", "start(web@step-0)", f"begin({HOST})", f"freeze({HOST})", f"apply({HOST})",
    ]  # fmt: skip
    assert found[6:] == ["wait 5 s", f"restore({HOST})", "wait 5 s", f"resume({HOST})"]


def test_where_a_guard_was_missing_its_condition_is_met_first() -> None:
    trace = wrong(without_guard(start, label(start, "notice")), ("announce", "step-0"), ("start", "web@step-0"), *PAUSED[3:])
    assert beside(trace, "notified-before-freeze") == [
        "announce(step-0)", "wait 900 s", "start(web@step-0)", f"begin({HOST})", f"freeze({HOST})",
    ]  # fmt: skip


def test_the_steps_before_the_mistake_stay_as_they_are() -> None:
    trace = wrong(without_guard(begin, label(begin, "event")), ("announce", "step-0"), 20, ("begin", HOST), ("freeze", HOST))
    found = beside(trace, "notified-before-freeze")
    assert found == ["announce(step-0)", "wait 900 s", "start(web@step-0)", f"begin({HOST})", f"freeze({HOST})"]


def test_without_a_mistake_there_is_nothing_beside() -> None:
    trace, prop = late_watchdog(2)
    assert passing(trace, prop, trace.system, parting(trace, trace.system)) is None


@pytest.mark.parametrize("looks", [0, 1])
def test_the_search_is_bounded(monkeypatch: pytest.MonkeyPatch, looks: int) -> None:
    monkeypatch.setattr("udproof.counterexamples.passing.LOOKS", looks)
    trace = wrong(without_deadline("watchdog-fires", "applying-ends"), *PAUSED, ("apply", HOST), 30)
    assert beside(trace, "pause-bounded") is None
