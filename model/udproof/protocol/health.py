"""Health after an update: a VM may come back ill, the walk may wait for it, and a gate may stop the walk.

After its host's attempt a VM may fall ill, as often as the budget allows: it runs, and does not serve. It gets well again, or not.

What the recovery between two steps means is read in two ways. *Dwell*: the recovery time passes, whatever happens. *Time-out*
(cloud services): the walk waits until every VM of the step is well, and no longer than the recovery time; *then it goes on
anyway*. In neither reading does an ill VM stop the walk, so that two domains may be out of service together: capacity-kept
fails under this fault. The *health gate* (rule W5: a roll-out stops on any warning health signal) makes it hold: nothing is
announced while a VM is ill.

The controller hears of an illness at once; the reading `time-out` has no use for recovery-kept, which is the dwell put as a
property.
"""

from __future__ import annotations

from udproof.language import Bool, Constant, Fairness, Int, Variable, action, bar, exists, forall, implies, require
from udproof.language.mutation import overriding, without_guard
from udproof.protocol.fleet import Recovery
from udproof.protocol.host import Stage, stage
from udproof.protocol.mutant import Mutant
from udproof.protocol.part import Part, adding, assuming, drawing, joining, meaning
from udproof.protocol.placement import AvailabilitySet, Host, Step, Vm, host_of, recovery, step_of
from udproof.protocol.vm import Run, run, serves
from udproof.protocol.walk import (
    RECOVERED,
    Outcome,
    Progress,
    announce,
    finish,
    give_up,
    outcome,
    progress,
    retry,
    since_close,
)

MOST = 3  # the largest budget

ill = Variable("ill", Vm, to=Bool, init=False)
illnesses = Variable("illnesses", to=Int.between(0, MOST), init=0)
illness_budget = Constant("illness_budget", to=Int.between(0, MOST))

SIZE = 2_000  # the most VMs of a fleet
serving_least = Constant(
    "serving_least", AvailabilitySet, to=Int.between(0, SIZE)
)  # N - N/U, rounded up, of a set of N in U domains

GATE = "no VM is ill"


@action(by="v", says=lambda v: f"{v} falls ill after the update")
def fall_ill(v: Vm) -> None:
    """A VM whose host has been through its attempt runs, and does not serve."""
    h = host_of[v]
    require((run[v] == Run.running) & ~ill[v], "the VM runs and is well")
    require(progress[step_of[h]].among(Progress.open, Progress.recovering), "its step is open or recovering")
    require((outcome[h] != Outcome.pending) & stage[h].among(Stage.updated, Stage.serving), "its host has been through its attempt")
    require(illnesses.value < illness_budget.value, "one more may fall ill")
    ill[v] = True
    illnesses.value = illnesses.value + 1


@action(by="v", says=lambda v: f"{v} is well again", fairness=Fairness.NONE)
def get_well(v: Vm) -> None:
    """An ill VM serves again."""
    require((run[v] == Run.running) & ill[v], "the VM runs and is ill")
    ill[v] = False


@joining(announce)
def _gate(d: Step) -> None:
    require(forall(Vm, lambda v: ~ill[v]), GATE)


def _well_or_late(d: Step) -> Bool:
    return (since_close.value >= recovery) | forall(Vm, lambda v: implies(step_of[host_of[v]] == d, ~ill[v]))


def _of_step(d: Step) -> None:
    require(_well_or_late(d), RECOVERED)


def _of_host(h: Host) -> None:
    require(_well_or_late(step_of[h]), RECOVERED)


_TIME_OUT = (joining(finish)(_of_step), joining(retry)(_of_host), joining(give_up)(_of_host))
ACTIONS = (fall_ill, get_well)


def part(falls_ill: bool, gate: bool, reading: Recovery) -> Part:
    """The part, with or without the gate, in either reading of the recovery."""
    illness = (adding(*ACTIONS), meaning(serves, never=_is_ill), drawing(bar("ill", "torn", _is_ill))) if falls_ill else ()
    said = {
        "dwell": "the recovery time passes after each step, whether its VMs are well or not",
        "time-out": "the walk goes on when every VM of a step is well, or when the recovery time is over",
    }[reading]
    return Part("health", (*illness, *((_gate,) if gate else ()), *(_TIME_OUT if reading == "time-out" else ()), assuming(said)))


def _is_ill(v: Vm) -> Bool:
    return ill[v]


# --- mistakes


@overriding(announce)
def _or_late(d: Step) -> None:
    require(forall(Vm, lambda v: ~ill[v]) | (since_close.value >= recovery), GATE)


@overriding(announce)
def _some_are_well(d: Step) -> None:
    require(exists(Vm, lambda v: ~ill[v]), GATE)


MUTANTS = (
    Mutant(
        "GateIgnored",
        "the walk goes on although a VM reports that it is ill",
        "capacity-kept",
        without_guard(announce, GATE),
        fleet="health",
    ),
    Mutant(
        "TimeoutMeansHealthy",
        "after the recovery time a VM counts as well, whatever it reports (cloud services do this)",
        "capacity-kept",
        _or_late,
        fleet="health",
    ),
    Mutant(
        "OneWellIsEnough",
        "the gate opens when some VM is well",
        "capacity-kept",
        _some_are_well,
        fleet="health",
    ),
)
