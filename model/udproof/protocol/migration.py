"""Live migration: the other way for a VM that may not be updated in place.

    on its host -> frozen for the switch-over -> on another host, its clock late
                         |
                         +-> down -> restarted on another host      the migration fails and ends in a reboot (rule E11)

Such a VM leaves its host before the update, under the event that announces it, one VM of a set at a time (rule W11). Its host
may then be updated in place. It may also reboot with the VM on it, as without this part: the documentation leaves the choice
open. A VM that has moved is on a host outside of this fleet.

The switch-over is an impact, and a pause of its own kind: it is bounded by itself (*migration-bounded*) and not by the host's
stages.
"""

from __future__ import annotations

from udproof.language import (
    Bool,
    Clock,
    Constant,
    Duration,
    Fairness,
    Int,
    Variable,
    action,
    bar,
    deadline,
    each,
    forall,
    implies,
    require,
)
from udproof.language.mutation import Change, overriding, without_deadline, without_guard
from udproof.protocol import breakdown
from udproof.protocol.events import Status, event
from udproof.protocol.host import (
    ALL_ELIGIBLE,
    IN_TURN,
    NOT_IN_PLACE,
    Stage,
    apply,
    begin,
    boot,
    down_on_host,
    freeze,
    frozen_on_host,
    reboot,
    stage,
)
from udproof.protocol.mutant import Mutant
from udproof.protocol.part import Part, adding, assuming, drawing, joining, meaning
from udproof.protocol.placement import Host, Step, Vm, eligible, event_of, host_of, pause_limit, set_of, step_of
from udproof.protocol.vm import Guest, Memory, Run, awake, guest_clock, impacted, memory, run, serves
from udproof.protocol.walk import Outcome, Progress, close, outcome, progress

MOST = 2  # the largest budget

switching = Variable("switching", Vm, to=Bool, init=False)  # frozen for its switch-over
moved = Variable("moved", Vm, to=Bool, init=False)
failed_migrations = Variable("failed_migrations", to=Int.between(0, MOST), init=0)
migration_budget = Constant("migration_budget", to=Int.between(0, MOST))

switching_for = Clock("switching_for", Vm, during=lambda v: switching[v])
switch_over_least, switch_over_most = Duration("switch_over_least"), Duration("switch_over_most")

STARTED = "its event has started"
ONE_AT_A_TIME = "no other VM of its set is switching over"
SETTLED = "no VM of the step is on its way"
NOBODY_ON_THE_WAY = "no VM on the host is switching over"


@action(by="v", says=lambda v: f"{v} is frozen to switch over to another host")
def migrate(v: Vm) -> None:
    """A VM that may not be updated in place is frozen, to go on on another host."""
    h = host_of[v]
    require(~eligible[v] & ~moved[v] & ~switching[v], "it may not be updated in place, and has not moved")
    require((run[v] == Run.running) & (stage[h] == Stage.serving), "it runs, and its host serves")
    require((progress[step_of[h]] == Progress.open) & (outcome[h] == Outcome.pending), IN_TURN)
    require(event[event_of[v]] == Status.started, STARTED)
    require(forall(Vm, lambda w: implies(set_of[w] == set_of[v], ~switching[w])), ONE_AT_A_TIME)
    switching[v] = True


@action(by="v", says=lambda v: f"{v} goes on on another host, its clock late by the switch-over", fairness=Fairness.WEAK)
def arrive(v: Vm) -> None:
    """The switch-over is through."""
    require(switching[v], "it is switching over")
    require(switching_for[v] >= switch_over_least, "the switch-over has taken its least")
    switching[v] = False
    moved[v] = True
    guest_clock[v] = Guest.late


@action(by="v", says=lambda v: f"the migration of {v} fails, and it reboots")
def fail_to_migrate(v: Vm) -> None:
    """A migration fails: the VM loses its memory and restarts on another host."""
    require(switching[v], "it is switching over")
    require(failed_migrations.value < migration_budget.value, "one more migration may fail")
    failed_migrations.value = failed_migrations.value + 1
    switching[v] = False
    moved[v] = True
    run[v] = Run.down
    memory[v] = Memory.restarted


@action(by="v", says=lambda v: f"{v} is back, on another host", fairness=Fairness.WEAK)
def come_back(v: Vm) -> None:
    """A VM whose migration has failed runs again, with its clock right."""
    require(moved[v] & (run[v] == Run.down), "it has moved, and is down")
    run[v] = Run.running
    guest_clock[v] = Guest.right


@joining(begin)
def _or_gone(h: Host) -> None:
    require(forall(Vm, lambda v: implies(host_of[v] == h, eligible[v] | moved[v])), ALL_ELIGIBLE)


@joining(freeze)
def _who_is_there(h: Host) -> None:
    for v in each(Vm, lambda v: (host_of[v] == h) & ~moved[v]):
        run[v] = Run.paused


@joining(apply)
def _who_runs_there(h: Host) -> None:
    for v in each(Vm, lambda v: (host_of[v] == h) & ~moved[v] & (run[v] == Run.running)):
        memory[v] = Memory.torn


