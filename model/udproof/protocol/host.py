"""The host update: a host restarts in place while the memory of its VMs stays where it is.

    serving -> quiescing -> paused -> applying -> restoring -> updated
                                         |
                                         +-> rollback -> serving      (the watchdog)
    serving -> rebooting -> updated                                   (not eligible for the in-place way)

Each stage takes between its least and its most. The VMs are frozen from `paused` to the end of `restoring` or `rollback`; how
long that is follows from the stages and the watchdog, and from nothing else: the pause limit occurs in no guard and no deadline.

By hand: a pause lasts at most  paused + min(applying, watchdog) + max(restoring, rollback), with the most of each.
"""

from __future__ import annotations

from udproof.language import (
    Bool,
    Clock,
    Deadline,
    Duration,
    Enumeration,
    Fairness,
    Variable,
    action,
    deadline,
    definition,
    each,
    exists,
    forall,
    implies,
    member,
    require,
)
from udproof.language.mutation import overriding, without_deadline, without_guard
from udproof.protocol.events import Status, event
from udproof.protocol.mutant import Mutant
from udproof.protocol.placement import Host, Vm, eligible, event_of, host_of, step_of
from udproof.protocol.vm import Guest, Memory, Run, guest_clock, memory, run
from udproof.protocol.walk import Outcome, Progress, outcome, progress


class Stage(Enumeration):
    """How far a host is with its update."""

    serving = member()  # on the old version
    quiescing = member()
    paused = member()
    applying = member()
    restoring = member()
    rollback = member("rolling back")
    rebooting = member()
    updated = member()  # serving on the new version


TIMED = (Stage.quiescing, Stage.paused, Stage.applying, Stage.restoring, Stage.rollback)
FROZEN = (Stage.paused, Stage.applying, Stage.restoring, Stage.rollback)

stage = Variable("stage", Host, to=Stage, init=Stage.serving)
in_stage = Clock("in_stage", Host, during=lambda h: stage[h].among(*TIMED))
frozen_for = Clock("frozen_for", Host, during=lambda h: stage[h].among(*FROZEN))

quiescing_least, quiescing_most = Duration("quiescing_least"), Duration("quiescing_most")
paused_least, paused_most = Duration("paused_least"), Duration("paused_most")
applying_least, applying_most = Duration("applying_least"), Duration("applying_most")
restoring_least, restoring_most = Duration("restoring_least"), Duration("restoring_most")
rollback_least, rollback_most = Duration("rollback_least"), Duration("rollback_most")
watchdog = Duration("watchdog")

IN_TURN = "its step is open and it has not been through its attempt"
TOLD = "the event of every VM on the host has started"
ALL_ELIGIBLE = "every VM on the host may take the in-place way"
FROZEN_FIRST = "its VMs are paused"
SERVING_FIRST = "the host serves on the old version"
NOT_IN_PLACE = "the VM may not take the in-place way"


@definition
def frozen_on_host(v: Vm) -> Bool:
    """Is the VM's host in a stage in which its VMs are frozen?"""
    return stage[host_of[v]].among(*FROZEN)


@definition
def down_on_host(v: Vm) -> Bool:
    """Is the VM's host in a stage in which its VMs are down? (Further parts know of more reasons.)"""
    return stage[host_of[v]] == Stage.rebooting


@definition
def up_to_date(h: Host) -> Bool:
    """Does the host serve on the new version? (A further part knows of hosts that need it no more.)"""
    return stage[h] == Stage.updated


@definition
def tried(h: Host) -> Bool:
    """Has the host been through its attempt, and said so? (Where that is a message, it may still be under way.)"""
    return outcome[h] != Outcome.pending


@action(by="h", says=lambda h: f"{h} begins its update: devices drain", fairness=Fairness.WEAK)
def begin(h: Host) -> None:
    """A host begins to quiesce, once every VM on it (co-tenants included) has been told and has had its say."""
    require(stage[h] == Stage.serving, SERVING_FIRST)
    require((progress[step_of[h]] == Progress.open) & (outcome[h] == Outcome.pending), IN_TURN)
    require(forall(Vm, lambda v: implies(host_of[v] == h, event[event_of[v]] == Status.started)), TOLD)
    require(forall(Vm, lambda v: implies(host_of[v] == h, eligible[v])), ALL_ELIGIBLE)
    stage[h] = Stage.quiescing


