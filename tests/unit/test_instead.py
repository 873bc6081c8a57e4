"""What a violation leaves to ask: the false part with its values, and where the right model would have gone another way."""

import pytest
from runs import LATE, all_friends, hostile, late_watchdog, told

from udproof.counterexamples.instead import failing, parting
from udproof.language.mutation import without_deadline, without_guard
from udproof.language.semantics import Semantics
from udproof.properties import CORE
from udproof.protocol.assembly import protocol
from udproof.protocol.events import start
from udproof.protocol.fleet_file import parse_fleet


def test_the_false_part_is_told_with_the_values_that_it_reads() -> None:
    found = failing(*late_watchdog(2))
    assert found is not None
    assert found.formula == "paused(web-0) => frozen_for[host_of[web-0]] < pause_limit"
    assert found.values == (
        ("paused(web-0)", "true"),
        ("frozen_for[host_of[web-0]] < pause_limit", "false: the clock reads 30 s, and pause_limit is 30 s"),
        ("host_of[web-0]", "web-ud0-a"),
    )


def test_a_false_part_of_no_implication() -> None:
    found = failing(hostile("ann"), all_friends)
    assert found is not None
    assert found.values == (("friends[ann, ann]", "false"),)


def test_a_property_that_holds_has_no_false_part() -> None:
    trace, prop = late_watchdog(2)
    with pytest.raises(ValueError, match="pause-bounded holds in the last state of this run"):
        failing(told(trace.semantics), prop)


def test_a_wait_that_the_right_model_would_have_ended() -> None:
    right = protocol(parse_fleet(LATE.format(vms=1, domains=1), "late.toml"), CORE)
    wrong = without_deadline("watchdog-fires")(right)
    host = "web-ud0-a"
    moves = (("announce", "step-0"), 900, ("start", "web@step-0"), ("begin", host), ("freeze", host), ("apply", host), 30)
    found = parting(told(Semantics(wrong), *moves), right)
    assert found.sentence == (
        "Without the mistake, step 7 is not possible: after 25 s, time is held by the deadline watchdog-fires(web-ud0-a). "
        "What is legal there: up to 25 s may pass."
    )


def test_an_action_that_the_right_model_would_have_refused() -> None:
    right = protocol(parse_fleet(LATE.format(vms=1, domains=1), "late.toml"), CORE)
    label = next(guard.label for guard in start.guards if "notice" in guard.label)
    found = parting(told(Semantics(without_guard(start, label)(right)), ("announce", "step-0"), ("start", "web@step-0")), right)
    assert (found.step, found.why) == (2, f"start(web@step-0) requires that {label}")
    assert found.instead == ("time may pass",)


def test_a_run_of_the_right_model_never_parts_from_it() -> None:
    trace, _ = late_watchdog(2)
    found = parting(trace, trace.system)
    assert found.step == 0 and "the same steps are possible" in found.sentence