@joining(reboot)
def _with_those_there(v: Vm) -> None:
    require(~eligible[v] & ~moved[v], NOT_IN_PLACE)
    require(forall(Vm, lambda w: implies(host_of[w] == host_of[v], ~switching[w])), NOBODY_ON_THE_WAY)
    for w in each(Vm, lambda w: (host_of[w] == host_of[v]) & ~moved[w]):
        run[w] = Run.down
        memory[w] = Memory.restarted


@joining(boot)
def _those_there(h: Host) -> None:
    for v in each(Vm, lambda v: (host_of[v] == h) & ~moved[v] & (run[v] == Run.down)):
        run[v] = Run.running
        guest_clock[v] = Guest.right


@joining(close)
def _settled(d: Step) -> None:
    require(forall(Vm, lambda v: implies(step_of[host_of[v]] == d, ~switching[v] & ~(moved[v] & (run[v] == Run.down)))), SETTLED)


def _without_those_gone(h: Host) -> None:
    for v in each(Vm, lambda v: (host_of[v] == h) & ~moved[v]):
        run[v] = Run.down
        memory[v] = Memory.restarted
        guest_clock[v] = Guest.right
        switching[v] = False


def _has_moved(v: Vm) -> Bool:
    return moved[v]


def _is_switching(v: Vm) -> Bool:
    return switching[v]


def _is_down_elsewhere(v: Vm) -> Bool:
    return moved[v] & (run[v] == Run.down)


DEADLINES = (deadline("switch-over-ends", Vm, during=lambda v: switching[v], limit=lambda v: switching_for[v] <= switch_over_most),)
ACTIONS = (migrate, arrive, fail_to_migrate, come_back)


def part(fails: bool, hosts_fail: bool, hosts_hang: bool) -> Part:
    """The part; migrations fail if the budget allows it, and a host that fails takes only those down that are on it."""
    actions = ACTIONS if fails else (migrate, arrive)
    told = ["a VM that migrates goes to a host outside of the fleet, and is commanded to at once"]
    if not (hosts_fail or hosts_hang):
        told.append("hosts fail only by taking too long to apply (the watchdog rolls back); no VM is added or removed")
    falls: list[Change] = [joining(breakdown.fail)(_without_those_gone)] if hosts_fail else []
    falls += [joining(breakdown.find_out)(_without_those_gone)] if hosts_hang else []
    return Part(
        "migration",
        (
            adding(*actions, deadlines=DEADLINES),
            *(_or_gone, _who_is_there, _who_runs_there, _with_those_there, _those_there, _settled),
            *falls,
            drawing(bar("switching over", "paused", _is_switching, limit=pause_limit)),
            meaning(breakdown.felled, never=_has_moved),
            meaning(frozen_on_host, never=_has_moved),
            meaning(down_on_host, never=_has_moved),
            meaning(down_on_host, also=_is_down_elsewhere),
            meaning(impacted, also=_is_switching),
            meaning(serves, never=_is_switching),
            meaning(awake, never=_is_switching),
            assuming(*told, instead_of=() if hosts_fail or hosts_hang else (breakdown.QUIET,)),
        ),
    )


# --- mistakes


@overriding(freeze)
def _all_the_same(h: Host) -> None:
    for v in each(Vm, lambda v: host_of[v] == h):
        run[v] = Run.paused


@overriding(reboot)
def _for_one_that_has_left(v: Vm) -> None:
    require(~eligible[v], NOT_IN_PLACE)


MUTANTS = (
    Mutant(
        "MigrationUnbounded",
        "a migration does not converge, and nothing ends the switch-over",
        "migration-bounded",
        without_deadline("switch-over-ends"),
        fleet="migration",
    ),
    Mutant(
        "MigrationsTogether",
        "two VMs of a set switch over at the same time",
        "one-migration-at-a-time",
        without_guard(migrate, ONE_AT_A_TIME),
        fleet="migration",
    ),
    Mutant(
        "MigrationUnannounced",
        "a VM switches over before its event has started",
        "notified-before-freeze",
        without_guard(migrate, STARTED),
        fleet="migration",
    ),
    Mutant(
        "MigrationOutlivesStep",
        "a step is closed while one of its VMs is still on its way",
        "notified-before-freeze",
        without_guard(close, SETTLED),
        fleet="migration",
    ),
    Mutant(
        "MovedVmFrozen",
        "a host pauses a VM that has left it",
        "eligible-only",
        _all_the_same,
        fleet="migration",
    ),
    Mutant(
        "RebootedForNobody",
        "a host reboots for a VM that has left it, and the others lose their memory",
        "rebooted-for-a-reason",
        _for_one_that_has_left,
        fleet="migration",
    ),
    Mutant(
        "RebootedUnderSwitchOver",
        "a host reboots while one of its VMs switches over to another",
        "switches-over-alone",
        without_guard(reboot, NOBODY_ON_THE_WAY),
        fleet="migration",
    ),
)
