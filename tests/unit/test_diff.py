"""What two designs do differently: exactly the shortest run that tells them apart, by systems known by heart."""

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from runs import LATE

from udproof.cli.commands import program
from udproof.counterexamples.compare import PAIRS, declared, told_apart
from udproof.counterexamples.trace import Wait, describe
from udproof.language import Bool, Clock, Duration, Instance, Int, System, Variable, action, deadline, invariant, require
from udproof.language.actions import Action
from udproof.language.mutation import without_deadline
from udproof.properties import CORE
from udproof.protocol.assembly import protocol
from udproof.protocol.fleet_file import parse_fleet

count = Variable("count", to=Int.between(0, 5), init=0)
busy = Variable("busy", to=Bool, init=False)
busy_for = Clock("busy_for", during=lambda: busy.value)
patience = Duration("patience")


@action(by="visitor")
def enter() -> None:
    require(count.value < 3, "there is room")
    count.value = count.value + 1


def wider() -> Action:
    @action(by="visitor")
    def enter() -> None:
        require(count.value < 5, "there is much room")
        count.value = count.value + 1

    return enter


@action(by="visitor")
def leave() -> None:
    require(count.value > 0, "somebody is inside")
    count.value = count.value - 1


@action(by="server")
def serve() -> None:
    require(~busy.value, "it is idle")
    busy.value = True


@action(by="server")
def done() -> None:
    require(busy.value, "it is busy")
    busy.value = False


@invariant()
def few() -> Bool:
    """At most three are inside."""
    return count.value <= 3


soon = deadline("soon", during=lambda: busy.value, limit=lambda: busy_for.value <= patience)


def server(seconds: int) -> System:
    return System("server", actions=(serve, done), deadlines=(soon,), instance=Instance(durations={"patience": seconds}))


def test_a_system_is_like_itself() -> None:
    door = System("door", actions=(enter, leave))
    assert told_apart(door, door) == told_apart(door, replace(door, name="other"))
    found = told_apart(door, door)
    assert (found.apart, found.complete, found.pairs) == (None, True, 4)
    assert not list(declared(door, door))


def test_the_shortest_run_is_up_to_where_only_one_has_room() -> None:
    one, other = System("door", actions=(enter, leave)), System("door", actions=(wider(), leave))
    found = told_apart(one, other).apart
    assert found is not None and found.in_second
    assert [describe(found.trace.semantics, step.move) for step in found.trace.steps] == ["enter()"] * 3
    assert (found.step, found.why) == ("enter()", "it requires that there is room")
    assert list(declared(one, other)) == [
        "action enter: conditions: without there is room",
        "action enter: conditions: with there is much room",
    ]
    back = told_apart(other, one).apart
    assert back is not None and not back.in_second and len(back.trace.steps) == 3


def test_a_longer_patience_shows_after_one_wait_however_long() -> None:
    found = told_apart(server(20), server(30)).apart
    assert found is not None and found.in_second
    assert [describe(found.trace.semantics, step.move) for step in found.trace.steps] == ["serve()", "wait 20 s"]
    assert isinstance(found.trace.steps[1].move, Wait)
    assert (found.step, found.why) == ("time passes", "time is held by the deadline soon()")
    assert list(declared(server(20), server(30))) == ["patience: 20 s → 30 s"]


def test_units_of_time_that_differ_are_brought_together() -> None:
    found = told_apart(server(20), server(7)).apart
    assert found is not None and not found.in_second
    assert [describe(found.trace.semantics, step.move) for step in found.trace.steps] == ["serve()", "wait 7 s"]


def test_an_action_that_only_one_has_is_found_at_once() -> None:
    found = told_apart(System("a", actions=(enter,)), System("a", actions=(enter, leave))).apart
    assert found is not None and len(found.trace.steps) == 1
    assert (found.step, found.why) == ("leave()", "there is no such action, or no such element")
    assert list(declared(System("a", actions=(enter,)), System("a", actions=(enter, leave)))) == ["actions: with leave"]


def test_the_search_is_bounded_and_says_so() -> None:
    one, other = System("door", actions=(enter, leave)), System("door", actions=(wider(), leave))
    found = told_apart(one, other, most=2)
    assert (found.apart, found.pairs, found.complete) == (None, 2, False)


def test_without_its_watchdog_a_host_can_wait_longer_and_the_limit_says_when() -> None:
    system = protocol(parse_fleet(LATE.format(vms=1, domains=1), "late.toml"), CORE)
    found = told_apart(system, without_deadline("watchdog-fires")(system), most=PAIRS).apart
    assert found is not None and found.in_second
    assert [describe(found.trace.semantics, step.move) for step in found.trace.steps] == [
        "announce(step-0)",
        "wait 900 s",
        "start(web@step-0)",
        "begin(web-ud0-a)",
        "freeze(web-ud0-a)",
        "apply(web-ud0-a)",
        "wait 25 s",
    ]
    assert found.why == "time is held by the deadline watchdog-fires(web-ud0-a)"


# --- The command.


def test_the_command_tells_verdicts_and_the_run(tmp_path: Path) -> None:
    late, early = tmp_path / "late.toml", tmp_path / "early.toml"
    late.write_text(LATE.format(vms=1, domains=1), encoding="utf-8")
    early.write_text(late.read_text(encoding="utf-8").replace("25s", "15s"), encoding="utf-8")
    result = CliRunner().invoke(program, ["diff", str(late), str(early), "--quiet"])
    assert result.exit_code == 0, result.output
    assert "declared  watchdog: 25 s → 15 s" in result.output
    assert "verdicts  pause-bounded: VIOLATED → PROVED (it holds in all" in result.output
    assert "after 7 steps that both can make, A can do what B cannot." in result.output
    assert "Then time passes is possible in A only; in B time is held by the deadline watchdog-fires(web-ud0-a)." in result.output


@pytest.mark.parametrize("args", [["teaching"], ["teaching", "teaching", "--mutant", "PauseOverrun"]])
def test_the_command_wants_one_thing_to_compare_with(args: list[str]) -> None:
    result = CliRunner().invoke(program, ["diff", *args])
    assert result.exit_code == 2
    assert "give a second file, or a mistake with --mutant, and not both" in result.output
