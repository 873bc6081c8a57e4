"""Hosts that hang or fail: faults, by budget.

    any stage -> fallen                its VMs go down, lose their memory, and restart elsewhere
    a stage of the update -> hung -> fallen      found out after the detection time, and then taken for failed

A failure is announced by nobody: its event is there at once, Started (the documented short cut absent -> Started), and is
removed when all its VMs run again. It is no impact of the update: one-domain-paused and notified-before-freeze speak of that
alone. The controller hears of it and gives the host up; a host that has fallen is not updated any more in this walk.

A host that hangs does nothing: neither its stage nor its watchdog ends. So a pause lasts up to what it would last otherwise,
and the detection time on top of it; pause-bounded holds under this fault exactly if that sum is under the limit.

A VM that restarts elsewhere leaves this fleet as far as the walk goes. What its agent knows is taken to survive.
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
    deadline,
    definition,
    each,
    forall,
    implies,
    require,
)
from udproof.language.mutation import Change, overriding, without_deadline, without_guard
from udproof.protocol.host import (
    FROZEN,
    Stage,
    apply,
    begin,
    down_on_host,
    freeze,
    reboot,
    restore,
    resume,
    resume_old,
    roll_back,
    stage,
    up_to_date,
)
from udproof.protocol.mutant import Mutant
from udproof.protocol.part import Part, adding, assuming, joining, meaning, suspending
from udproof.protocol.placement import Host, Vm, host_of, step_of
from udproof.protocol.vm import Guest, Memory, Run, guest_clock, impacted, memory, run
from udproof.protocol.walk import Outcome, Progress, outcome, progress

MOST = 2  # the largest budget

fallen = Variable("fallen", Host, to=Bool, init=False)
failure_event = Variable("failure_event", Host, to=Bool, init=False)  # is there a started event about the failure?
host_failures = Variable("host_failures", to=Int.between(0, MOST), init=0)
host_failure_budget = Constant("host_failure_budget", to=Int.between(0, MOST))

hung = Variable("hung", Host, to=Bool, init=False)
hangs = Variable("hangs", to=Int.between(0, MOST), init=0)
hang_budget = Constant("hang_budget", to=Int.between(0, MOST))
hung_for = Clock("hung_for", Host, during=lambda h: hung[h])
detection = Duration("detection")


@definition
def felled(v: Vm) -> Bool:
    """Is the VM down because its host has failed?"""
    return fallen[host_of[v]] & (run[v] == Run.down)


QUIET = "hosts fail only by taking too long to apply (the watchdog rolls back); no VM is moved, added or removed"
WORKS = "the host does not hang"
HANGS = "the host hangs"
STANDS = "the host has not failed"
ALL_BACK = "all its VMs run again"


def _falls(h: Host) -> None:
    fallen[h] = True
    failure_event[h] = True
    stage[h] = Stage.serving
    for v in each(Vm, lambda v: host_of[v] == h):
        run[v] = Run.down
        memory[v] = Memory.restarted
        guest_clock[v] = Guest.right


@action(by="h", says=lambda h: f"{h} fails: its VMs are down, and an event that has started says so")
def fail(h: Host) -> None:
    """A host fails, at any moment: its VMs lose their memory."""
    require(~fallen[h], STANDS)
    require(host_failures.value < host_failure_budget.value, "one more host may fail")
    host_failures.value = host_failures.value + 1
    _falls(h)


@action(by="h", says=lambda h: f"{h} hangs")
def hang(h: Host) -> None:
    """A host hangs in the middle of its update: nothing on it goes on, the watchdog included."""
    require(stage[h].among(Stage.quiescing, *FROZEN), "the host is in the middle of its update")
    require(~hung[h], WORKS)
    require(hangs.value < hang_budget.value, "one more host may hang")
    hung[h] = True
    hangs.value = hangs.value + 1


@action(by="controller", says=lambda h: f"it is found out that {h} hangs: it is taken for failed", fairness=Fairness.WEAK)
def find_out(h: Host) -> None:
    """A host that hangs is found out: it is switched off, and its VMs restart elsewhere."""
    require(hung[h], HANGS)
    hung[h] = False
    _falls(h)


@action(by="v", says=lambda v: f"{v} restarts on another host", fairness=Fairness.WEAK)
def restart_elsewhere(v: Vm) -> None:
    """A VM of a host that has failed starts afresh on a host that is no part of this walk."""
    require(felled(v), "its host has failed, and it is down")
    run[v] = Run.running


@action(by="controller", says=lambda h: f"the failure event of {h} is removed", fairness=Fairness.WEAK)
def close_failure(h: Host) -> None:
    """The VMs of a failed host run again: the event about the failure leaves the document."""
    require(failure_event[h], "there is an event about its failure")
    require(forall(Vm, lambda v: implies(host_of[v] == h, ~felled(v))), ALL_BACK)
    failure_event[h] = False


@action(by="controller", says=lambda h: f"the controller hears that {h} has failed, and gives it up", fairness=Fairness.WEAK)
def hear_of_failure(h: Host) -> None:
    """The walk does not wait for a host that has failed."""
    require(fallen[h] & (progress[step_of[h]] == Progress.open), "the host has failed, and its step is open")
    require(outcome[h] == Outcome.pending, "its outcome is not known yet")
    outcome[h] = Outcome.failed


@joining(begin)
def _stands(h: Host) -> None:
    require(~fallen[h], STANDS)


@joining(reboot)
def _its_host_stands(v: Vm) -> None:
    require(~fallen[host_of[v]], STANDS)


def _works(h: Host) -> None:
    require(~hung[h], WORKS)


@suspending("quiescing-ends", "apply-begins", "applying-ends", "watchdog-fires", "restoring-ends", "rollback-ends")
def _nothing_goes_on(h: Host) -> Bool:
    return hung[h]


def _is_felled(v: Vm) -> Bool:
    return felled(v)


def _has_fallen(h: Host) -> Bool:
    return fallen[h]


FOUND_OUT = deadline("hang-is-found-out", Host, during=lambda h: hung[h], limit=lambda h: hung_for[h] <= detection)
DEADLINES = (FOUND_OUT,)
_AFTERWARDS = (restart_elsewhere, close_failure, hear_of_failure)
ACTIONS = (fail, hang, find_out, *_AFTERWARDS)


def part(fails: bool, hangs: bool) -> Part:
    """The part, with hosts that fail of themselves, or hang, or both."""
    changes: list[Change] = [_stands, _its_host_stands, meaning(impacted, never=_is_felled)]
    changes += [meaning(down_on_host, also=_is_felled), meaning(up_to_date, also=_has_fallen)]
    if fails:
        changes.append(adding(fail))
    if hangs:
        changes += [adding(hang, find_out, deadlines=DEADLINES), _nothing_goes_on]
        changes += [joining(stopped)(_works) for stopped in (freeze, apply, restore, roll_back, resume, resume_old)]
    changes.append(adding(*_AFTERWARDS))
    told = "a host that has failed stays out of the walk, and its VMs restart on hosts outside of the fleet"
    changes.append(assuming(told, instead_of=(QUIET,)))
    return Part("breakdown", tuple(changes))


# --- mistakes


@overriding(fail)
def _untold(h: Host) -> None:
    failure_event[h] = failure_event[h]


MUTANTS = (
    Mutant(
        "HangUndetected",
        "nobody finds out that a host hangs, and its VMs stay paused",
        "pause-bounded",
        without_deadline(FOUND_OUT.name),
        fleet="breakdown",
    ),
    Mutant(
        "FailureUntold",
        "a host fails, and no event says so",
        "failure-told",
        _untold,
        fleet="breakdown",
    ),
    Mutant(
        "FailureEventTooShort",
        "the event about a failure is removed while a VM is still down",
        "failure-told",
        without_guard(close_failure, ALL_BACK),
        fleet="breakdown",
    ),
    Mutant(
        "WorkingHostSwitchedOff",
        "a host that works is taken for one that hangs, and is switched off under its VMs",
        "only-failed-hosts-fall",
        without_guard(find_out, HANGS),
        fleet="breakdown",
    ),
)