@action(by="h", says=lambda h: f"{h} pauses its VMs", fairness=Fairness.WEAK)
def freeze(h: Host) -> None:
    """The host pauses its VMs; their memory is kept."""
    require(stage[h] == Stage.quiescing, "the host is quiescing")
    require(in_stage[h] >= quiescing_least, "quiescing has taken its least")
    stage[h] = Stage.paused
    in_stage[h] = 0
    for v in each(Vm, lambda v: host_of[v] == h):
        run[v] = Run.paused


@action(by="h", says=lambda h: f"{h} applies the update", fairness=Fairness.WEAK)
def apply(h: Host) -> None:
    """The host restarts in place. Memory of a VM that still ran would be torn."""
    require(stage[h] == Stage.paused, FROZEN_FIRST)
    require(in_stage[h] >= paused_least, "the pause has taken its least")
    stage[h] = Stage.applying
    in_stage[h] = 0
    for v in each(Vm, lambda v: (host_of[v] == h) & (run[v] == Run.running)):
        memory[v] = Memory.torn


@action(by="h", says=lambda h: f"{h} is updated and restores its VMs", fairness=Fairness.WEAK)
def restore(h: Host) -> None:
    """The update is in: the host takes its VMs back."""
    require(stage[h] == Stage.applying, "the host is applying")
    require(in_stage[h] >= applying_least, "applying has taken its least")
    stage[h] = Stage.restoring
    in_stage[h] = 0


@action(by="h", says=lambda h: f"the watchdog of {h} fires: it rolls back", fairness=Fairness.WEAK)
def roll_back(h: Host) -> None:
    """Applying has taken too long: the watchdog brings the old version back."""
    require(stage[h] == Stage.applying, "the host is applying")
    require(in_stage[h] >= watchdog, "the watchdog has run out")
    stage[h] = Stage.rollback
    in_stage[h] = 0


@action(by="h", says=lambda h: f"{h} resumes its VMs on the new version", fairness=Fairness.WEAK)
def resume(h: Host) -> None:
    """The VMs run again, on the updated host, with their clocks late by the pause."""
    require(stage[h] == Stage.restoring, "the host is restoring")
    require(in_stage[h] >= restoring_least, "restoring has taken its least")
    stage[h] = Stage.updated
    outcome[h] = Outcome.updated
    for v in each(Vm, lambda v: (host_of[v] == h) & (run[v] == Run.paused)):
        run[v] = Run.running
        guest_clock[v] = Guest.late


@action(by="h", says=lambda h: f"{h} resumes its VMs on the old version", fairness=Fairness.WEAK)
def resume_old(h: Host) -> None:
    """The rollback is through: the VMs run again on the old version; the update must be announced again."""
    require(stage[h] == Stage.rollback, "the host is rolling back")
    require(in_stage[h] >= rollback_least, "the rollback has taken its least")
    stage[h] = Stage.serving
    outcome[h] = Outcome.failed
    for v in each(Vm, lambda v: (host_of[v] == h) & (run[v] == Run.paused)):
        run[v] = Run.running
        guest_clock[v] = Guest.late


@action(by="v", says=lambda v: f"{host_of[v]} reboots, since {v} may not be updated in place", fairness=Fairness.WEAK)
def reboot(v: Vm) -> None:
    """A host with a VM that is not eligible goes the reboot way: its VMs go down and lose their memory, as announced."""
    h = host_of[v]
    require(stage[h] == Stage.serving, SERVING_FIRST)
    require((progress[step_of[h]] == Progress.open) & (outcome[h] == Outcome.pending), IN_TURN)
    require(~eligible[v], NOT_IN_PLACE)
    require(forall(Vm, lambda w: implies(host_of[w] == h, event[event_of[w]] == Status.started)), TOLD)
    stage[h] = Stage.rebooting
    for w in each(Vm, lambda w: host_of[w] == h):
        run[w] = Run.down
        memory[w] = Memory.restarted


