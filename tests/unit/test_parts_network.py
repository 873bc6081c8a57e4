"""The network and the replicas: the protocol holds under every fault, and each simpler design of a command falls.

The mutants here are the designs that decision 11 rules out. The runs were written by hand and are replayed by the reference
semantics; the search has to find one of the same length.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from tests.systems.results import outcomes, shipped
from tests.systems.story import Story, check_shortest

from udproof.engines.explore import Explore
from udproof.engines.verdict import Limits
from udproof.language import require
from udproof.properties import HEADLINE, of
from udproof.protocol import controller, network
from udproof.protocol.assembly import protocol
from udproof.protocol.fleet import Network
from udproof.protocol.fleet_file import read_fleet
from udproof.protocol.fleets import path_of
from udproof.protocol.mutants import named
from udproof.protocol.part import joining
from udproof.protocol.placement import Host

# Over the network a host is commanded: decided, sent, taken, begun; it reports, and the controller hears of it.
OPENED = "announce step-0; approve web-0 web@step-0; start web@step-0; decide web-ud0-a opening-1; send web-ud0-a opening-1"
ROLLED_BACK = "begin web-ud0-a; freeze web-ud0-a; apply web-ud0-a; wait 5; roll_back web-ud0-a; wait 5; resume_old web-ud0-a"


def next_step(opening: int) -> str:
    return (
        f"announce step-1; approve web-0 web@step-1; start web@step-1; decide web-ud1-a opening-{opening}; "
        f"send web-ud1-a opening-{opening}; take web-ud1-a opening-{opening}"
    )


# Of the first command two copies are under way; one is taken, the host rolls back and reports, and its step ends. The other copy
# then finds the host ready while the next step is open.
DOUBLED = (
    f"{OPENED}; take web-ud0-a opening-1; {ROLLED_BACK.replace('roll_back', 'send web-ud0-a opening-1; roll_back')}; "
    f"hear web-ud0-a opening-1; close step-0; wait 5; %s; {next_step(2)}; begin web-ud1-a; freeze web-ud1-a; "
    "take web-ud0-a opening-1; begin web-ud0-a; freeze web-ud0-a"
)

RUNS = {
    "CommandWithoutNumber": DOUBLED % "retry web-ud0-a",
    "SameNumberTaken": DOUBLED % "retry web-ud0-a",
    "NumberForgotten": DOUBLED % "retry web-ud0-a",
    "ClosedOverSilentHost": f"{OPENED}; close step-0; wait 5; retry web-ud0-a; {next_step(2)}; begin web-ud1-a; freeze web-ud1-a; "
    "take web-ud0-a opening-1; begin web-ud0-a; freeze web-ud0-a",
    "ReportWithoutNumber": f"{OPENED}; take web-ud0-a opening-1; {ROLLED_BACK}; hear web-ud0-a opening-1; close step-0; wait 5; "
    "retry web-ud0-a; announce step-0; synchronise web-0; approve web-0 web@step-0; start web@step-0; decide web-ud0-a opening-2; "
    "send web-ud0-a opening-2; hear web-ud0-a opening-1; close step-0; wait 5; give_up web-ud0-a; "
    f"{next_step(3)}; begin web-ud1-a; freeze web-ud1-a; take web-ud0-a opening-2; begin web-ud0-a; freeze web-ud0-a",
    "SentBeforeDecided": "announce step-0; send web-ud0-a opening-1; take web-ud0-a opening-1; begin web-ud0-a; freeze web-ud0-a",
    "BlindWrite": "wait 5; take_over replica-b; announce step-0; announce step-1; wait 5; start web@step-0; "
    "start web@step-1; decide web-ud0-a opening-2; send web-ud0-a opening-2; take web-ud0-a opening-2; "
    "decide web-ud1-a opening-2; send web-ud1-a opening-2; take web-ud1-a opening-2; begin web-ud0-a; begin web-ud1-a; "
    "freeze web-ud0-a; freeze web-ud1-a",
    "DecisionNotDurable": "announce step-0; wait 5; start web@step-0; decide web-ud0-a opening-1; send web-ud0-a opening-1; "
    f"take_over replica-b; {next_step(2)}; begin web-ud1-a; freeze web-ud1-a; "
    "take web-ud0-a opening-1; begin web-ud0-a; freeze web-ud0-a",
    "CommandWithEpoch": DOUBLED % "give_up web-ud0-a",
}


@pytest.mark.parametrize("name", RUNS)
def test_each_simpler_design_is_ruled_out_by_a_run(name: str) -> None:
    check_shortest(name, RUNS[name])


def test_the_decision_tells_the_lengths_of_these_runs() -> None:
    [record] = (Path(__file__).parents[2] / "docs" / "decisions").glob("*-a-command-carries-the-number-of-its-opening.md")
    rows = re.findall(r"^\|[^|]*\| (\w+) \|[^|]*\| (\d+) \|$", record.read_text(encoding="utf-8"), re.MULTILINE)
    assert {name: int(steps) for name, steps in rows} == {
        name: len(run.split("; ")) for name, run in RUNS.items() if name != "SentBeforeDecided"
    }


def test_every_mistake_in_these_parts_has_its_run() -> None:
    assert {mutant.name for part in (network, controller) for mutant in part.MUTANTS} == set(RUNS)


def test_with_failover_and_one_fault_of_each_kind_everything_holds() -> None:
    fleet = read_fleet(path_of("failover"))
    assert (fleet.network, fleet.controller and fleet.controller.failovers) == (network_of(1), 1)
    system = protocol(fleet, of(fleet))
    result = Explore().verify(system, system.checks, Limits())
    assert set(outcomes(result).values()) == {"proved"}
    faults = ("lose", "duplicate", "hold_up", "take_over", "send_overtaken", "refuse", "take_late")
    assert all(result.fired[fault] for fault in faults)


@joining(network.send)
def _only_once(h: Host, o: network.Opening) -> None:
    require((network.number[o] > network.taken[h]) & ~network.late[h, o], "there is no command of it yet")


@pytest.mark.parametrize(("duplicates", "outcome"), [(0, "proved"), (1, "violated")])
def test_without_repetition_it_takes_a_network_that_doubles(duplicates: int, outcome: str) -> None:
    """The budget decides: a host that takes the same number twice is harmless until there are two commands of that number."""
    fleet = replace(read_fleet(path_of("network")), network=Network(0, duplicates, 1))
    system = named("SameNumberTaken").change(_only_once(protocol(fleet, HEADLINE)))
    found = outcomes(Explore().verify(system, system.properties, Limits()))
    assert found["one-domain-paused"] == outcome


def network_of(budget: int) -> Network:
    return Network(losses=budget, duplicates=budget, reorderings=budget)


def test_faults_that_a_fleet_rules_out_are_not_there() -> None:
    fleet = replace(read_fleet(path_of("network")), network=network_of(0))
    actions = {action.name for action in protocol(fleet, of(fleet)).actions}
    assert actions.isdisjoint({"lose", "duplicate", "hold_up", "take_late"})
    assert {"decide", "send", "take", "refuse", "hear"} <= actions


def test_a_repeated_command_is_refused_and_the_report_is_heard_once() -> None:
    story = Story(shipped("network"))
    for step in f"{OPENED}; take web-ud0-a opening-1".split("; "):
        story.do(*step.split())
    assert story.refused("take", "web-ud0-a", "opening-1")
    story.do("send", "web-ud0-a", "opening-1").do("begin", "web-ud0-a").do("freeze", "web-ud0-a").do("apply", "web-ud0-a").wait(5)
    assert story.refused("close", "step-0") == ["every host of the step has reported its outcome"]
    story.do("roll_back", "web-ud0-a").wait(5).do("resume_old", "web-ud0-a")
    assert story.refused("close", "step-0") == ["every host of the step has reported its outcome"]  # it has not been heard
    story.do("hear", "web-ud0-a", "opening-1").do("close", "step-0")
    assert story.refused("take", "web-ud0-a", "opening-1") == [network.FRESH]
    assert story.do("refuse", "web-ud0-a", "opening-1")["sent", "web-ud0-a", "opening-1"] == 0


def test_an_overtaken_replica_may_send_and_not_decide() -> None:
    story = Story(shipped("failover"))
    for step in OPENED.split("; ")[:4]:
        story.do(*step.split())
    assert story.refused("take_over", "replica-b") == ["the leader's lease is over"]
    story.wait(5).do("take_over", "replica-b")
    assert story["holder",] == "replica-b"
    assert (story["view", "replica-a"], story["view", "replica-b"]) == (1, 1)
    story.do("send_overtaken", "replica-a", "web-ud0-a", "opening-1").do("take", "web-ud0-a", "opening-1")
    assert story.refused("send_overtaken", "replica-b", "web-ud0-a", "opening-1") == ["it was overtaken, and does not know"]