@action(by="h", says=lambda h: f"{h} is back from its reboot", fairness=Fairness.WEAK)
def boot(h: Host) -> None:
    """The reboot is over: the VMs start afresh, with their clocks right."""
    require(stage[h] == Stage.rebooting, "the host is rebooting")
    stage[h] = Stage.updated
    outcome[h] = Outcome.updated
    for v in each(Vm, lambda v: (host_of[v] == h) & (run[v] == Run.down)):
        run[v] = Run.running
        guest_clock[v] = Guest.right


def _at_most(name: str, where: Enumeration, most: Duration) -> Deadline:
    return deadline(name, Host, during=lambda h: stage[h] == where, limit=lambda h: in_stage[h] <= most)


DEADLINES = (
    _at_most("quiescing-ends", Stage.quiescing, quiescing_most),
    _at_most("apply-begins", Stage.paused, paused_most),
    _at_most("applying-ends", Stage.applying, applying_most),
    _at_most("watchdog-fires", Stage.applying, watchdog),
    _at_most("restoring-ends", Stage.restoring, restoring_most),
    _at_most("rollback-ends", Stage.rollback, rollback_most),
)
ACTIONS = (begin, freeze, apply, restore, roll_back, resume, resume_old, reboot, boot)


# --- mistakes


@overriding(begin)
def _when_one_is_told(h: Host) -> None:
    require(exists(Vm, lambda v: (host_of[v] == h) & (event[event_of[v]] == Status.started)), TOLD)


@overriding(apply, says=lambda h: f"{h} applies the update without pausing its VMs")
def _unfrozen(h: Host) -> None:
    require(stage[h].among(Stage.quiescing, Stage.paused), FROZEN_FIRST)


@overriding(roll_back, says=lambda h: f"the watchdog of {h} fires, and it starts over")
def _starting_over(h: Host) -> None:
    stage[h] = Stage.paused


@overriding(reboot, says=lambda v: f"{host_of[v]} reboots, whether or not {v} may be updated in place")
def _whatever_it_may(v: Vm) -> None:
    require(stage[host_of[v]] == Stage.serving, NOT_IN_PLACE)


@overriding(restore, says=lambda h: f"{h} is updated, says so, and restores its VMs")
def _reports_at_once(h: Host) -> None:
    outcome[h] = Outcome.updated


MUTANTS = (
    Mutant(
        "SilentFreeze",
        "a host updates without looking whether the events of its VMs have started",
        "notified-before-freeze",
        without_guard(begin, TOLD),
    ),
    Mutant(
        "CotenantIgnored",
        "a host updates as soon as one of its VMs has been told, whatever its co-tenants were promised",
        "notified-before-freeze",
        _when_one_is_told,
        fleet="two-sets",
    ),
    Mutant(
        "IneligibleInPlace",
        "a host updates in place although one of its VMs may not be updated that way",
        "eligible-only",
        without_guard(begin, ALL_ELIGIBLE),
    ),
    Mutant(
        "RebootedNeedlessly",
        "a host reboots, and its VMs lose their memory, although each of them may be updated in place",
        "eligible-only",
        _whatever_it_may,
    ),
    Mutant(
        "BegunTwice",
        "a host in the middle of its update begins once more, its VMs still paused, and the watch on the pause starts over",
        "vm-follows-host",
        without_guard(begin, SERVING_FIRST),
    ),
    Mutant(
        "ReportedTooSoon",
        "a host reports that it is updated as soon as the update is in, while its VMs are still paused",
        "report-true",
        _reports_at_once,
    ),
    Mutant(
        "PauseOverrun",
        "there is no watchdog: applying takes as long as it takes",
        "pause-bounded",
        without_deadline("watchdog-fires", "applying-ends"),
    ),
    Mutant(
        "RollbackUnbounded",
        "the watchdog fires in time, but nothing bounds the rollback",
        "pause-bounded",
        without_deadline("rollback-ends"),
    ),
    Mutant(
        "WatchdogStartsOver",
        "when the watchdog fires the host tries again at once, with the VMs still paused",
        "pause-bounded",
        _starting_over,
    ),
    Mutant(
        "MemoryTorn",
        "a host applies the update without pausing its VMs first",
        "memory-preserved",
        _unfrozen,
    ),
)
